#include "sdk/encoding.hpp"

#include <ctime>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace trainyard::sdk {
namespace {

void write(const json::value& value, std::string& out) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (out.back() != '{') out += ", ";
      out += ascii_only(dump(json::value(key))) + ": ";
      write(member, out);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& element : *array) {
      if (&element != array->data()) out += ", ";
      write(element, out);
    }
    out += ']';
  } else if (value.is_double()) {
    // The shortest text that reads back the same; Python keeps the point of a whole number.
    const std::string number = fmt::format("{}", value.get_double());
    out += number + (number.find_first_of(".e") == std::string::npos ? ".0" : "");
  } else {
    out += ascii_only(dump(value));
  }
}

}  // namespace

std::string python_json(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

json::object encode_hyperparameters(const json::object& values) {
  json::object texts;
  for (const auto& [name, value] : values) texts[name] = python_json(value);
  return texts;
}

json::object decode_hyperparameters(const json::object& texts) {
  json::object values;
  for (const auto& [name, text] : texts) {
    if (!text.is_string()) continue;
    const auto value = parse_json(to_std(text.get_string()));
    values[name] = value ? *value : text;
  }
  return values;
}

std::string name_with_time(const std::string& base, Time now, std::size_t max) {
  const std::string stamp = fmt::format("{}-{:03d}", format_utc(now, "%Y-%m-%d-%H-%M-%S"),
                                        to_millis(now) % 1000);
  return base.substr(0, max - stamp.size() - 1) + "-" + stamp;
}

std::string local_timestamp(Time now) {
  const std::time_t seconds = to_millis(now) / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &parts);
  return text;
}

std::string join_uri(std::string_view prefix, std::string_view rest) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  return std::string(prefix) + "/" + std::string(rest);
}

}  // namespace trainyard::sdk
