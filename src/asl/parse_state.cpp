#include "asl/parse_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace trainyard::asl {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kPass[] = {"Type",   "Comment",   "QueryLanguage", "Next",
                                      "End",    "InputPath", "OutputPath",    "Parameters",
                                      "Result", "ResultPath"};
constexpr std::string_view kTask[] = {"Type",
                                      "Comment",
                                      "QueryLanguage",
                                      "Next",
                                      "End",
                                      "InputPath",
                                      "OutputPath",
                                      "Parameters",
                                      "ResultPath",
                                      "ResultSelector",
                                      "Retry",
                                      "Catch",
                                      "Resource",
                                      "TimeoutSeconds",
                                      "TimeoutSecondsPath",
                                      "HeartbeatSeconds",
                                      "HeartbeatSecondsPath",
                                      "Credentials"};
constexpr std::string_view kParallel[] = {
    "Type",       "Comment",    "QueryLanguage",  "Next",  "End",   "InputPath", "OutputPath",
    "Parameters", "ResultPath", "ResultSelector", "Retry", "Catch", "Branches"};
constexpr std::string_view kMap[] = {
    "Type",           "Comment",
    "QueryLanguage",  "Next",
    "End",            "InputPath",
    "OutputPath",     "Parameters",
    "ResultPath",     "ResultSelector",
    "Retry",          "Catch",
    "ItemProcessor",  "Iterator",
    "ItemsPath",      "ItemSelector",
    "MaxConcurrency", "MaxConcurrencyPath",
    // Refused by parse_map, in words of their own.
    "ItemReader",     "ItemBatcher",
    "ResultWriter",   "Label",
    "ToleratedFailureCount", "ToleratedFailureCountPath",
    "ToleratedFailurePercentage", "ToleratedFailurePercentagePath"};
constexpr std::string_view kChoice[] = {"Type",       "Comment", "QueryLanguage", "InputPath",
                                        "OutputPath", "Choices", "Default"};
constexpr std::string_view kWait[] = {"Type",        "Comment",   "QueryLanguage", "Next",
                                      "End",         "InputPath", "OutputPath",    "Seconds",
                                      "SecondsPath", "Timestamp", "TimestampPath"};
constexpr std::string_view kSucceed[] = {"Type", "Comment", "QueryLanguage", "InputPath",
                                         "OutputPath"};
constexpr std::string_view kFail[] = {"Type",  "Comment",   "QueryLanguage", "Error",
                                      "Cause", "ErrorPath", "CausePath"};

struct TypeRow {
  std::string_view name;
  StateType type;
  Names fields;
};
// In the order in which Step Functions lists them.
constexpr TypeRow kTypes[] = {
    {"Task", StateType::task, kTask},
    {"Wait", StateType::wait, kWait},
    {"Pass", StateType::pass, kPass},
    {"Succeed", StateType::succeed, kSucceed},
    {"Fail", StateType::fail, kFail},
    {"Choice", StateType::choice, kChoice},
    {"Parallel", StateType::parallel, kParallel},
    {"Map", StateType::map, kMap},
};

const TypeRow* parse_type(Fields& fields) {
  fields.require({"Type"});
  auto text = fields.string("Type");
  if (!text) return nullptr;
  for (const TypeRow& row : kTypes) {
    if (row.name == *text) return &row;
  }
  fields.problem_in("Type",
                    "Field should have one of these values: [Task, Wait, Pass, Succeed, Fail, "
                    "Choice, Parallel, Map]");
  return nullptr;
}

/// Fields of the other query language and of variables get a text that says so.
void check_fields(Fields& fields, Names allowed) {
  static constexpr std::string_view kJsonata[] = {"Arguments", "Output", "Items", "Condition"};
  std::vector<std::string_view> names(allowed.begin(), allowed.end());
  for (std::string_view name : kJsonata) {
    if (!fields.has(name)) continue;
    fields.problem(
        fmt::format("The QueryLanguage is set to 'JSONPath', but field '{}' is only "
                    "supported for the 'JSONata' QueryLanguage",
                    name));
    names.push_back(name);
  }
  if (fields.has("Assign")) {
    fields.problem("Variables are not supported here: field 'Assign'");
    names.push_back("Assign");
  }
  fields.allow_only(names);
}

/// Exactly one of Next and End: true.
std::string parse_next(Fields& fields) {
  std::string next = fields.target("Next");
  bool end = fields.boolean("End").value_or(false);
  if (fields.has("Next") && end) {
    fields.problem("Only one of these fields is allowed: [Next, End]");
  } else if (!fields.has("Next") && !end) {
    fields.problem("One of these fields is required: [Next, End]");
  }
  return end ? "" : next;
}

/// The role that the call is made as: `RoleArn`, fixed or by an expression.
void parse_credentials(Fields& fields, State& state) {
  static constexpr std::string_view kNames[] = {"RoleArn", "RoleArn.$"};
  const json::object* object = fields.object("Credentials");
  if (!object) return;
  Fields credentials(*object, fields.location_of("Credentials"), fields.problems());
  credentials.allow_only(kNames);
  credentials.exclusive("RoleArn", "RoleArn.$");
  if (!credentials.has("RoleArn.$")) credentials.require({"RoleArn"});
  credentials.string("RoleArn");
  state.credentials = fields.payload("Credentials");
}

void parse_task(Fields& fields, State& state) {
  fields.require({"Resource"});
  state.resource = parse_resource(fields.string("Resource").value_or(""));
  state.parameters = fields.payload("Parameters");
  parse_credentials(fields, state);
  state.timeout_seconds = fields.integer("TimeoutSeconds", 1);
  state.timeout_path = fields.path("TimeoutSecondsPath");
  state.heartbeat_seconds = fields.integer("HeartbeatSeconds", 1);
  state.heartbeat_path = fields.path("HeartbeatSecondsPath");
  fields.exclusive("TimeoutSeconds", "TimeoutSecondsPath");
  fields.exclusive("HeartbeatSeconds", "HeartbeatSecondsPath");
  int64_t timeout = state.timeout_seconds.value_or(kSecondsMax);
  if (state.heartbeat_seconds && !state.timeout_path && *state.heartbeat_seconds >= timeout) {
    fields.problem_in("HeartbeatSeconds", "Value must be smaller than TimeoutSeconds");
  }
}

void parse_wait(Fields& fields, State& state) {
  static constexpr std::string_view kForms[] = {"Seconds", "SecondsPath", "Timestamp",
                                                "TimestampPath"};
  auto count = std::count_if(std::begin(kForms), std::end(kForms),
                             [&](std::string_view name) { return fields.has(name); });
  if (count != 1) {
    fields.problem(
        "Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, "
        "TimestampPath]");
  }
  state.seconds = fields.integer("Seconds", 0);
  state.seconds_path = fields.path("SecondsPath");
  state.timestamp_path = fields.path("TimestampPath");
  if (auto text = fields.string("Timestamp")) {
    Time time;
    if (parse_iso8601(*text, time)) {
      state.timestamp = time;
    } else {
      fields.problem_in("Timestamp",
                        "Value is not a valid ISO-8601 extended offset date-time format string");
    }
  }
}

void parse_fail(Fields& fields, State& state) {
  state.error = fields.string("Error");
  state.cause = fields.string("Cause");
  state.error_path = fields.expression("ErrorPath");
  state.cause_path = fields.expression("CausePath");
  fields.exclusive("Error", "ErrorPath");
  fields.exclusive("Cause", "CausePath");
}

void parse_by_type(Fields& fields, State& state, States& states) {
  switch (state.type) {
    case StateType::task:
      parse_task(fields, state);
      break;
    case StateType::pass:
      state.parameters = fields.payload("Parameters");
      if (const json::value* result = find(fields.object(), "Result")) state.result = *result;
      break;
    case StateType::choice:
      state.choices = parse_choices(fields);
      state.default_next = fields.target("Default");
      break;
    case StateType::wait:
      parse_wait(fields, state);
      break;
    case StateType::succeed:
      break;
    case StateType::fail:
      parse_fail(fields, state);
      break;
    case StateType::parallel:
      state.parameters = fields.payload("Parameters");
      parse_parallel(fields, state, states);
      break;
    case StateType::map:
      parse_map(fields, state, states);
      break;
  }
}

/// Whether states of the type call something: what comes back may be picked from, and may fail.
bool has_result(StateType type) {
  return type == StateType::task || type == StateType::parallel || type == StateType::map;
}

}  // namespace

void check_query_language(Fields& fields) {
  auto language = fields.string("QueryLanguage");
  if (!language || *language == "JSONPath") return;
  fields.problem_in("QueryLanguage",
                    *language == "JSONata"
                        ? "The query language 'JSONata' is not supported here"
                        : "Field should have one of these values: [JSONPath, JSONata]");
}

State parse_state(const std::string& name, Fields& fields, States& states) {
  State state;
  state.name = name;
  const TypeRow* row = parse_type(fields);
  if (!row) {
    // Its fields cannot be checked, but where it leads keeps other states reachable.
    if (const json::value* next = find(fields.object(), "Next"); next && next->is_string()) {
      state.next = to_std(next->get_string());
    }
    return state;
  }
  state.type = row->type;
  check_fields(fields, row->fields);
  fields.string("Comment");
  check_query_language(fields);
  state.input_path = fields.selector("InputPath");
  state.output_path = fields.selector("OutputPath");
  state.result_path = fields.selector("ResultPath", true);
  if (has_result(row->type) || row->type == StateType::pass || row->type == StateType::wait) {
    state.next = parse_next(fields);
  }
  parse_by_type(fields, state, states);
  if (has_result(row->type)) {
    state.result_selector = fields.payload("ResultSelector");
    state.retriers = parse_retriers(fields);
    state.catchers = parse_catchers(fields);
  }
  return state;
}

}  // namespace trainyard::asl
