#include "sdk/workflow.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/arn.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "client/config.hpp"
#include "client/presign.hpp"
#include "generated/states/client.hpp"
#include "generated/states/types.hpp"
#include "graph/graph.hpp"
#include "sdk/poll.hpp"
#include "wire/json.hpp"

namespace trainyard::sdk {
namespace {

constexpr int kPageMax = 1000;  // maxResults of the list operations
constexpr std::chrono::hours kConsoleLinkLife{12};

// "State Machine Already Exists: '<arn>'"
std::string quoted_arn(const std::string& message) {
  const std::vector<std::string> parts = split(message, '\'');
  return parts.size() >= 2 ? parts[1] : "";
}

json::array to_tags(const std::map<std::string, std::string>& tags) {
  json::array list;
  for (const auto& [key, value] : tags) list.push_back({{"key", key}, {"value", value}});
  return list;
}

Time time_in(const json::object& object, const char* name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_number() ? from_epoch_seconds(value->to_number<double>())
                                                : Time{};
}

// Collects `member` of page after page, up to `max_items`.
template <class Ask>
json::array collect(const char* member, int max_items, const Ask& ask) {
  json::array all;
  std::optional<std::string> token;
  do {
    const json::object page = ask(token);
    if (const json::array* items = find_array(page, member)) {
      for (const json::value& item : *items) {
        if (static_cast<int>(all.size()) < max_items) all.push_back(item);
      }
    }
    token = find_string(page, "nextToken");
  } while (token && static_cast<int>(all.size()) < max_items);
  return all;
}

}  // namespace

std::string Execution::name() const { return arn_.substr(arn_.rfind(':') + 1); }

json::object Execution::describe() {
  return wire::to_json(session_.states().describe_execution({.execution_arn = arn_}));
}

std::string Execution::status() { return find_string(describe(), "status").value_or(""); }

json::value Execution::get_input() {
  const auto text = find_string(describe(), "input");
  if (!text) return nullptr;
  return parse_json(*text).value_or(json::value(*text));
}

std::optional<json::value> Execution::get_output(bool wait) {
  Poll poll;
  json::object described = describe();
  while (wait && find_string(described, "status") == "RUNNING") {
    poll.pause();
    described = describe();
  }
  const auto text = find_string(described, "output");
  if (!text) return std::nullopt;
  return parse_json(*text).value_or(json::value(*text));
}

json::array Execution::list_events(int max_items, bool reverse_order) {
  return collect("events", max_items, [&](const std::optional<std::string>& token) {
    trainyard::states::GetExecutionHistoryInput input;
    input.execution_arn = arn_;
    input.reverse_order = reverse_order;
    input.max_results = std::min(max_items, kPageMax);
    if (token) input.next_token = *token;
    return wire::to_json(session_.states().get_execution_history(input));
  });
}

void Execution::stop(const std::string& cause, const std::string& error) {
  trainyard::states::StopExecutionInput input;
  input.execution_arn = arn_;
  if (!cause.empty()) input.cause = cause;
  if (!error.empty()) input.error = error;
  session_.states().stop_execution(input);
}

std::string Execution::console_url() {
  const client::Config& config = session_.config();
  if (config.endpoint_of("states").empty()) {
    return fmt::format("https://{0}.console.aws.amazon.com/states/home?region={0}"
                       "#/v2/executions/details/{1}",
                       session_.region(), arn_);
  }
  const std::string path = replace_all(percent_encode(arn_, true), "%3A", ":");
  return client::presign_url(config, "states", "GET", "/_console/executions/" + path,
                             kConsoleLinkLife, session_.now());
}

Workflow::Workflow(Session& session, std::string name, Definition definition, std::string role,
                   std::map<std::string, std::string> tags)
    : session_(session),
      name_(std::move(name)),
      definition_(std::move(definition)),
      role_(std::move(role)),
      tags_(std::move(tags)) {}

const std::string& Workflow::create() {
  const json::object request = {{"name", name_},
                                {"definition", definition_.to_json_text(true)},
                                {"roleArn", role_},
                                {"tags", to_tags(tags_)}};
  try {
    arn_ = session_.states()
               .create_state_machine(
                   wire::from_json<trainyard::states::CreateStateMachineInput>(request))
               .state_machine_arn;
  } catch (const ApiError& error) {
    const std::string existing = quoted_arn(error.message());
    if (error.code() != "StateMachineAlreadyExists" || !parse_arn(existing)) throw;
    arn_ = existing;
  }
  return arn_;
}

const std::string& Workflow::created_arn() const {
  if (arn_.empty()) throw SystemError("workflow " + name_ + " has not been created yet");
  return arn_;
}

void Workflow::update(const Definition& definition, const std::string& role) {
  trainyard::states::UpdateStateMachineInput input;
  input.state_machine_arn = created_arn();
  input.definition = definition.to_json_text(true);
  if (!role.empty()) input.role_arn = role;
  session_.states().update_state_machine(input);
  definition_ = definition;
  if (!role.empty()) role_ = role;
}

Execution Workflow::execute(const std::string& name, const json::value& input) {
  return execute_text(name, dump_pretty(input));
}

Execution Workflow::execute_text(const std::string& name, const std::string& input) {
  trainyard::states::StartExecutionInput request;
  request.state_machine_arn = created_arn();
  if (!name.empty()) request.name = name;
  request.input = input;
  return Execution(session_, session_.states().start_execution(request).execution_arn);
}

std::vector<ExecutionSummary> Workflow::list_executions(int max_items,
                                                        const std::string& status_filter) {
  const json::array items =
      collect("executions", max_items, [&](const std::optional<std::string>& token) {
        trainyard::states::ListExecutionsInput input;
        input.state_machine_arn = created_arn();
        input.max_results = std::min(max_items, kPageMax);
        if (!status_filter.empty()) input.status_filter = status_filter;
        if (token) input.next_token = *token;
        return wire::to_json(session_.states().list_executions(input));
      });
  std::vector<ExecutionSummary> summaries;
  for (const json::value& item : items) {
    const json::object& entry = item.as_object();
    ExecutionSummary summary;
    summary.name = find_string(entry, "name").value_or("");
    summary.arn = find_string(entry, "executionArn").value_or("");
    summary.status = find_string(entry, "status").value_or("");
    summary.started = time_in(entry, "startDate");
    if (entry.contains("stopDate")) summary.stopped = time_in(entry, "stopDate");
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

void Workflow::remove() {
  session_.states().delete_state_machine({.state_machine_arn = created_arn()});
}

Drawing Workflow::render_graph() const {
  const graph::Graph graph = graph::from_definition(definition_.to_json());
  return {graph::to_svg(graph), graph::to_text(graph)};
}

Workflow Workflow::attach(Session& session, const std::string& arn) {
  const auto machine = wire::to_json(
      session.states().describe_state_machine({.state_machine_arn = arn}));
  const auto definition = parse_json(find_string(machine, "definition").value_or(""));
  if (!definition || !definition->is_object()) {
    throw SystemError("the definition of " + arn + " cannot be read");
  }
  Workflow workflow(session, find_string(machine, "name").value_or(""),
                    Definition::from_json(definition->as_object()),
                    find_string(machine, "roleArn").value_or(""));
  workflow.arn_ = arn;
  return workflow;
}

std::vector<WorkflowSummary> Workflow::list_workflows(Session& session, int max_items) {
  const json::array items =
      collect("stateMachines", max_items, [&](const std::optional<std::string>& token) {
        trainyard::states::ListStateMachinesInput input;
        input.max_results = std::min(max_items, kPageMax);
        if (token) input.next_token = *token;
        return wire::to_json(session.states().list_state_machines(input));
      });
  std::vector<WorkflowSummary> summaries;
  for (const json::value& item : items) {
    const json::object& entry = item.as_object();
    summaries.push_back({find_string(entry, "name").value_or(""),
                         find_string(entry, "stateMachineArn").value_or(""),
                         time_in(entry, "creationDate")});
  }
  return summaries;
}

}  // namespace trainyard::sdk
