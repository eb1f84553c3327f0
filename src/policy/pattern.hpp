// Values in policies: text with wildcards and policy variables.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/glob.hpp"

namespace trainyard::policy {

/// The condition keys of a request. Names are compared without case (IAM User Guide, "Condition
/// keys").
class Context {
 public:
  void set(std::string_view key, std::string value);
  void set(std::string_view key, std::vector<std::string> values);
  /// nullptr when the request has no such key; never an empty list.
  const std::vector<std::string>* find(std::string_view key) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Text in which ${aws:username}, ${key, 'default'}, ${*}, ${?} and ${$} may stand (IAM User Guide,
/// "Variables and tags"); only documents of version 2012-10-17 have variables.
class Pattern {
 public:
  Pattern(std::string source, bool variables);

  const std::string& source() const { return source_; }
  /// False when a variable has neither a single value in the request nor a default.
  bool resolves(const Context& context) const;
  /// Whether the whole text matches, with wildcards; false when the pattern does not resolve.
  bool matches(std::string_view text, const Context& context) const;
  /// With variables filled in and wildcards as plain characters; nullopt when it does not resolve.
  std::optional<std::string> text(const Context& context) const;
  /// With variables filled in and wildcards told apart; nullopt when it does not resolve.
  std::optional<Tokens> tokens(const Context& context) const;

 private:
  struct Piece {
    enum class Kind { plain, quoted, variable } kind;
    std::string text;  // the variable's name
    std::optional<std::string> otherwise;
  };
  const std::string* value_of(const Piece& piece, const Context& context) const;

  std::string source_;
  std::vector<Piece> pieces_;
  std::optional<Glob> glob_;  // where no variable makes it depend on the request
};

}  // namespace trainyard::policy
