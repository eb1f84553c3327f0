#include "services/s3/listing.hpp"

#include "base/hash.hpp"
#include "services/s3/errors.hpp"

namespace trainyard::s3 {

std::optional<std::string> group_of(const ListQuery& query, std::string_view key) {
  if (query.delimiter.empty() || !key.starts_with(query.prefix)) return std::nullopt;
  auto at = key.find(query.delimiter, query.prefix.size());
  if (at == std::string_view::npos) return std::nullopt;
  return std::string(key.substr(0, at + query.delimiter.size()));
}

Shown shown_marker(const ListQuery& query, const std::string& marker) {
  return {marker, group_of(query, marker) == marker};
}

std::optional<std::string> beyond(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  ++prefix.back();
  return prefix;
}

Walk::Walk(const ListQuery& query) : query_(query), place_(Place{query.prefix, true}) {
  if (query.after && query.after->name >= query.prefix) move_behind(*query.after);
}

Shown Walk::take(const std::string& key) {
  auto group = group_of(query_, key);
  Shown shown{group.value_or(key), group.has_value()};
  move_behind(shown);
  return shown;
}

void Walk::move_behind(const Shown& shown) {
  if (!shown.group) {
    place_ = Place{shown.name, false};
    return;
  }
  auto next = beyond(shown.name);
  place_ = next ? std::optional(Place{*next, true}) : std::nullopt;
}

NameEncoder::NameEncoder(const std::optional<std::string>& encoding_type)
    : url_(encoding_type == "url") {
  if (encoding_type && !url_) throw errors::invalid_argument("Invalid Encoding Method specified in "
                                                             "Request");
}

std::string NameEncoder::operator()(const std::string& name) const {
  return url_ ? percent_encode(name, true) : name;
}

}  // namespace trainyard::s3
