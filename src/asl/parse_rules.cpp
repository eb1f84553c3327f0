#include <fmt/format.h>

#include <algorithm>

#include "asl/parse_state.hpp"

namespace trainyard::asl {
namespace {

/// And, Or and Not inside one another.
constexpr int kConditionDepthMax = 50;

Condition parse_condition(Fields& fields, bool at_top, int depth);

/// The rules of And or Or, or the one of Not.
void parse_children(Fields& fields, std::string_view name, Condition& condition, int depth) {
  auto add = [&](const json::value& value, const std::string& location) {
    if (const json::object* object = value.if_object()) {
      Fields below(*object, location, fields.problems());
      condition.children.push_back(parse_condition(below, false, depth + 1));
    } else {
      fields.problem_at(location, "Expected value of type Object");
    }
  };
  if (depth > kConditionDepthMax) {
    fields.problem_in(name, "Conditions are nested too deep");
  } else if (name == "Not") {
    add(*find(fields.object(), name), fields.location_of(name));
  } else if (const json::array* array = fields.array(name)) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      add((*array)[i], fmt::format("{}[{}]", fields.location_of(name), i));
    }
  }
}

/// The value that a comparison expects, of the operator's own type.
void parse_expected(Fields& fields, const Comparison& row, Condition& condition) {
  condition.test = row.test;
  condition.order = row.order;
  if (row.by_path) {
    condition.expected_path = fields.path(row.name);
    return;
  }
  const json::value& value = *find(fields.object(), row.name);
  condition.expected = value;
  Time time;
  switch (row.test) {
    case Test::string:
    case Test::matches:
      fields.string(row.name);
      break;
    case Test::numeric:
      if (!value.is_number()) fields.problem_in(row.name, "Expected value of type Number");
      break;
    case Test::timestamp:
      if (auto text = fields.string(row.name); text && !parse_iso8601(*text, time)) {
        fields.problem_in(row.name,
                          "Value is not a valid ISO-8601 extended offset date-time format string");
      }
      break;
    default:
      fields.boolean(row.name);
  }
}

void parse_comparison(Fields& fields, const Comparison* row, Condition& condition) {
  fields.require({"Variable"});
  if (auto variable = fields.path("Variable")) condition.variable = std::move(*variable);
  parse_expected(fields, *row, condition);
}

Condition parse_condition(Fields& fields, bool at_top, int depth) {
  Condition condition;
  std::vector<std::string_view> operators;
  const Comparison* comparison = nullptr;
  for (const auto& member : fields.object()) {
    std::string_view name = member.key();
    const Comparison* row = find_comparison(name);
    if (row) comparison = row;
    if (row || name == "And" || name == "Or" || name == "Not") {
      operators.push_back(name);
    } else if (name == "Next" && !at_top) {
      fields.problem("Field 'Next' is only supported at the top of a choice rule");
    } else if (name == "Assign") {
      fields.problem("Variables are not supported here: field 'Assign'");
    } else if (name == "Condition" || name == "Output") {
      fields.problem(
          fmt::format("The QueryLanguage is set to 'JSONPath', but field '{}' is only "
                      "supported for the 'JSONata' QueryLanguage",
                      name));
    } else if (name != "Variable" && name != "Next" && name != "Comment") {
      fields.problem(fmt::format("Field '{}' is not supported", name));
    }
  }
  if (operators.size() != 1) {
    fields.problem("A choice rule needs exactly one comparison operator, or one of [And, Or, Not]");
  } else if (comparison) {
    parse_comparison(fields, comparison, condition);
  } else {
    condition.test = operators[0] == "And"  ? Test::all_of
                     : operators[0] == "Or" ? Test::any_of
                                            : Test::negation;
    if (fields.has("Variable")) fields.problem("Field 'Variable' is not supported");
    parse_children(fields, operators[0], condition, depth);
  }
  return condition;
}

/// The names in ErrorEquals; States.ALL must be alone, and in the last entry.
std::vector<std::string> parse_errors(Fields& fields, bool last) {
  std::vector<std::string> errors;
  fields.require({"ErrorEquals"});
  const json::array* names = fields.array("ErrorEquals");
  if (!names) return errors;
  for (std::size_t i = 0; i < names->size(); ++i) {
    if ((*names)[i].is_string()) {
      errors.push_back(to_std((*names)[i].get_string()));
    } else {
      fields.problem_at(fmt::format("{}[{}]", fields.location_of("ErrorEquals"), i),
                        "Expected value of type String");
    }
  }
  bool all = std::find(errors.begin(), errors.end(), kAll) != errors.end();
  if (all && errors.size() > 1) {
    fields.problem_in("ErrorEquals", "States.ALL must appear alone");
  } else if (all && !last) {
    fields.problem_in("ErrorEquals", "States.ALL must appear in the last entry");
  }
  return errors;
}

}  // namespace

std::vector<ChoiceRule> parse_choices(Fields& fields) {
  std::vector<ChoiceRule> rules;
  fields.require({"Choices"});
  fields.each_object("Choices", false, [&](Fields& rule, bool) {
    rule.require({"Next"});
    std::string next = rule.target("Next");
    rules.push_back({parse_condition(rule, true, 0), next});
  });
  return rules;
}

std::vector<Retrier> parse_retriers(Fields& fields) {
  static constexpr std::string_view kNames[] = {"ErrorEquals", "IntervalSeconds", "MaxAttempts",
                                                "BackoffRate", "MaxDelaySeconds", "JitterStrategy",
                                                "Comment"};
  std::vector<Retrier> retriers;
  fields.each_object("Retry", true, [&](Fields& entry, bool last) {
    entry.allow_only(kNames);
    Retrier retrier;
    retrier.errors = parse_errors(entry, last);
    retrier.interval_seconds = entry.integer("IntervalSeconds", 1).value_or(1);
    retrier.max_attempts = entry.integer("MaxAttempts", 0).value_or(3);
    retrier.backoff_rate = entry.number("BackoffRate", 1.0).value_or(2.0);
    retrier.max_delay_seconds = entry.integer("MaxDelaySeconds", 1, 31'622'400);
    if (retrier.max_delay_seconds && *retrier.max_delay_seconds <= retrier.interval_seconds) {
      entry.problem_in("MaxDelaySeconds", "Value must be greater than IntervalSeconds");
    }
    auto jitter = entry.string("JitterStrategy");
    if (jitter && *jitter != "FULL" && *jitter != "NONE") {
      entry.problem_in("JitterStrategy", "Field should have one of these values: [FULL, NONE]");
    }
    retrier.full_jitter = jitter && *jitter == "FULL";
    retriers.push_back(std::move(retrier));
  });
  return retriers;
}

std::vector<Catcher> parse_catchers(Fields& fields) {
  static constexpr std::string_view kNames[] = {"ErrorEquals", "Next", "ResultPath", "Comment"};
  std::vector<Catcher> catchers;
  fields.each_object("Catch", true, [&](Fields& entry, bool last) {
    entry.allow_only(kNames);
    Catcher catcher;
    catcher.errors = parse_errors(entry, last);
    entry.require({"Next"});
    catcher.next = entry.target("Next");
    catcher.result_path = entry.selector("ResultPath", true);
    catchers.push_back(std::move(catcher));
  });
  return catchers;
}

}  // namespace trainyard::asl
