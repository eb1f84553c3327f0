#include "cli/asl_tasks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "services/states/jobs.hpp"
#include "services/states/nested.hpp"
#include "services/states/sagemaker.hpp"
#include "services/states/tasks.hpp"
#include "wire/json.hpp"
#include "wire/route.hpp"
#include "wire/streams.hpp"

namespace trainyard::cli {
namespace {

using Kind = states::Integration::Kind;

constexpr Duration kPauseFirst{250};
constexpr Duration kPauseMax{5'000};

[[noreturn]] void refuse(const Subject& subject, const asl::CallTask& call, const char* why) {
  throw SystemError(fmt::format("state '{}' calls {}, {}: give its answer with --mock FILE",
                                subject.state, call.resource.arn, why));
}

}  // namespace

DaemonTasks::DaemonTasks(wire::Invoker& calls, std::string execution_arn, Clock& clock,
                         Random& random, Say say)
    : calls_(calls),
      execution_arn_(std::move(execution_arn)),
      clock_(clock),
      random_(random),
      say_(std::move(say)) {}

states::Integration DaemonTasks::integration_of(const Subject& subject,
                                                const asl::CallTask& call) const {
  if (call.resource.by_token()) refuse(subject, call, "which ends by a token");
  const auto integration = states::find_integration(door_, call.resource);
  if (!integration) refuse(subject, call, "which is not to be called here");
  if (integration->kind == Kind::http) refuse(subject, call, "which only a daemon calls");
  if (call.role_arn) refuse(subject, call, "as another role, but --endpoint calls as you");
  return *integration;
}

std::vector<Reaction> DaemonTasks::call(const Subject& subject, const asl::CallTask& call) {
  const states::Integration integration = integration_of(subject, call);
  const std::string request_id = random_.uuid();
  try {
    const json::object output = invoke(
        integration.service, integration.operation,
        states::task_request(door_, integration, call.parameters.as_object(), execution_arn_),
        states::form_of(integration));
    if (const states::SyncRule* rule = states::find_sync_rule(call.resource)) {
      const std::string arn = find_string(output, rule->arn_member).value_or("");
      jobs_.push_back({call.call, call.resource, rule, arn, clock_.now(), kPauseFirst});
    }
    json::object response =
        states::task_response(integration, output, request_id, clock_.now());
    return {{Duration{0}, states::answer_of(call, {std::move(response), std::nullopt})}};
  } catch (const ApiError& error) {
    asl::Failure failure =
        states::task_failure(door_, integration, call.parameters, error, request_id);
    return {{Duration{0}, asl::TaskAnswered{call.call, {nullptr, std::move(failure)}}}};
  }
}

json::object DaemonTasks::invoke(std::string_view service, std::string_view operation,
                                 const json::object& input, wire::JsonForm form) {
  const wire::Service& table = *server::find_service(service)->service;
  const wire::Operation& row = *wire::find_operation(table, operation);
  const auto typed = row.make_input();
  const auto output = row.make_output();
  wire::from_json(*row.input, input, typed.get(), nullptr, form);
  wire::set_stream(*row.input, typed.get(), wire::stream_text(*row.input, input));
  calls_.invoke(table, row, typed.get(), output.get());
  // More than a result may have ends the task.
  if (form == wire::JsonForm::sdk) {
    return wire::to_json_streamed(*row.output, output.get(), asl::kPayloadBytesMax + 1);
  }
  return wire::to_json(*row.output, output.get(), form).as_object();
}

std::vector<asl::Event> DaemonTasks::poll() {
  std::vector<asl::Event> events;
  for (Job& job : jobs_) {
    if (clock_.now() < job.next_look) continue;
    if (auto result = look_at(job)) {
      events.push_back(asl::TaskCompleted{job.call, std::move(*result)});
    }
    job.next_look = clock_.now() + job.pause;
    job.pause = std::min(kPauseMax, job.pause * 3 / 2);
  }
  std::erase_if(jobs_, [&](const Job& job) {
    return std::any_of(events.begin(), events.end(), [&](const asl::Event& event) {
      return std::get<asl::TaskCompleted>(event).call == job.call;
    });
  });
  return events;
}

std::optional<asl::TaskResult> DaemonTasks::look_at(const Job& job) {
  if (job.rule == &states::kExecutions) {
    return states::execution_result(
        job.task, invoke("states", "DescribeExecution", {{"executionArn", job.arn}}));
  }
  const std::string name = job.arn.substr(job.arn.rfind('/') + 1);
  return states::job_result(
      states::job_detail(invoke("sagemaker", "DescribeTrainingJob", {{"TrainingJobName", name}}),
                         invoke("sagemaker", "ListTags", {{"ResourceArn", job.arn}})));
}

void DaemonTasks::cancel(const asl::CancelTask& task) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(),
                                  [&](const Job& job) { return job.call == task.call; });
  if (found == jobs_.end()) return;
  const Job job = *found;
  jobs_.erase(found);
  try {
    stop(job);
  } catch (const ApiError& error) {
    say_(fmt::format("{} goes on: {}", job.arn, error.message()));
  } catch (const std::exception& error) {
    say_(fmt::format("{} goes on: {}", job.arn, error.what()));
  }
}

void DaemonTasks::stop(const Job& job) {
  if (job.rule == &states::kExecutions) {
    invoke("states", "StopExecution", {{"executionArn", job.arn}});
  } else {
    invoke("sagemaker", "StopTrainingJob",
           {{"TrainingJobName", job.arn.substr(job.arn.rfind('/') + 1)}});
  }
}

}  // namespace trainyard::cli
