#include "asl/warnings.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace trainyard::asl {
namespace {

/// The fields that are payload templates.
constexpr std::string_view kTemplates[] = {"Parameters", "ResultSelector", "ItemSelector"};
constexpr std::string_view kSuffix = ".$";

bool looks_dynamic(std::string_view text) {
  return text == "$" || text == "$$" || text.starts_with("$.") || text.starts_with("$[") ||
         text.starts_with("$$.") || (text.starts_with("States.") && text.ends_with(")"));
}

class Finder {
 public:
  explicit Finder(std::vector<Problem>& problems) : problems_(problems) {}

  void level(const json::object& level, const std::string& location) {
    const json::object* states = find_object(level, "States");
    if (states == nullptr) return;
    for (const auto& member : *states) {
      if (const json::object* one = member.value().if_object()) {
        state(*one, location + "/States/" + std::string(member.key()));
      }
    }
  }

 private:
  void state(const json::object& state, const std::string& location) {
    for (std::string_view field : kTemplates) {
      if (const json::value* value = state.if_contains(field)) {
        look_at(*value, location + "/" + std::string(field));
      }
    }
    for (const char* processor : {"ItemProcessor", "Iterator"}) {
      if (const json::object* inner = find_object(state, processor)) {
        level(*inner, location + "/" + processor);
      }
    }
    const json::array* branches = find_array(state, "Branches");
    for (std::size_t i = 0; branches && i < branches->size(); ++i) {
      if (const json::object* inner = (*branches)[i].if_object()) {
        level(*inner, fmt::format("{}/Branches[{}]", location, i));
      }
    }
  }

  void look_at(const json::value& value, const std::string& location) {
    if (const json::array* array = value.if_array()) {
      for (const json::value& element : *array) look_at(element, location);
    }
    const json::object* object = value.if_object();
    if (object == nullptr) return;
    for (const auto& member : *object) {
      const std::string_view name = member.key();
      const auto* text = member.value().if_string();
      if (text == nullptr) {
        look_at(member.value(), location);
      } else if (!name.ends_with(kSuffix) && looks_dynamic(*text)) {
        problems_.push_back(
            {"NO_DOLLAR",
             fmt::format("The value of the field '{}' looks like a JSONPath or an intrinsic "
                         "function call, but the field's name does not end in '.$'",
                         name),
             location, Problem::Severity::warning});
      }
    }
  }

  std::vector<Problem>& problems_;
};

}  // namespace

std::vector<Problem> warnings_of(std::string_view definition, const Machine& machine) {
  std::vector<Problem> problems;
  std::string error;
  const auto whole = parse_json(definition, &error);
  if (!whole || !whole->is_object()) return problems;
  Finder(problems).level(whole->get_object(), "");
  for (const State* state : in_order(machine)) {
    const bool limited = state->timeout_seconds || state->timeout_path ||
                         state->heartbeat_seconds || state->heartbeat_path;
    if (!state->resource.by_token() || limited) continue;
    problems.push_back(
        {"NO_TIMEOUT",
         "A task that waits for a token needs TimeoutSeconds or HeartbeatSeconds, or "
         "the execution waits until it is stopped",
         state->location, Problem::Severity::warning});
  }
  return problems;
}

}  // namespace trainyard::asl
