#include "asl/intrinsic_functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/hash.hpp"
#include "base/utf8.hpp"

namespace trainyard::asl {
namespace {

constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// `position` counts from 1.
Rejected no(std::string_view type, int position) {
  return {fmt::format("argument {} is no {}", position, type)};
}

/// A value inside text: strings without quotes, and objects as `{name=value, list=[1, 2]}`, which
/// is how the service shows them.
std::string shown(const json::value& value) {
  if (const auto* text = value.if_string()) return to_std(*text);
  std::string out;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      out += out.empty() ? "" : ", ";
      out += std::string(member.key()) + "=" + shown(member.value());
    }
    return "{" + out + "}";
  }
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) {
      if (&element != array->begin()) out += ", ";
      out += shown(element);
    }
    return "[" + out + "]";
  }
  return dump(value);
}

/// A number of 32 bits; fractions go as `round` says. nullopt for anything else.
std::optional<int64_t> integer(const json::value& value, double (*round)(double)) {
  if (!value.is_number()) return std::nullopt;
  double number = round(value.to_number<double>());
  bool fits = number >= std::numeric_limits<int32_t>::min() &&
              number <= std::numeric_limits<int32_t>::max();
  return fits ? std::optional(static_cast<int64_t>(number)) : std::nullopt;
}

/// The guide says that all functions round; the service does for sums and cuts off elsewhere.
std::optional<int64_t> truncated(const json::value& value) { return integer(value, std::trunc); }

/// Halves go up: -1.5 to -1.
double rounded(double number) { return std::floor(number + 0.5); }

Computed format(const Arguments& arguments, Random&) {
  const json::string* pattern = arguments[0].if_string();
  if (!pattern) return no("string", 1);
  const Rejected kMismatch{"number of arguments do not match the occurrences of {}."};
  std::string text;
  std::size_t next = 1;
  for (std::size_t i = 0; i < pattern->size(); ++i) {
    char c = (*pattern)[i], following = i + 1 < pattern->size() ? (*pattern)[i + 1] : '\0';
    if (c == '\\') {
      if (!is_escapable(following)) return Rejected{"'\\' escapes nothing.", "template"};
      text += following;
      ++i;
    } else if (c == '{') {
      if (following != '}') return Rejected{"matching '}' not found for '{'.", "template"};
      if (next == arguments.size()) return kMismatch;
      text += shown(arguments[next++]);
      ++i;
    } else if (c == '}') {
      return Rejected{"matching '{' not found for '}'.", "template"};
    } else {
      text += c;
    }
  }
  if (next != arguments.size()) return kMismatch;
  return json::value(text);
}

Computed string_to_json(const Arguments& arguments, Random&) {
  const json::string* text = arguments[0].if_string();
  if (!text) return no("string", 1);
  if (text->find_first_not_of(" \t\r\n") == json::string::npos) return json::value(nullptr);
  std::string error;
  auto parsed = parse_json(*text, &error);
  if (!parsed) return Rejected{"argument 1 is no JSON: " + error};
  return std::move(*parsed);
}

Computed json_to_string(const Arguments& arguments, Random&) {
  return json::value(dump(arguments[0]));
}

Computed array(const Arguments& arguments, Random&) {
  return json::value(json::array(arguments.begin(), arguments.end()));
}

Computed array_partition(const Arguments& arguments, Random&) {
  const json::array* items = arguments[0].if_array();
  if (!items) return no("array", 1);
  auto size = truncated(arguments[1]);
  if (!size || *size < 1) return no("positive integer", 2);
  json::array parts;
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (i % static_cast<std::size_t>(*size) == 0) parts.emplace_back(json::array());
    parts.back().get_array().push_back((*items)[i]);
  }
  return json::value(std::move(parts));
}

Computed array_contains(const Arguments& arguments, Random&) {
  const json::array* items = arguments[0].if_array();
  if (!items) return no("array", 1);
  return json::value(std::any_of(items->begin(), items->end(), [&](const json::value& item) {
    return json_equal(item, arguments[1]);
  }));
}

Computed array_range(const Arguments& arguments, Random&) {
  int64_t numbers[3];
  for (int i = 0; i < 3; ++i) {
    auto number = truncated(arguments[static_cast<std::size_t>(i)]);
    if (!number) return no("integer", i + 1);
    numbers[i] = *number;
  }
  auto [first, last, increment] = numbers;
  if (increment == 0) return Rejected{"argument 3 is 0"};
  bool empty = increment > 0 ? first > last : first < last;
  int64_t count = empty ? 0 : (last - first) / increment + 1;
  if (count > kArrayRangeItemsMax) {
    return Rejected{fmt::format("the array would have more than {} items", kArrayRangeItemsMax)};
  }
  json::array items;
  for (int64_t i = 0; i < count; ++i) items.emplace_back(first + i * increment);
  return json::value(std::move(items));
}

Computed array_get_item(const Arguments& arguments, Random&) {
  const json::array* items = arguments[0].if_array();
  if (!items) return no("array", 1);
  auto index = truncated(arguments[1]);
  if (!index) return no("integer", 2);
  if (*index < 0 || *index >= static_cast<int64_t>(items->size())) {
    return Rejected{fmt::format("there is no item {} among {}", *index, items->size())};
  }
  return (*items)[static_cast<std::size_t>(*index)];
}

Computed array_length(const Arguments& arguments, Random&) {
  const json::array* items = arguments[0].if_array();
  if (!items) return no("array", 1);
  return json::value(static_cast<int64_t>(items->size()));
}

/// With 1.0 written as 1, so that values that are equal as numbers are equal.
json::value with_plain_integers(json::value value) {
  constexpr double kExact = 0x1p53;
  if (auto* object = value.if_object()) {
    for (auto& member : *object) member.value() = with_plain_integers(std::move(member.value()));
  } else if (auto* array = value.if_array()) {
    for (auto& element : *array) element = with_plain_integers(std::move(element));
  } else if (auto* real = value.if_double(); real && std::trunc(*real) == *real) {
    if (std::abs(*real) <= kExact) value = static_cast<int64_t>(*real);
  }
  return value;
}

Computed array_unique(const Arguments& arguments, Random&) {
  const json::array* items = arguments[0].if_array();
  if (!items) return no("array", 1);
  std::unordered_set<std::string> seen;
  json::array unique;
  for (const auto& item : *items) {
    if (seen.insert(dump(sorted(with_plain_integers(item)))).second) unique.push_back(item);
  }
  return json::value(std::move(unique));
}

std::optional<Rejected> too_long(std::string_view text) {
  if (count_characters(text) <= kEncodedCharsMax) return std::nullopt;
  return Rejected{fmt::format("argument 1 has more than {} characters", kEncodedCharsMax)};
}

Computed base64_encode(const Arguments& arguments, Random&) {
  const json::string* data = arguments[0].if_string();
  if (!data) return no("string", 1);
  if (auto rejected = too_long(*data)) return std::move(*rejected);
  return json::value(base64(*data));
}

/// As forgiving as the service: what is not of the alphabet is skipped, padding ends the text and
/// may be missing, and the URL-safe letters count.
std::string decode(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c == '=') break;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/') digits += c;
  }
  if (digits.size() % 4 == 1) digits.pop_back();  // six bits are no byte
  digits.append((4 - digits.size() % 4) % 4, '=');
  return unbase64(digits).value_or("");
}

Computed base64_decode(const Arguments& arguments, Random&) {
  const json::string* data = arguments[0].if_string();
  if (!data) return no("string", 1);
  if (auto rejected = too_long(*data)) return std::move(*rejected);
  return json::value(valid_utf8(decode(*data)));
}

Computed hash(const Arguments& arguments, Random&) {
  static constexpr std::pair<std::string_view, Digest> kAlgorithms[] = {
      {"MD5", Digest::md5},
      {"SHA-1", Digest::sha1},
      {"SHA-256", Digest::sha256},
      {"SHA-384", Digest::sha384},
      {"SHA-512", Digest::sha512},
  };
  std::string data = shown(arguments[0]);  // whatever it is: the service hashes numbers as well
  if (auto rejected = too_long(data)) return std::move(*rejected);
  const json::string* name = arguments[1].if_string();
  if (!name) return no("string", 2);
  for (const auto& [algorithm, kind] : kAlgorithms) {
    if (algorithm == std::string_view(*name)) return json::value(hex(digest(kind, data)));
  }
  return Rejected{"argument 2 is none of MD5, SHA-1, SHA-256, SHA-384, SHA-512"};
}

Computed json_merge(const Arguments& arguments, Random&) {
  const json::object *left = arguments[0].if_object(), *right = arguments[1].if_object();
  if (!left || !right) return no("object", left ? 2 : 1);
  if (!arguments[2].is_bool()) return no("boolean", 3);
  if (arguments[2].get_bool()) return Rejected{"argument 3 is true: objects are merged shallowly"};
  json::object merged = *left;
  for (const auto& member : *right) merged[member.key()] = member.value();
  return json::value(std::move(merged));
}

Computed math_random(const Arguments& arguments, Random& random) {
  auto start = truncated(arguments[0]), end = truncated(arguments[1]);
  if (!start || !end) return no("integer", start ? 2 : 1);
  if (*start >= *end) return Rejected{"argument 1 is not smaller than argument 2"};
  auto span = static_cast<uint64_t>(*end - *start);
  if (arguments.size() == 2) return json::value(*start + static_cast<int64_t>(random.below(span)));
  auto seed = truncated(arguments[2]);
  if (!seed) return no("integer", 3);
  SeededRandom seeded(static_cast<uint64_t>(*seed));
  return json::value(*start + static_cast<int64_t>(seeded.below(span)));
}

Computed math_add(const Arguments& arguments, Random&) {
  auto a = integer(arguments[0], rounded), b = integer(arguments[1], rounded);
  if (!a || !b) return no("integer of 32 bits", a ? 2 : 1);
  json::value sum = *a + *b;
  if (!integer(sum, rounded)) return Rejected{"the sum is no integer of 32 bits"};
  return sum;
}

/// Each character of the second argument splits; nothing between two of them is no item.
Computed string_split(const Arguments& arguments, Random&) {
  const json::string *text = arguments[0].if_string(), *splitters = arguments[1].if_string();
  if (!text || !splitters) return no("string", text ? 2 : 1);
  json::array items;
  std::string item;
  auto finish = [&] {
    if (!item.empty()) items.emplace_back(item);
    item.clear();
  };
  for (std::size_t i = 0, end = 0; i < text->size(); i = end) {
    end = i + 1;
    while (end < text->size() && !begins_character((*text)[end])) ++end;
    std::string_view character(text->data() + i, end - i);
    if (splitters->find(character) == json::string::npos) {
      item += character;
    } else {
      finish();
    }
  }
  finish();
  return json::value(std::move(items));
}

Computed uuid(const Arguments&, Random& random) { return json::value(random.uuid()); }

constexpr IntrinsicFunction kFunctions[] = {
    {"States.Format", 1, kAnyNumber, format, true},
    {"States.StringToJson", 1, 1, string_to_json},
    {"States.JsonToString", 1, 1, json_to_string},
    {"States.Array", 0, kAnyNumber, array},
    {"States.ArrayPartition", 2, 2, array_partition},
    {"States.ArrayContains", 2, 2, array_contains},
    {"States.ArrayRange", 3, 3, array_range},
    {"States.ArrayGetItem", 2, 2, array_get_item},
    {"States.ArrayLength", 1, 1, array_length},
    {"States.ArrayUnique", 1, 1, array_unique},
    {"States.Base64Encode", 1, 1, base64_encode},
    {"States.Base64Decode", 1, 1, base64_decode},
    {"States.Hash", 2, 2, hash},
    {"States.JsonMerge", 3, 3, json_merge},
    {"States.MathRandom", 2, 3, math_random},
    {"States.MathAdd", 2, 2, math_add},
    {"States.StringSplit", 2, 2, string_split},
    {"States.UUID", 0, 0, uuid},
};

}  // namespace

const IntrinsicFunction* find_intrinsic(std::string_view name) {
  auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                            [&](const IntrinsicFunction& row) { return row.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

bool is_escapable(char c) { return c == '\'' || c == '{' || c == '}' || c == '\\'; }

}  // namespace trainyard::asl
