// PURE: filter patterns (Amazon CloudWatch Logs User Guide, "Filter pattern syntax").
//   ERROR "not found"     every term occurs in the message
//   ?WARN ?ERROR          one of them does (beside other terms these are ignored, as AWS does)
//   -DEBUG                does not occur
//   { $.level = "error" && ($.code >= 500 || $.ids[0] != 7) }
//                         the message is a JSON object with such members; also IS TRUE, IS FALSE,
//                         IS NULL, NOT EXISTS, and '*' in texts
// Regular expressions (%…%) and space-delimited patterns ([a, b]) are not taken.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trainyard::logs {

struct JsonCondition;  // a parsed { … }

class Pattern {
 public:
  /// ApiError InvalidParameterException for what is not such a pattern.
  explicit Pattern(std::string_view text);
  ~Pattern();
  bool matches(const std::string& message) const;

 private:
  void parse_terms(std::string_view text);

  std::vector<std::string> required_, any_, excluded_;
  std::unique_ptr<JsonCondition> json_;
};

}  // namespace trainyard::logs
