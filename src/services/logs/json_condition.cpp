#include "services/logs/json_condition.hpp"

#include <charconv>

#include "base/text.hpp"
#include "generated/logs/errors.hpp"

namespace trainyard::logs {
namespace {

constexpr int kNestingMax = 20;

/// Only '*' is a wildcard here, unlike in IAM.
policy::Tokens tokens_of(std::string_view text) {
  policy::Tokens tokens = policy::literal_tokens(text);
  std::replace(tokens.begin(), tokens.end(), char16_t{'*'}, policy::kAnyMany);
  return tokens;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  JsonCondition parse() {
    JsonCondition condition = any();
    skip();
    if (!rest_.empty()) fail();
    return condition;
  }

 private:
  [[noreturn]] void fail() {
    throw errors::invalid_parameter_exception("Invalid character(s) in term '" +
                                              std::string(rest_.substr(0, 40)) + "'");
  }

  void skip() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n')) {
      rest_.remove_prefix(1);
    }
  }

  bool take(std::string_view token) {
    skip();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  /// Words as in IS NULL: in any case, and whole.
  bool take_word(std::string_view word) {
    skip();
    if (rest_.size() < word.size() || !iequals(rest_.substr(0, word.size()), word)) return false;
    std::string_view behind = rest_.substr(word.size());
    if (!behind.empty() && std::isalnum(static_cast<unsigned char>(behind[0]))) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  JsonCondition any() { return joined(JsonCondition::Kind::any, "||", &Parser::all); }
  JsonCondition all() { return joined(JsonCondition::Kind::all, "&&", &Parser::one); }

  JsonCondition joined(JsonCondition::Kind kind, std::string_view token,
                       JsonCondition (Parser::*part)()) {
    JsonCondition first = (this->*part)();
    if (!take(token)) return first;
    JsonCondition list;
    list.kind = kind;
    list.parts.push_back(std::move(first));
    do {
      list.parts.push_back((this->*part)());
    } while (take(token));
    return list;
  }

  JsonCondition one() {
    if (!take("(")) return test();
    if (++depth_ > kNestingMax) fail();
    JsonCondition inner = any();
    if (!take(")")) fail();
    --depth_;
    return inner;
  }

  JsonCondition test() {
    JsonCondition condition;
    condition.selector = selector();
    if (take_word("IS")) {
      condition.test = take_word("NULL")    ? Test::is_null
                       : take_word("TRUE")  ? Test::is_true
                       : take_word("FALSE") ? Test::is_false
                                            : (fail(), Test::is_null);
      return condition;
    }
    if (take_word("NOT")) {
      if (!take_word("EXISTS")) fail();
      condition.test = Test::missing;
      return condition;
    }
    condition.test = take("!=")   ? Test::different
                     : take("<=") ? Test::less_equal
                     : take(">=") ? Test::greater_equal
                     : take("=")  ? Test::equal
                     : take("<")  ? Test::less
                     : take(">")  ? Test::greater
                                  : (fail(), Test::equal);
    read_value(condition);
    return condition;
  }

  Selector selector() {
    if (!take("$")) fail();
    Selector path;
    for (;;) {
      if (rest_.starts_with('.')) {
        rest_.remove_prefix(1);
        std::size_t end = rest_.find_first_of(" \t\n.[]=!<>()&|");
        if (end == 0) fail();
        path.emplace_back(std::string(rest_.substr(0, end)));
        rest_.remove_prefix(std::min(end, rest_.size()));
      } else if (rest_.starts_with('[')) {
        rest_.remove_prefix(1);
        std::size_t position = 0;
        auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), position);
        if (error != std::errc()) fail();
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        if (!rest_.starts_with(']')) fail();
        rest_.remove_prefix(1);
        path.emplace_back(position);
      } else {
        if (path.empty()) fail();
        return path;
      }
    }
  }

  void read_value(JsonCondition& condition) {
    skip();
    if (rest_.starts_with('%')) {
      throw errors::invalid_parameter_exception(
          "Regular expressions in filter patterns are not implemented");
    }
    std::string value;
    if (rest_.starts_with('"')) {
      std::size_t at = 1;
      for (; at < rest_.size() && rest_[at] != '"'; ++at) {
        if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
        value += rest_[at];
      }
      if (at >= rest_.size()) fail();
      rest_.remove_prefix(at + 1);
    } else {
      std::size_t end = std::min(rest_.find_first_of(" \t\n()&|"), rest_.size());
      if (end == 0) fail();
      value = rest_.substr(0, end);
      rest_.remove_prefix(end);
      condition.number = number_of(value);
    }
    condition.text.emplace(tokens_of(value));
  }

  std::string_view rest_;
  int depth_ = 0;
};

const json::value* select(const Selector& selector, const json::value& message) {
  const json::value* at = &message;
  for (const auto& step : selector) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      at = at->is_object() ? at->get_object().if_contains(*name) : nullptr;
    } else {
      std::size_t position = std::get<std::size_t>(step);
      bool there = at->is_array() && position < at->get_array().size();
      at = there ? &at->get_array()[position] : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool compare(Test test, double a, double b) {
  switch (test) {
    case Test::equal: return a == b;
    case Test::different: return a != b;
    case Test::less: return a < b;
    case Test::less_equal: return a <= b;
    case Test::greater: return a > b;
    case Test::greater_equal: return a >= b;
    default: return false;
  }
}

bool compare_value(const JsonCondition& condition, const json::value& value) {
  if (value.is_number()) {
    if (condition.number) {
      return compare(condition.test, value.to_number<double>(), *condition.number);
    }
    return condition.test == Test::different;
  }
  std::string text = value.is_string() ? to_std(value.get_string()) : dump(value);
  if (condition.test == Test::equal) return condition.text->matches(text);
  return condition.test == Test::different && !condition.text->matches(text);
}

}  // namespace

JsonCondition parse_json_condition(std::string_view text) { return Parser(text).parse(); }

bool holds(const JsonCondition& condition, const json::value& message) {
  auto part_holds = [&](const JsonCondition& part) { return holds(part, message); };
  const auto& parts = condition.parts;
  if (condition.kind == JsonCondition::Kind::all) {
    return std::all_of(parts.begin(), parts.end(), part_holds);
  }
  if (condition.kind == JsonCondition::Kind::any) {
    return std::any_of(parts.begin(), parts.end(), part_holds);
  }
  const json::value* value = select(condition.selector, message);
  if (value == nullptr) return condition.test == Test::missing;
  switch (condition.test) {
    case Test::missing: return false;
    case Test::is_null: return value->is_null();
    case Test::is_true: return value->is_bool() && value->get_bool();
    case Test::is_false: return value->is_bool() && !value->get_bool();
    default: return compare_value(condition, *value);
  }
}

}  // namespace trainyard::logs
