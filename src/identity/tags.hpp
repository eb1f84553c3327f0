// Tags of roles, users and policies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard::identity {

struct Tag {
  std::string key;
  std::string value;
};

/// As they stand in a row: [["key", "value"], …].
std::string encode_tags(const std::vector<Tag>& tags);
std::vector<Tag> decode_tags(std::string_view text);

}  // namespace trainyard::identity
