#include "services/logs/pattern.hpp"

#include "base/text.hpp"
#include "generated/logs/errors.hpp"
#include "services/logs/json_condition.hpp"

namespace trainyard::logs {
namespace {

/// A term up to the next space, or a phrase in quotes.
std::string take_term(std::string_view& text) {
  std::string term;
  if (!text.starts_with('"')) {
    std::size_t end = std::min(text.find(' '), text.size());
    term = text.substr(0, end);
    text.remove_prefix(end);
    return term;
  }
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    term += text[at];
  }
  if (at >= text.size()) {
    throw errors::invalid_parameter_exception("A phrase in the filter pattern lacks its end quote");
  }
  text.remove_prefix(at + 1);
  return term;
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  text = trim(text);
  if (text.starts_with('{')) {
    if (!text.ends_with('}')) {
      throw errors::invalid_parameter_exception("The filter pattern lacks its closing brace");
    }
    json_ = std::make_unique<JsonCondition>(
        parse_json_condition(text.substr(1, text.size() - 2)));
    return;
  }
  if (text.starts_with('[') || text.starts_with('%')) {
    throw errors::invalid_parameter_exception(
        "Space-delimited patterns and regular expressions are not implemented; use terms, "
        "\"phrases\" or a JSON pattern");
  }
  parse_terms(text);
}

Pattern::~Pattern() = default;

void Pattern::parse_terms(std::string_view text) {
  for (text = trim(text); !text.empty(); text = trim(text)) {
    auto* list = text[0] == '?' ? &any_ : text[0] == '-' ? &excluded_ : &required_;
    if (list != &required_) text.remove_prefix(1);
    std::string term = take_term(text);
    if (!term.empty()) list->push_back(std::move(term));
  }
  if (!required_.empty() || !excluded_.empty()) any_.clear();
}

bool Pattern::matches(const std::string& message) const {
  if (json_) {
    if (message.find('{') == std::string::npos) return false;
    auto value = parse_json(message);
    return value && value->is_object() && holds(*json_, *value);
  }
  auto occurs = [&](const std::string& term) { return message.find(term) != std::string::npos; };
  return std::all_of(required_.begin(), required_.end(), occurs) &&
         std::none_of(excluded_.begin(), excluded_.end(), occurs) &&
         (any_.empty() || std::any_of(any_.begin(), any_.end(), occurs));
}

}  // namespace trainyard::logs
