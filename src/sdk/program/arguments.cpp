#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "sdk/program/program.hpp"

namespace trainyard {

Arguments::Arguments(const std::vector<std::string>& arguments,
                     const std::map<std::string, std::string>& hyperparameters)
    : values_(hyperparameters) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    std::size_t dashes = word.rfind("--", 0) == 0 ? 2 : word.rfind("-", 0) == 0 ? 1 : 0;
    if (dashes == 0 || word.size() == dashes) throw SystemError("unexpected argument " + word);
    std::size_t equals = word.find('=');
    if (equals != std::string::npos) {
      values_[word.substr(dashes, equals - dashes)] = word.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      values_[word.substr(dashes)] = arguments[++i];
    } else {
      throw SystemError("argument " + word + " lacks its value");
    }
  }
}

std::string Arguments::text(const std::string& name, std::string otherwise) const {
  auto found = values_.find(name);
  return found == values_.end() ? std::move(otherwise) : found->second;
}

int64_t Arguments::integer(const std::string& name, int64_t otherwise, int64_t min,
                           int64_t max) const {
  auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string& text = found->second;
  int64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    throw SystemError(
        fmt::format("--{}: '{}' is not a whole number from {} to {}", name, text, min, max));
  }
  return value;
}

double Arguments::number(const std::string& name, double otherwise, double min,
                         double max) const {
  auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string& text = found->second;
  double value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < min || value > max) {
    throw SystemError(
        fmt::format("--{}: '{}' is not a number from {} to {}", name, text, min, max));
  }
  return value;
}

void Arguments::allow_only(const std::vector<std::string>& known) const {
  for (const auto& [name, value] : values_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw SystemError("unknown argument --" + name);
    }
  }
}

}  // namespace trainyard
