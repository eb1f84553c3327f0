// Payload templates: JSON in which members named `x.$` are filled by paths (ASL specification,
// "Payload Template").
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "asl/path.hpp"
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

  /// The filled payload, or a failure: States.Runtime when a path leads nowhere,
  /// States.DataLimitExceeded when it grows beyond any payload. The cause lacks the sentence that
  /// names the state.
  Result<json::value> fill(const Scope& scope) const;

  /// Member names at the top, without ".$"; empty for a template that is no object.
  std::vector<std::string> names() const;

 private:
  struct Member;
  using Members = std::vector<Member>;
  using Elements = std::vector<Template>;
  static Template parse_below(const json::value& value, const std::string& where,
                              std::vector<Fault>& faults);
  static Member parse_path(std::string_view name, const json::value& value,
                           const std::string& where, std::vector<Fault>& faults);

  Result<json::value> fill(const Scope& scope, std::size_t& room) const;
  Result<json::value> fill_path(const Path& path, const Scope& scope, std::size_t& room) const;

  std::variant<json::value, Path, Members, Elements> node_;
  std::string field_;  // of a path: "ModelName.$"
};

struct Template::Member {
  std::string name;
  Template value;
};

/// Checks a path in a field named `field`: what a definition may not use is said plainly. Returns
/// the message of a problem, or "" with `path` set.
std::string check_path(std::string_view field, std::string_view text, Path& path);

}  // namespace trainyard::asl
