#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <map>

namespace trainyard {
namespace {

/// What the character looks like inside of a text; nullptr as itself.
const char* escape_of(unsigned char c) {
  static constexpr const char* kControls[0x20] = {
      "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
      "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f",
      "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
      "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f"};
  if (c < 0x20) return kControls[c];
  return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : nullptr;
}

/// By hand, since Boost's serializer costs a kilobyte of state for each text.
void write_text(std::string_view text, std::string& out) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char* escape = escape_of(static_cast<unsigned char>(text[at]));
    if (!escape) continue;
    out.append(text, written, at - written).append(escape);
    written = at + 1;
  }
  out.append(text, written) += '"';
}

template <class Integer>
void write_integer(Integer number, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
}

/// The shortest text that reads back the same, with its point: Boost writes 1.5 as 1.5E0.
void write_real(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += json::serialize(json::value(number));
    return;
  }
  const std::size_t begin = out.size();
  fmt::format_to(std::back_inserter(out), "{}", number);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

/// Everything but objects and arrays.
void write_scalar(const json::value& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      write_integer(value.get_int64(), out);
      break;
    case json::kind::uint64:
      write_integer(value.get_uint64(), out);
      break;
    case json::kind::double_:
      write_real(value.get_double(), out);
      break;
    case json::kind::string:
      write_text(value.get_string(), out);
      break;
    default:
      out += "null";
  }
}

void write_compact(const json::value& value, std::string& out);

void write_compact(const json::object& object, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& member : object) {
    if (!first) out += ',';
    first = false;
    write_text(member.key(), out);
    out += ':';
    write_compact(member.value(), out);
  }
  out += '}';
}

void write_compact(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    write_compact(*object, out);
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const auto& element : *array) {
      if (&element != array->begin()) out += ',';
      write_compact(element, out);
    }
    out += ']';
  } else {
    write_scalar(value, out);
  }
}

void write_pretty(const json::value& value, int indent, int depth, std::string& out) {
  auto new_line = [&](int levels) { out += '\n', out.append(indent * levels, ' '); };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ',';
      first = false;
      new_line(depth + 1);
      write_text(member.key(), out);
      out += ": ";
      write_pretty(member.value(), indent, depth + 1, out);
    }
    new_line(depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& element : *array) {
      if (!first) out += ',';
      first = false;
      new_line(depth + 1);
      write_pretty(element, indent, depth + 1, out);
    }
    new_line(depth);
    out += ']';
  } else if (value.is_object() || value.is_array()) {
    write_compact(value, out);  // {} and []
  } else {
    write_scalar(value, out);
  }
}

}  // namespace

std::string dump(const json::value& value) {
  std::string out;
  write_compact(value, out);
  return out;
}

std::string dump(const json::object& value) {
  std::string out;
  write_compact(value, out);
  return out;
}

std::string dump_pretty(const json::value& value, int indent) {
  std::string out;
  write_pretty(value, indent, 0, out);
  return out;
}

json::value sorted(const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::map<std::string_view, const json::value*> members;
    for (const auto& member : *object) members[member.key()] = &member.value();
    json::object result;
    for (const auto& [name, member] : members) result[name] = sorted(*member);
    return result;
  }
  if (const auto* array = value.if_array()) {
    json::array result;
    for (const auto& element : *array) result.push_back(sorted(element));
    return result;
  }
  return value;
}

const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

const json::object* find_object(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

const json::array* find_array(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value ? value->if_array() : nullptr;
}

std::optional<std::string> find_string(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return std::nullopt;
  return to_std(value->get_string());
}

std::optional<int64_t> find_integer(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  boost::system::error_code code;
  int64_t number = value->to_number<int64_t>(code);
  if (code) return std::nullopt;
  return number;
}

bool json_equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    return a == b || a.to_number<double>() == b.to_number<double>();
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    const auto &x = a.get_array(), &y = b.get_array();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), json_equal);
  }
  if (a.is_object()) {
    const auto &x = a.get_object(), &y = b.get_object();
    if (x.size() != y.size()) return false;
    return std::all_of(x.begin(), x.end(), [&](const auto& member) {
      const json::value* other = y.if_contains(member.key());
      return other && json_equal(member.value(), *other);
    });
  }
  return a == b;
}

}  // namespace trainyard
