#include "toolkit/python.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace trainyard::toolkit {
namespace {

constexpr int kIndent = 4;

/// `levels` < 0: compact.
void write_json(const json::value& value, int levels, std::string& out) {
  const bool pretty = levels >= 0;
  auto new_line = [&](int deep) {
    if (pretty) out += '\n', out.append(kIndent * deep, ' ');
  };
  bool first = true;
  auto next = [&] {
    if (!first) out += ',';
    first = false;
    new_line(levels + 1);
  };
  const int below = pretty ? levels + 1 : -1;
  if (const json::object* object = value.if_object(); object && !object->empty()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      next();
      out += ascii_only(dump(json::value(key))) + (pretty ? ": " : ":");
      write_json(member, below, out);
    }
    new_line(levels);
    out += '}';
  } else if (const json::array* array = value.if_array(); array && !array->empty()) {
    out += '[';
    for (const json::value& element : *array) {
      next();
      write_json(element, below, out);
    }
    new_line(levels);
    out += ']';
  } else if (value.is_double()) {
    out += python_float(value.get_double());
  } else {
    out += ascii_only(dump(value));
  }
}

std::string quoted(const std::string& text) {
  const bool single = text.find('\'') == std::string::npos || text.find('"') != std::string::npos;
  const char quote = single ? '\'' : '"';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') {
      out += '\\', out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string repr(const json::value& value) {
  std::string out;
  switch (value.kind()) {
    case json::kind::null: return "None";
    case json::kind::bool_: return value.get_bool() ? "True" : "False";
    case json::kind::double_: return python_float(value.get_double());
    case json::kind::string: return quoted(to_std(value.get_string()));
    case json::kind::array:
      for (const json::value& element : value.get_array()) {
        out += (out.empty() ? "" : ", ") + repr(element);
      }
      return "[" + out + "]";
    case json::kind::object:
      for (const auto& [key, member] : value.get_object()) {
        out += (out.empty() ? "" : ", ") + quoted(std::string(key)) + ": " + repr(member);
      }
      return "{" + out + "}";
    default: return dump(value);
  }
}

}  // namespace

std::string python_json(const json::value& value) {
  std::string out;
  write_json(sorted(value), -1, out);
  return out;
}

std::string python_json_indented(const json::value& value) {
  std::string out;
  write_json(sorted(value), 0, out);
  return out;
}

std::string python_str(const json::value& value) {
  if (value.is_null()) return "";
  return value.is_string() ? to_std(value.get_string()) : repr(value);
}

}  // namespace trainyard::toolkit
