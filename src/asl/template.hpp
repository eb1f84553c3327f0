// Payload templates: JSON in which members named `x.$` are filled by paths (ASL specification,
// "Payload Template").
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "asl/expression.hpp"
#include "asl/payload.hpp"
#include "base/json.hpp"

namespace trainyard::asl {

class Template {
 public:
  /// A problem with a place below the template: "/ProductionVariants[0]".
  struct Fault {
    std::string message;
    std::string where;
  };
  /// Compiles; what is wrong is appended to `faults`.
  static Template parse(const json::value& value, std::vector<Fault>& faults);

  /// The filled payload, or a failure: an expression's own, or States.DataLimitExceeded when it
  /// grows beyond any payload. The cause lacks the sentence that names the state.
  Result<json::value> fill(const Scope& scope, Random& random) const;

  /// Member names at the top, without ".$"; empty for a template that is no object.
  std::vector<std::string> names() const;

 private:
  struct Member;
  using Members = std::vector<Member>;
  using Elements = std::vector<Template>;
  static Template parse_below(const json::value& value, const std::string& where,
                              std::vector<Fault>& faults);
  static Member parse_expression(std::string_view name, const json::value& value,
                                 const std::string& where, std::vector<Fault>& faults);

  Result<json::value> fill(const Scope& scope, Random& random, std::size_t& room) const;
  Result<json::value> fill(const Expression& expression, const Scope& scope, Random& random,
                           std::size_t& room) const;

  std::variant<json::value, Expression, Members, Elements> node_;
  std::string field_;  // of an expression: "ModelName.$"
};

struct Template::Member {
  std::string name;
  Template value;
};

}  // namespace trainyard::asl
