#include "sdk/placeholder.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::sdk {

Placeholder Placeholder::operator[](const std::string& name) const {
  return Placeholder(path_ + "['" + replace_all(replace_all(name, "\\", "\\\\"), "'", "\\'") +
                     "']");
}

Placeholder Placeholder::operator[](int index) const {
  return Placeholder(path_ + "[" + std::to_string(index) + "]");
}

Placeholder Placeholder::dot(const std::string& name) const {
  return Placeholder(path_ + "." + name);
}

Path::Path(std::string text) : text_(std::move(text)) {
  if (!text_.starts_with('$')) {
    throw SystemError("a path begins with $, as in $.name: " + text_);
  }
}

Parameters& Parameters::set(const std::string& name, json::value value) {
  members_[name] = std::move(value);
  return *this;
}

Parameters& Parameters::set(const std::string& name, const char* value) {
  return set(name, json::value(value));
}

Parameters& Parameters::set(const std::string& name, const std::string& value) {
  return set(name, json::value(value));
}

Parameters& Parameters::set(const std::string& name, const Placeholder& value) {
  members_[name + ".$"] = value.path();
  return *this;
}

Parameters& Parameters::set(const std::string& name, const Parameters& value) {
  members_[name] = value.members();
  return *this;
}

Parameters& Parameters::set(const std::string& name, const std::vector<Parameters>& values) {
  json::array list;
  for (const Parameters& value : values) list.push_back(value.members());
  members_[name] = std::move(list);
  return *this;
}

json::value as_written(double number) {
  constexpr double kExact = 0x1p53;  // whole numbers below it are exact
  if (std::abs(number) < kExact && std::trunc(number) == number) {
    return static_cast<int64_t>(number);
  }
  return number;
}

}  // namespace trainyard::sdk
