// Conditions inside a path's `[?(…)]`. Internal to path.cpp and path_parser.cpp.
#pragma once

#include <memory>
#include <vector>

#include "asl/path.hpp"
#include "base/json.hpp"

namespace trainyard::asl {

/// A comparison, the existence of a path, or a combination of such.
struct PathFilter {
  enum Kind { any_of, all_of, negation, exists, comparison } kind;
  enum Operator { equal, unequal, less, at_most, greater, at_least };
  struct Operand {
    std::optional<Path> path;  // relative to the node that is tested (`@`)
    json::value literal;
  };
  std::vector<std::shared_ptr<const PathFilter>> children;
  Operand left, right;
  Operator op = equal;

  bool matches(const json::value& node, Visits& visits) const;
};

}  // namespace trainyard::asl
