#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trainyard {

/// arn:partition:service:region:account:resource (AWS General Reference, "Amazon Resource Names").
struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // everything after the fifth colon

  std::string text() const;
};

/// nullopt unless the text has all six parts and begins with "arn:".
std::optional<Arn> parse_arn(std::string_view text);

}  // namespace trainyard
