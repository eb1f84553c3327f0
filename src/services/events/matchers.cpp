#include "services/events/matchers.hpp"

#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.hpp"

namespace trainyard::events {
namespace {

using Fault = std::optional<std::string>;

bool is_literal(const json::value& value) { return !value.is_object() && !value.is_array(); }

// --- Texts ---------------------------------------------------------------------------------------

/// '*' stands for any text; "\*" and "\\" for themselves.
bool wildcard_matches(std::string_view pattern, std::string_view text) {
  auto literal = [&](std::size_t at) {
    return pattern[at] == '\\' && at + 1 < pattern.size() ? at + 1 : at;
  };
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[literal(p)] == text[t]) {
      p = literal(p) + 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool prefix_matches(std::string_view argument, std::string_view text) {
  return text.starts_with(argument);
}
bool suffix_matches(std::string_view argument, std::string_view text) {
  return text.ends_with(argument);
}
bool any_case_matches(std::string_view argument, std::string_view text) {
  return iequals(argument, text);
}
bool any_case_prefix(std::string_view argument, std::string_view text) {
  return iequals(argument, text.substr(0, argument.size()));
}
bool any_case_suffix(std::string_view argument, std::string_view text) {
  return text.size() >= argument.size() &&
         iequals(argument, text.substr(text.size() - argument.size()));
}

struct TextTest {
  std::string_view name;
  bool (*holds)(std::string_view argument, std::string_view text);
  bool (*any_case)(std::string_view argument, std::string_view text);  // nullptr: no such form
};
constexpr TextTest kTextTests[] = {
    {"prefix", prefix_matches, any_case_prefix},
    {"suffix", suffix_matches, any_case_suffix},
    {"equals-ignore-case", any_case_matches, nullptr},
    {"wildcard", wildcard_matches, nullptr},
};

const TextTest* find_text_test(std::string_view name) {
  for (const TextTest& test : kTextTests) {
    if (test.name == name) return &test;
  }
  return nullptr;
}

/// {"equals-ignore-case": "x"} as the argument of prefix and suffix.
const json::value* any_case_argument(const json::value& argument) {
  if (!argument.is_object() || argument.get_object().size() != 1) return nullptr;
  return argument.get_object().if_contains("equals-ignore-case");
}

Fault text_test_fault(const TextTest& test, const json::value& argument) {
  const json::value* inner = test.any_case ? any_case_argument(argument) : nullptr;
  const json::value& text = inner ? *inner : argument;
  if (!text.is_string()) return fmt::format("{} match pattern must be a string", test.name);
  bool wildcard = test.name == "wildcard";
  if (wildcard && text.get_string().find("**") != std::string_view::npos) {
    return "Consecutive wildcard characters";
  }
  return std::nullopt;
}

bool text_test_holds(const TextTest& test, const json::value& argument, const json::value& leaf) {
  if (!leaf.is_string()) return false;
  if (const json::value* inner = test.any_case ? any_case_argument(argument) : nullptr) {
    return test.any_case(inner->get_string(), leaf.get_string());
  }
  return test.holds(argument.get_string(), leaf.get_string());
}

// --- anything-but --------------------------------------------------------------------------------

/// One value or several.
template <class Check>
bool any_of(const json::value& argument, Check check) {
  if (!argument.is_array()) return check(argument);
  const json::array& list = argument.get_array();
  return std::any_of(list.begin(), list.end(), check);
}

Fault anything_but_fault(const json::value& argument) {
  if (argument.is_array() && argument.get_array().empty()) return "Empty arrays are not allowed";
  if (!argument.is_object()) {
    bool nested = any_of(argument, [](const json::value& value) { return !is_literal(value); });
    return nested ? Fault("anything-but lists hold strings or numbers") : std::nullopt;
  }
  const json::object& inner = argument.get_object();
  const TextTest* test = inner.size() == 1 ? find_text_test(inner.begin()->key()) : nullptr;
  if (test == nullptr) return "Unsupported anything-but pattern";
  Fault fault;
  any_of(inner.begin()->value(), [&](const json::value& value) {
    fault = text_test_fault(*test, value);
    return fault.has_value();
  });
  return fault;
}

bool anything_but_holds(const json::value& argument, const json::value& leaf) {
  if (!argument.is_object()) {
    return !any_of(argument, [&](const json::value& value) { return json_equal(value, leaf); });
  }
  const auto& inner = *argument.get_object().begin();
  const TextTest& test = *find_text_test(inner.key());
  return !any_of(inner.value(),
                 [&](const json::value& value) { return text_test_holds(test, value, leaf); });
}

// --- numeric -------------------------------------------------------------------------------------

bool compare(std::string_view op, double a, double b) {
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  if (op == ">=") return a >= b;
  return a == b;
}

/// ["=", n], [">", n] and the like, or a lower and an upper bound.
Fault numeric_fault(const json::value& argument) {
  const json::array* list = argument.if_array();
  if (list == nullptr || (list->size() != 2 && list->size() != 4)) {
    return "Value of numeric must be an array of one or two comparisons";
  }
  for (std::size_t i = 0; i < list->size(); i += 2) {
    const json::value& op = (*list)[i];
    bool known = op.is_string() && (op == "<" || op == "<=" || op == ">" || op == ">=" ||
                                    (op == "=" && list->size() == 2));
    if (!known) return "Unrecognized numeric range operator";
    if (!(*list)[i + 1].is_number()) return "Value of a numeric comparison must be a number";
  }
  if (list->size() == 4) {
    bool range = (*list)[0].get_string()[0] == '>' && (*list)[2].get_string()[0] == '<';
    if (!range) return "A numeric range has a lower bound and then an upper bound";
    if ((*list)[1].to_number<double>() >= (*list)[3].to_number<double>()) {
      return "Bottom must be less than top";
    }
  }
  return std::nullopt;
}

bool numeric_holds(const json::value& argument, const json::value& leaf) {
  if (!leaf.is_number()) return false;
  const json::array& list = argument.get_array();
  for (std::size_t i = 0; i < list.size(); i += 2) {
    if (!compare(list[i].get_string(), leaf.to_number<double>(), list[i + 1].to_number<double>())) {
      return false;
    }
  }
  return true;
}

// --- cidr ----------------------------------------------------------------------------------------

struct Address {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  for (int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), address.bytes.data()) != 1) continue;
    address.family = family;
    return address;
  }
  return std::nullopt;
}

struct Network {
  Address address;
  int bits = 0;
};

std::optional<Network> parse_network(const std::string& text) {
  auto parts = split(text, '/');
  if (parts.size() != 2 || parts[1].empty() || parts[1].size() > 3) return std::nullopt;
  if (parts[1].find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  auto address = parse_address(parts[0]);
  int bits = std::stoi(parts[1]);
  if (!address || bits > (address->family == AF_INET ? 32 : 128)) return std::nullopt;
  return Network{*address, bits};
}

Fault cidr_fault(const json::value& argument) {
  if (argument.is_string() && parse_network(to_std(argument.get_string()))) return std::nullopt;
  return "Malformed CIDR, one '/' required";
}

bool cidr_holds(const json::value& argument, const json::value& leaf) {
  if (!leaf.is_string()) return false;
  auto network = parse_network(to_std(argument.get_string()));
  auto address = parse_address(to_std(leaf.get_string()));
  if (!network || !address || network->address.family != address->family) return false;
  for (int bit = 0; bit < network->bits; ++bit) {
    int shift = 7 - bit % 8;
    int difference = address->bytes[bit / 8] ^ network->address.bytes[bit / 8];
    if (difference >> shift & 1) return false;
  }
  return true;
}

// -------------------------------------------------------------------------------------------------

Fault exists_fault(const json::value& argument) {
  return argument.is_bool() ? std::nullopt : Fault("exists match pattern must be true or false");
}

bool exists_holds(const json::value& argument, const json::value&) { return argument.get_bool(); }

struct Operator {
  std::string_view name;
  Fault (*fault)(const json::value& argument);
  bool (*holds)(const json::value& argument, const json::value& leaf);
};
constexpr Operator kOperators[] = {
    {"anything-but", anything_but_fault, anything_but_holds},
    {"numeric", numeric_fault, numeric_holds},
    {"cidr", cidr_fault, cidr_holds},
    {"exists", exists_fault, exists_holds},
};

const Operator* find_operator(std::string_view name) {
  for (const Operator& op : kOperators) {
    if (op.name == name) return &op;
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> matcher_fault(const json::value& matcher) {
  if (matcher.is_array()) return "A list inside of a list";
  if (!matcher.is_object()) return std::nullopt;
  const json::object& object = matcher.get_object();
  if (object.size() != 1) return "Only one key allowed in match expression";
  std::string_view name = object.begin()->key();
  const json::value& argument = object.begin()->value();
  if (const TextTest* test = find_text_test(name)) return text_test_fault(*test, argument);
  if (const Operator* op = find_operator(name)) return op->fault(argument);
  return "Unrecognized match type " + std::string(name);
}

std::optional<bool> asks_existence(const json::value& matcher) {
  const json::object* object = matcher.if_object();
  const json::value* argument = object ? object->if_contains("exists") : nullptr;
  return argument ? std::optional(argument->get_bool()) : std::nullopt;
}

bool leaf_matches(const json::value& matcher, const json::value& leaf) {
  if (!matcher.is_object()) return json_equal(matcher, leaf);
  const auto& entry = *matcher.get_object().begin();
  if (const TextTest* test = find_text_test(entry.key())) {
    return text_test_holds(*test, entry.value(), leaf);
  }
  return find_operator(entry.key())->holds(entry.value(), leaf);
}

}  // namespace trainyard::events
