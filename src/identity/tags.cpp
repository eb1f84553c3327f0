#include "identity/tags.hpp"

#include "base/json.hpp"

namespace trainyard::identity {

std::string encode_tags(const std::vector<Tag>& tags) {
  json::array out;
  for (const Tag& tag : tags) out.push_back(json::array{tag.key, tag.value});
  return dump(json::value(std::move(out)));
}

std::vector<Tag> decode_tags(std::string_view text) {
  std::vector<Tag> tags;
  auto value = parse_own_json(text);
  for (const auto& pair : value.as_array()) {
    const auto& both = pair.as_array();
    tags.push_back({to_std(both.at(0).as_string()), to_std(both.at(1).as_string())});
  }
  return tags;
}

}  // namespace trainyard::identity
