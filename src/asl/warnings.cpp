#include "asl/warnings.hpp"

#include <fmt/format.h>

#include <functional>

#include "base/json.hpp"

namespace trainyard::asl {
namespace {

/// The fields that are payload templates.
constexpr std::string_view kTemplates[] = {"Parameters", "ResultSelector", "ItemSelector"};
constexpr std::string_view kDynamic = ".$", kPath = "Path";
/// Fields of a choice rule that hold a path under another name.
constexpr std::string_view kVariable = "Variable";

bool looks_like_path(std::string_view text) {
  return text == "$" || text == "$$" || text.starts_with("$.") || text.starts_with("$[") ||
         text.starts_with("$$.");
}

bool looks_dynamic(std::string_view text) {
  return looks_like_path(text) || (text.starts_with("States.") && text.ends_with(")"));
}

/// Visits every text in the value with the name of the member that it stands in, or is inside of.
void each_text(std::string_view name, const json::value& value,
               const std::function<void(std::string_view name, std::string_view text)>& visit) {
  if (const auto* text = value.if_string()) return visit(name, *text);
  if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) each_text(name, element, visit);
  } else if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) each_text(member.key(), member.value(), visit);
  }
}

/// Looks at the states of a definition, level by level.
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
      if (const json::value* value = state.if_contains(field)) payload(*value, location, field);
    }
    if (const json::value* result = state.if_contains("Result")) {
      fixed_result(*result, location);
    }
    for (std::string_view field : {"Error", "Cause", "Choices"}) {
      if (const json::value* value = state.if_contains(field)) fixed(*value, location, field);
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

  void payload(const json::value& value, const std::string& location, std::string_view field) {
    each_text(field, value, [&](std::string_view name, std::string_view text) {
      if (name.ends_with(kDynamic) || !looks_dynamic(text)) return;
      add("NO_DOLLAR",
          fmt::format("The value of the field '{}' looks like a JSONPath or an intrinsic function "
                      "call, but the field's name does not end in '.$'",
                      name),
          location, field);
    });
  }

  void fixed_result(const json::value& value, const std::string& location) {
    each_text("Result", value, [&](std::string_view name, std::string_view text) {
      if (!looks_dynamic(text)) return;
      add("PASS_RESULT_IS_STATIC",
          fmt::format(
              "The value of '{}' looks like a JSONPath or an intrinsic function call, but a "
              "Result is taken as it is",
              name),
          location, "Result");
    });
  }

  void fixed(const json::value& value, const std::string& location, std::string_view field) {
    each_text(field, value, [&](std::string_view name, std::string_view text) {
      if (name.ends_with(kPath) || name == kVariable || !looks_like_path(text)) return;
      add("NO_PATH",
          fmt::format(
              "The value of the field '{}' looks like a JSONPath, but the field's name does "
              "not end in 'Path'",
              name),
          location, field);
    });
  }

  void add(const char* code, std::string message, const std::string& location,
           std::string_view field) {
    problems_.push_back({code, std::move(message), location + "/" + std::string(field),
                         Problem::Severity::warning});
  }

  std::vector<Problem>& problems_;
};

}  // namespace

std::vector<Problem> warnings_of(std::string_view definition) {
  std::vector<Problem> problems;
  const auto whole = parse_json(definition);
  if (whole && whole->is_object()) Finder(problems).level(whole->get_object(), "");
  return problems;
}

}  // namespace trainyard::asl
