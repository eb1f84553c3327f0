#include "services/states/nested.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "generated/states/operations.hpp"
#include "wire/json.hpp"
#include "wire/sdk_names.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kSource = "aws.states";
constexpr std::string_view kDetailType = "Step Functions Execution Status Change";
constexpr std::string_view kRunning = "RUNNING";
constexpr std::string_view kSucceeded = "SUCCEEDED";
constexpr double kMillisPerSecond = 1000;
/// Input and output go along with an event up to so many bytes together (Step Functions Developer
/// Guide, "Automating Step Functions event delivery with EventBridge").
constexpr std::size_t kEventDataBytesMax = 248 * 1024;
/// Members of an event, in the guide's order. What there is none of is null.
constexpr std::string_view kEventMembers[] = {"executionArn",
                                              "stateMachineArn",
                                              "stateMachineVersionArn",
                                              "stateMachineAliasArn",
                                              "redriveCount",
                                              "redriveDate",
                                              "redriveStatus",
                                              "redriveStatusReason",
                                              "name",
                                              "status",
                                              "startDate",
                                              "stopDate",
                                              "input",
                                              "inputDetails",
                                              "output",
                                              "outputDetails",
                                              "error",
                                              "cause"};

int64_t millis_of(const json::value& seconds) {
  return std::llround(seconds.to_number<double>() * kMillisPerSecond);
}

bool is_date(std::string_view name) { return name.ends_with("Date") || name.ends_with("date"); }

json::value capitalised(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object result;
  for (const auto& [name, member] : *object) {
    const bool date = is_date(name) && member.is_number();
    result[wire::sdk_name(name)] = date ? json::value(millis_of(member)) : capitalised(member);
  }
  return result;
}

/// The execution as DescribeExecution shows it, of whoever's right to see it.
json::object description_of(Call& call, const std::string& arn) {
  return wire::to_json(describe_execution(call, {arn, {}}));
}

/// `.sync:2` has JSON where `.sync` has the text of JSON.
void parse_data(json::object& execution) {
  for (const char* name : {"Input", "Output"}) {
    auto text = find_string(execution, name);
    auto value = text ? parse_json(*text) : std::nullopt;
    if (value) execution[name] = std::move(*value);
  }
}

std::optional<asl::TaskResult> result_of_execution(Call& call, const asl::Resource& task,
                                                   const std::string& arn, const json::object&) {
  json::object shown;
  try {
    shown = description_of(call, arn);
  } catch (const ApiError& error) {  // deleted together with its machine
    return asl::TaskResult{nullptr, asl::Failure{std::string(asl::kTaskFailed), error.message()}};
  }
  return execution_result(task, shown);
}

json::object describe_nested(Call& call, const Caller& principal, const std::string& arn) {
  return call.door.invoke(call, principal, "states", "DescribeExecution", {{"executionArn", arn}});
}

void stop_nested(Call& call, const Caller& principal, const std::string& arn) {
  call.door.invoke(call, principal, "states", "StopExecution", {{"executionArn", arn}});
}

/// Leaves data out that would make an event too long, the input first.
void bound_data(json::object& detail) {
  auto size_of = [&](const char* name) { return find_string(detail, name).value_or("").size(); };
  auto leave_out = [&](const char* name, const char* details) {
    detail[name] = nullptr;
    detail[details] = {{"included", false}};
  };
  if (size_of("input") + size_of("output") <= kEventDataBytesMax) return;
  leave_out("input", "inputDetails");
  if (size_of("output") > kEventDataBytesMax) leave_out("output", "outputDetails");
}

json::object event_detail(Call& call, const std::string& arn) {
  const json::object shown = description_of(call, arn);
  json::object detail;
  for (std::string_view name : kEventMembers) {
    const json::value* member = find(shown, name);
    const bool date = member && is_date(name);
    detail[name] = date ? json::value(millis_of(*member)) : member ? *member : json::value();
  }
  bound_data(detail);
  return detail;
}

bool is_running(Txn& txn, const std::string& arn) {
  return txn.exists("SELECT 1 FROM states_executions WHERE arn = ? AND status = ?", arn, kRunning);
}

/// Whether the news is worth a message. The rules of `.sync` tasks hear every execution's, but
/// only an end is news to somebody who waits.
bool is_heard(Call& call, const std::string& arn) {
  switch (call.door.listeners(call, kSource, kDetailType)) {
    case Listeners::none:
      return false;
    case Listeners::jobs:
      return is_awaited(call.txn, arn) && !is_running(call.txn, arn);
    case Listeners::others:
      return true;
  }
  return true;
}

}  // namespace

const SyncRule kExecutions = {.service = "states",
                              .operation = "startExecution",
                              .arn_member = "executionArn",
                              .source = kSource,
                              .detail_type = kDetailType,
                              .managed_rule = "StepFunctionsGetEventsForStepFunctionsExecutionRule",
                              .result = result_of_execution,
                              .describe = describe_nested,
                              .stop = stop_nested};

json::object nested_request(const json::object& parameters) {
  json::object request;
  for (const auto& [name, value] : parameters) {
    std::string member(name);
    if (!member.empty() && member[0] >= 'A' && member[0] <= 'Z') member[0] += 'a' - 'A';
    request[member] = value;
  }
  if (const json::value* input = find(request, "input")) {
    const bool text = input->is_string() && parse_json(to_std(input->get_string()));
    if (!text) request["input"] = dump(*input);
  }
  return request;
}

json::object nested_response(const json::object& output) {
  return sorted(capitalised(output)).as_object();
}

std::optional<asl::TaskResult> execution_result(const asl::Resource& task,
                                                const json::object& shown) {
  const std::string status = find_string(shown, "status").value_or("");
  if (status == kRunning) return std::nullopt;
  json::object result = nested_response(shown);
  if (task.pattern == "sync:2") parse_data(result);
  if (status == kSucceeded) return asl::TaskResult{std::move(result), std::nullopt};
  return asl::TaskResult{nullptr, asl::Failure{std::string(asl::kTaskFailed), dump(result)}};
}

asl::Failure nested_failure(const Door& door, const ApiError& error,
                            const std::string& request_id) {
  std::string_view shape = door.error_shape("states", error.code());
  std::string name = shape.empty() ? "AWSStepFunctionsException" : wire::sdk_exception(shape);
  return {"StepFunctions." + name,
          fmt::format("{} (Service: AWSStepFunctions; Status Code: {}; Error Code: {}; Request ID: "
                      "{}; Proxy: null)",
                      error.message(), error.http_status(), error.code(), request_id)};
}

void tell_status(Call& call, const std::string& execution_arn) {
  if (!is_heard(call, execution_arn)) return;
  outbox::post(call.txn, "events.put", execution_arn,
               {{"source", kSource},
                {"detail-type", kDetailType},
                {"resources", json::array{execution_arn}},
                {"detail", event_detail(call, execution_arn)}},
               call.now);
}

}  // namespace trainyard::states
