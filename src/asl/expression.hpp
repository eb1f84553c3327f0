// What may stand where a definition reads data: a path, and in some fields a call as well.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "asl/intrinsic.hpp"
#include "asl/path.hpp"
#include "asl/payload.hpp"

namespace trainyard::asl {

/// A path, or a call of an intrinsic function: the value of a template's field that ends in ".$",
/// and of a Fail state's ErrorPath and CausePath (Step Functions Developer Guide, "Fields that
/// support intrinsic functions").
class Expression {
 public:
  const std::string& text() const;

  /// The value for the field named `field`, or a failure, as Intrinsic::evaluate has it; a path
  /// that leads nowhere is States.Runtime, and one past the end of an array null, as users have
  /// seen the service do. TooManyVisits.
  Result<boost::json::value> evaluate(std::string_view field, const Scope& scope,
                                      Random& random) const;

 private:
  friend std::string check_expression(std::string_view field, std::string_view text,
                                      Expression& expression);
  std::variant<Path, Intrinsic> source_;
};

/// Checks a path in a field named `field`: what a definition may not use is said plainly. Returns
/// the message of a problem, or "" with `path` set.
std::string check_path(std::string_view field, std::string_view text, Path& path);
/// The same for an expression.
std::string check_expression(std::string_view field, std::string_view text,
                             Expression& expression);
/// The message for a value that is none.
std::string not_an_expression(std::string_view field);

/// The cause of States.Runtime when the path leads nowhere.
std::string not_found(const Path& path, std::string_view field, const Scope& scope);

}  // namespace trainyard::asl
