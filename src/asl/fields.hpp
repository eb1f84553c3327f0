// Reading the members of one JSON object of a definition, collecting problems. Internal to the
// parser.
#pragma once

#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "asl/machine.hpp"

namespace trainyard::asl {

class Fields {
 public:
  Fields(const json::object& object, std::string location, std::vector<Problem>& problems)
      : object_(object), location_(std::move(location)), problems_(problems) {}

  const json::object& object() const { return object_; }
  const std::string& location() const { return location_; }
  std::string location_of(std::string_view name) const;
  std::vector<Problem>& problems() { return problems_; }

  void problem(std::string message) { problem_at(location_, std::move(message)); }
  void problem_at(std::string location, std::string message);
  void problem_in(std::string_view field, std::string message) {
    problem_at(location_of(field), std::move(message));
  }

  bool has(std::string_view name) const { return find(object_, name) != nullptr; }
  /// A problem for each member that is not in the list.
  void allow_only(std::span<const std::string_view> names);
  void require(std::initializer_list<std::string_view> names);
  /// At most one of the names may stand.
  void exclusive(std::string_view a, std::string_view b);

  // Each yields nothing when the member is absent, and a problem when it is of another type.
  std::optional<std::string> string(std::string_view name);
  /// The name of a state: "" when absent, a problem when empty.
  std::string target(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t min, int64_t max = kSecondsMax);
  std::optional<double> number(std::string_view name, double min);
  const json::array* array(std::string_view name, bool may_be_empty = false);
  const json::object* object(std::string_view name);
  std::optional<Path> path(std::string_view name, bool reference_only = false);
  std::optional<Expression> expression(std::string_view name);
  /// Calls parse(Fields&, last) for each object of the array.
  template <class Parse>
  void each_object(std::string_view name, bool may_be_empty, Parse parse) {
    const json::array* entries = array(name, may_be_empty);
    if (!entries) return;
    for (std::size_t i = 0; i < entries->size(); ++i) {
      std::string location = location_of(name) + "[" + std::to_string(i) + "]";
      if (const json::object* object = (*entries)[i].if_object()) {
        Fields entry(*object, std::move(location), problems_);
        parse(entry, i + 1 == entries->size());
      } else {
        problem_at(std::move(location), "Expected value of type Object");
      }
    }
  }
  /// `none` for null; the default for an absent member.
  Selector selector(std::string_view name, bool reference_only = false);
  std::optional<Template> payload(std::string_view name);

 private:
  const json::object& object_;
  std::string location_;
  std::vector<Problem>& problems_;
};

inline constexpr std::string_view kSchemaFailed = "SCHEMA_VALIDATION_FAILED";

}  // namespace trainyard::asl
