#include "asl/intrinsic_functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
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

/// A value inside text: strings without quotes, all else as JSON.
std::string shown(const json::value& value) {
  if (const auto* text = value.if_string()) return to_std(*text);
  return dump(value);
}

/// A number of 32 bits, rounded to the nearest integer, halves up: -1.5 to -1. nullopt for anything
/// else.
std::optional<int64_t> integer(const json::value& value) {
  if (!value.is_number()) return std::nullopt;
  double number = std::floor(value.to_number<double>() + 0.5);
  bool fits = number >= std::numeric_limits<int32_t>::min() &&
              number <= std::numeric_limits<int32_t>::max();
  return fits ? std::optional(static_cast<int64_t>(number)) : std::nullopt;
}

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
  auto size = integer(arguments[1]);
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
    auto number = integer(arguments[static_cast<std::size_t>(i)]);
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
  auto index = integer(arguments[1]);
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

Computed base64_decode(const Arguments& arguments, Random&) {
  const json::string* data = arguments[0].if_string();
  if (!data) return no("string", 1);
  if (auto rejected = too_long(*data)) return std::move(*rejected);
  auto decoded = unbase64(*data);
  if (!decoded) return no("base64 text", 1);
  return json::value(valid_utf8(*decoded));
}

Computed hash(const Arguments& arguments, Random&) {
  static constexpr std::pair<std::string_view, Digest> kAlgorithms[] = {
      {"MD5", Digest::md5},
      {"SHA-1", Digest::sha1},
      {"SHA-256", Digest::sha256},
      {"SHA-384", Digest::sha384},
      {"SHA-512", Digest::sha512},
  };
  std::string data = shown(arguments[0]);
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
  auto start = integer(arguments[0]), end = integer(arguments[1]);
  if (!start || !end) return no("integer", start ? 2 : 1);
  if (*start >= *end) return Rejected{"argument 1 is not smaller than argument 2"};
  auto span = static_cast<uint64_t>(*end - *start);
  if (arguments.size() == 2) return json::value(*start + static_cast<int64_t>(random.below(span)));
  auto seed = integer(arguments[2]);
  if (!seed) return no("integer", 3);
  SeededRandom seeded(static_cast<uint64_t>(*seed));
  return json::value(*start + static_cast<int64_t>(seeded.below(span)));
}

Computed math_add(const Arguments& arguments, Random&) {
  auto a = integer(arguments[0]), b = integer(arguments[1]);
  if (!a || !b) return no("integer of 32 bits", a ? 2 : 1);
  json::value sum = *a + *b;
  if (!integer(sum)) return Rejected{"the sum is no integer of 32 bits"};
  return sum;
}

/// The character that begins there.
std::string_view character_at(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && !begins_character(text[end])) ++end;
  return text.substr(begin, end - begin);
}

std::set<std::string_view> characters_of(std::string_view text) {
  std::set<std::string_view> characters;
  for (std::size_t i = 0; i < text.size();) {
    std::string_view character = character_at(text, i);
    characters.insert(character);
    i += character.size();
  }
  return characters;
}

/// Each character of the second argument splits; nothing between two of them is no item.
Computed string_split(const Arguments& arguments, Random&) {
  const json::string *text = arguments[0].if_string(), *splitters = arguments[1].if_string();
  if (!text || !splitters) return no("string", text ? 2 : 1);
  const std::set<std::string_view> splits = characters_of(*splitters);
  json::array items;
  std::string item;
  auto finish = [&] {
    if (!item.empty()) items.emplace_back(item);
    item.clear();
  };
  for (std::size_t i = 0; i < text->size();) {
    std::string_view character = character_at(*text, i);
    i += character.size();
    if (splits.contains(character)) {
      finish();
    } else {
      item += character;
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
