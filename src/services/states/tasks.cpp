#include "services/states/tasks.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "identity/identity.hpp"
#include "services/states/aws_sdk.hpp"
#include "services/states/catalogue.hpp"
#include "services/states/deliveries.hpp"
#include "services/states/nested.hpp"
#include "services/states/roles.hpp"
#include "services/states/sagemaker.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kStopMessage = "states.stop";
constexpr std::string_view kInvokeEndpoint = "states:InvokeHTTPEndpoint";
constexpr int kOk = 200;

using Kind = Integration::Kind;

asl::Event failed(const asl::CallTask& task, asl::Failure failure) {
  return asl::TaskAnswered{task.call, {nullptr, std::move(failure)}};
}

/// It was to be had when the definition was checked.
asl::Failure unavailable(const asl::Resource& resource) {
  return {std::string(asl::kRuntime), "The resource " + resource.arn + " is not available."};
}

/// The answer of an optimised integration, with the facts of its HTTP exchange.
json::object with_exchange(json::object output, std::string_view content_type,
                           const std::string& request_id, Time now) {
  std::string length = std::to_string(dump(output).size());
  const std::pair<std::string_view, std::string> headers[] = {
      {"x-amzn-RequestId", request_id},
      {"Content-Length", length},
      {"Date", http_date(now)},
      {"Content-Type", std::string(content_type)}};
  json::object all, first;
  for (const auto& [name, value] : headers) {
    all[name] = json::array{value};
    first[name] = value;
  }
  output["SdkHttpMetadata"] = {
      {"AllHttpHeaders", all}, {"HttpHeaders", first}, {"HttpStatusCode", kOk}};
  output["SdkResponseMetadata"] = {{"RequestId", request_id}};
  return output;
}

/// Whether the role may call the endpoint (Service Authorization Reference, "Actions, resources,
/// and condition keys for AWS Step Functions"), and whether this daemon reaches it.
std::optional<asl::Failure> refused_endpoint(Call& call, const Caller& principal,
                                             const TaskOwner& owner, const HttpTask& task) {
  identity::Authorisation request;
  request.action = kInvokeEndpoint;
  request.resource = owner.facts.machine_id;
  request.context = {{"aws:RequestedRegion", call.site.region},
                     {"states:HTTPMethod", task.method},
                     {"states:HTTPEndpoint", task.endpoint}};
  try {
    identity::authorise(call.txn, principal, request, call.now);
  } catch (const ApiError& error) {
    return asl::Failure{std::string(asl::kPermissions), error.message()};
  }
  if (is_allowed(call.site.http_allow, task)) return std::nullopt;
  return asl::Failure{std::string(asl::kPermissions),
                      fmt::format("The endpoint {} is not reached from here: none of the patterns "
                                  "of 'trainyard serve --http-allow' names it.",
                                  task.endpoint)};
}

std::variant<OutsideCall, asl::Failure> http_call(Call& call, Caller principal,
                                                  const TaskOwner& owner,
                                                  const json::object& parameters) {
  auto task = http_task_of(parameters, call.site.region);
  if (auto* failure = std::get_if<asl::Failure>(&task)) return std::move(*failure);
  OutsideCall outside;
  outside.http = std::move(std::get<HttpTask>(task));
  if (auto refused = refused_endpoint(call, principal, owner, *outside.http)) return *refused;
  outside.principal = std::move(principal);
  return outside;
}

/// Nothing is waited for that is over already: its end was nobody's news when it came.
void tell_if_over(Call& call, const SyncRule& rule, const std::string& job) {
  if (&rule == &kExecutions) tell_status(call, job);
}

void wait_for(Call& call, const TaskOwner& owner, const asl::CallTask& task, const SyncRule& rule,
              const json::object& output) {
  JobWait wait{owner.id, task.call, find_string(output, rule.arn_member).value_or(""),
               task.resource.arn, task.role_arn};
  insert_wait(call, wait);
  tell_if_over(call, rule, wait.job);
}

}  // namespace

json::object task_request(const Door& door, const Integration& integration,
                          const json::object& parameters, const std::string& execution_arn) {
  switch (integration.kind) {
    case Kind::sagemaker:
      return sagemaker_request(door, integration, parameters, execution_arn);
    case Kind::nested: return nested_request(parameters);
    case Kind::sdk: return sdk_request(integration, parameters);
    case Kind::http: break;
  }
  return parameters;
}

wire::JsonForm form_of(const Integration& integration) {
  return integration.kind == Kind::sdk ? wire::JsonForm::sdk : wire::JsonForm::service;
}

json::object task_response(const Integration& integration, const json::object& output,
                           const std::string& request_id, Time now) {
  switch (integration.kind) {
    case Kind::sagemaker:
      return with_exchange(output, "application/x-amz-json-1.1", request_id, now);
    case Kind::nested:
      return sorted(with_exchange(nested_response(output), "application/x-amz-json-1.0",
                                  request_id, now))
          .as_object();
    case Kind::sdk: return sdk_response(output);
    case Kind::http: break;
  }
  return output;
}

asl::Failure task_failure(const Door& door, const Integration& integration,
                          const json::value& parameters, const ApiError& error,
                          const std::string& request_id) {
  switch (integration.kind) {
    case Kind::sagemaker: return sagemaker_failure(error, request_id);
    case Kind::nested: return nested_failure(door, error, request_id);
    default: return sdk_failure(door, integration, parameters, error, request_id);
  }
}

CallPlace place_of(const Door& door, const asl::Resource& resource) {
  auto integration = find_integration(door, resource);
  if (!integration) return CallPlace::inside;
  return integration->outside            ? CallPlace::outside
         : integration->moves_executions ? CallPlace::alone
                                         : CallPlace::inside;
}

asl::Event answer_of(const asl::CallTask& task, asl::TaskResult result) {
  if (task.resource.pattern.empty() || result.failure) {
    return asl::TaskAnswered{task.call, std::move(result)};
  }
  return asl::TaskSubmitted{task.call, std::move(result.output)};
}

asl::Event call_task(Call& call, const TaskOwner& owner, const asl::CallTask& task) {
  std::string request_id = call.random.uuid();
  auto integration = find_integration(call.door, task.resource);
  if (!integration || integration->outside) return failed(task, unavailable(task.resource));
  auto principal = task_principal(call, owner.facts, task.role_arn);
  if (auto* failure = std::get_if<asl::Failure>(&principal)) return failed(task, *failure);
  try {
    json::object output = call.door.invoke(
        call, std::get<Caller>(principal), integration->service, integration->operation,
        task_request(call.door, *integration, task.parameters.as_object(), owner.facts.id),
        form_of(*integration));
    if (const SyncRule* rule = find_sync_rule(task.resource)) {
      wait_for(call, owner, task, *rule, output);
    }
    return answer_of(task, {task_response(*integration, output, request_id, call.now),
                            std::nullopt});
  } catch (const ApiError& error) {
    return failed(task,
                  task_failure(call.door, *integration, task.parameters, error, request_id));
  } catch (const StoreError&) {
    throw;  // the transaction runs again
  } catch (const std::exception& error) {  // tried again it would fail again, and for ever
    return failed(task, {std::string(asl::kRuntime), error.what()});
  }
}

std::variant<OutsideCall, asl::Failure> outside_call(Call& call, const TaskOwner& owner,
                                                     const asl::CallTask& task) {
  auto integration = find_integration(call.door, task.resource);
  if (!integration || !integration->outside) return unavailable(task.resource);
  auto principal = task_principal(call, owner.facts, task.role_arn);
  if (auto* failure = std::get_if<asl::Failure>(&principal)) return std::move(*failure);
  Caller& caller = std::get<Caller>(principal);
  if (integration->kind == Kind::http) {
    return http_call(call, std::move(caller), owner, task.parameters.as_object());
  }
  return OutsideCall{std::move(caller), integration->service, integration->operation,
                     task_request(call.door, *integration, task.parameters.as_object(),
                                  owner.facts.id),
                     std::nullopt};
}

asl::TaskResult outside_result(const json::object& output) {
  return {sdk_response(output), std::nullopt};
}

asl::TaskResult outside_result(const Door& door, const outbox::Message& message,
                               const ApiError& error, const std::string& request_id) {
  auto integration = find_integration(
      door, asl::parse_resource(find_string(message.payload, "resource").value_or("")));
  TRAINYARD_ASSERT(integration && integration->sdk != nullptr);
  return {nullptr,
          sdk_failure(door, *integration, message.payload.at("parameters"), error, request_id)};
}

void stop_job_of(Call& call, const TaskOwner& owner, const asl::CallId& id) {
  auto wait = find_wait(call.txn, owner.id, id);
  if (!wait) return;
  delete_wait(call, owner.id, id);
  outbox::post(call.txn, kStopMessage, wait->job,
               {{"job", wait->job},
                {"task", wait->task},
                {"role", owner.facts.role_arn},
                {"task_role", wait->role ? json::value(*wait->role) : json::value()},
                {"name", owner.facts.name},
                {"machine", owner.facts.machine_id}},
               call.now);
}

void deliver_stop(Call& call, const outbox::Message& message) {
  auto text = [&](const char* name) { return find_string(message.payload, name).value_or(""); };
  const SyncRule* rule = find_sync_rule(asl::parse_resource(text("task")));
  if (rule == nullptr) return;
  asl::Facts facts;
  facts.role_arn = text("role");
  facts.name = text("name");
  facts.machine_id = text("machine");
  auto principal = task_principal(call, facts, find_string(message.payload, "task_role"));
  const std::string job = text("job");
  if (const auto* failure = std::get_if<asl::Failure>(&principal)) {
    return log_info("{} goes on after its task was given up: {}", job, failure->cause);
  }
  try {
    rule->stop(call, std::get<Caller>(principal), job);
  } catch (const ApiError& error) {
    log_info("{} goes on after its task was given up: {}", job, error.message());
  }
}

}  // namespace trainyard::states
