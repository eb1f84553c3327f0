// Wildcards of IAM: '*' is any run of characters, '?' any one byte. Time is linear in the text
// (and, where a '?' stands between two '*', in text times pattern / 64): policies and names come
// from clients, so backtracking is out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard::policy {

/// A pattern in which wildcards and literal bytes are told apart: values of policy variables are
/// literal even where they hold a '*'.
using Tokens = std::u16string;
inline constexpr char16_t kAnyOne = 0x100;
inline constexpr char16_t kAnyMany = 0x101;

/// '*' and '?' become wildcards, everything else stands for itself.
Tokens wildcard_tokens(std::string_view pattern);
/// Every byte stands for itself.
Tokens literal_tokens(std::string_view text);

/// A pattern made ready for many texts.
class Glob {
 public:
  explicit Glob(const Tokens& tokens);
  /// Whether the whole text matches.
  bool matches(std::string_view text) const;

 private:
  /// What stands between two '*': bytes, of which those under a hole may be any.
  struct Segment {
    std::string bytes;
    std::vector<bool> holes;  // empty: none
    bool fits(std::string_view text) const;  // of exactly its own length
    std::size_t find(std::string_view text, std::size_t from) const;
  };

  std::vector<Segment> segments_;  // at least one; '*' between each two
};

}  // namespace trainyard::policy
