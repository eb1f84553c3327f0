#include "services/states/turn.hpp"

#include <fmt/format.h>

#include <deque>

#include "base/error.hpp"
#include "base/log.hpp"
#include "services/states/history.hpp"
#include "services/states/integrations.hpp"
#include "services/states/parsed.hpp"
#include "services/states/rows.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kTaskMessage = "states.task";
constexpr std::string_view kTimerMessage = "states.timer";
constexpr std::string_view kPollMessage = "states.poll";
/// Events tell of a job's end at once; this is for those that do not come, because somebody has
/// removed the managed rule.
constexpr std::chrono::seconds kPollEvery{60};
constexpr std::string_view kRunning = "RUNNING";
constexpr std::string_view kPermissions = "States.Permissions";

/// An execution with its pinned revision, as the interpreter sees it.
struct Loaded {
  int64_t id = 0, machine = 0;
  bool machine_deleting = false;
  asl::Facts facts;
  asl::Snapshot snapshot;
  asl::Stored stored;  // what the snapshot was read from
  std::string definition;
};

std::optional<Loaded> load(Call& call, int64_t id) {
  auto arn = call.txn.one("SELECT arn FROM states_executions WHERE id = ?",
                          [](const Row& row) { return row.text(0); }, id);
  if (!arn) return std::nullopt;
  ExecutionRow row = *find_execution(call.txn, *arn);
  MachineName machine = machine_of(call.txn, row.machine);
  Revision revision = get_revision(call.txn, row.revision);
  Loaded loaded;
  loaded.id = id;
  loaded.machine = row.machine;
  loaded.machine_deleting = machine.deleting;
  loaded.facts = {row.arn,      row.name,         revision.role_arn, machine.arn,
                  machine.name, call.site.region, row.started,       nullptr,
                  row.input};
  loaded.facts.supports_field = supports_field(call.door);
  loaded.stored = read_snapshot(call.txn, id);
  loaded.snapshot = asl::from_stored(loaded.stored);
  loaded.definition = std::move(revision.definition);
  return loaded;
}

/// The turn at work: the interpreter's commands become rows and messages.
class Turn {
 public:
  Turn(Call& call, Loaded loaded, CallMode mode)
      : call_(call), loaded_(std::move(loaded)), mode_(mode) {}

  void run(asl::Event event);
  /// Makes the call that the execution waits for, then runs the turn of its answer.
  void run_call(const asl::CallTask& task);

 private:
  void apply(const asl::CallTask& task);
  void apply(const asl::SetTimer& timer);
  void apply(const asl::CancelTimer& timer);
  void apply(const asl::CancelTask& task);
  void apply(const asl::Ended& ended);
  asl::Event make_call(const asl::CallTask& task);
  void wait_for(const asl::CallTask& task, const SyncRule& rule, const json::object& output);
  std::string key(std::string_view part) const {
    return loaded_.facts.id + "#" + std::string(part);
  }

  Call& call_;
  Loaded loaded_;
  CallMode mode_;
  std::deque<asl::Event> events_;
  int calls_made_ = 0;
};

/// A call as the payload of a message.
json::object message_of(const asl::CallTask& task, const std::string& execution) {
  json::object message{{"execution", execution},
                       {"call", task.call.text()},
                       {"resource", task.resource.arn},
                       {"parameters", task.parameters}};
  if (!task.token.empty()) message["token"] = task.token;
  if (task.role_arn) message["role"] = *task.role_arn;
  return message;
}

asl::CallTask task_of(const json::object& message) {
  asl::CallTask task;
  auto id = asl::CallId::parse(find_string(message, "call").value_or(""));
  TRAINYARD_ASSERT(id.has_value());
  task.call = *id;
  task.resource = asl::parse_resource(find_string(message, "resource").value_or(""));
  task.parameters = message.at("parameters");
  task.token = find_string(message, "token").value_or("");
  task.role_arn = find_string(message, "role");
  return task;
}

void forget_wait(Call& call, const std::string& resource) {
  call.txn.exec("DELETE FROM states_waits WHERE resource = ?", resource);
  outbox::cancel(call.txn, kPollMessage, resource);
}

/// The job's end as the task sees it; nullopt while it goes on.
std::optional<asl::TaskResult> result_of(const SyncRule& rule, const json::object& detail) {
  std::string status = find_string(detail, rule.status_member).value_or("");
  if (status == rule.succeeded) return asl::TaskResult{detail, std::nullopt};
  if (status != rule.failed[0] && status != rule.failed[1]) return std::nullopt;
  return asl::TaskResult{nullptr,
                         asl::Failure{std::string(asl::kTaskFailed), dump(detail)}};
}

void Turn::run(asl::Event event) {
  const auto parsed = parsed_definition(loaded_.definition);
  // A definition that passed an earlier version's checks ends the execution in order.
  if (asl::has_errors(parsed->problems)) {
    events_.push_back(
        asl::Aborted{std::string(asl::kRuntime),
                     "The definition is not valid any more: " + asl::to_text(parsed->problems)});
  } else if (loaded_.machine_deleting && !std::holds_alternative<asl::Aborted>(event)) {
    events_.push_back(asl::Aborted{});  // DeleteStateMachine ends executions as they move on
  } else {
    events_.push_back(std::move(event));
  }
  std::vector<asl::HistoryEvent> history;
  while (!events_.empty()) {
    asl::Event next = std::move(events_.front());
    events_.pop_front();
    asl::Outcome outcome =
        asl::step(parsed->machine, {loaded_.facts, std::move(loaded_.snapshot)}, next, call_.now,
                  call_.random);
    loaded_.snapshot = std::move(outcome.snapshot);
    std::move(outcome.history.begin(), outcome.history.end(), std::back_inserter(history));
    for (const asl::Command& command : outcome.commands) {
      std::visit([&](const auto& one) { apply(one); }, command);
    }
  }
  append_history(call_.txn, loaded_.id, history);
  write_snapshot(call_.txn, loaded_.id, loaded_.stored, asl::to_stored(loaded_.snapshot));
  if (loaded_.snapshot.status != asl::Status::running) remove_if_done(call_.txn, loaded_.machine);
}

void Turn::apply(const asl::CallTask& task) {
  if (mode_ == CallMode::inside && calls_made_ < asl::kStepsPerTurn) {
    ++calls_made_;
    events_.push_back(make_call(task));
    return;
  }
  outbox::post(call_.txn, kTaskMessage, key(task.call.text()),
               message_of(task, loaded_.facts.id), call_.now);
}

void Turn::apply(const asl::SetTimer& timer) {
  outbox::post(call_.txn, kTimerMessage, key(timer.timer),
               {{"execution", loaded_.facts.id}, {"timer", timer.timer}}, timer.due);
}

void Turn::apply(const asl::CancelTimer& timer) {
  outbox::cancel(call_.txn, kTimerMessage, key(timer.timer));
}

/// A call that was not made yet is forgotten; a job that runs is stopped, if the role may.
void Turn::apply(const asl::CancelTask& task) {
  outbox::cancel(call_.txn, kTaskMessage, key(task.call.text()));
  const SyncRule* rule = find_sync_rule(task.resource);
  auto resource = call_.txn.one(
      "SELECT resource FROM states_waits WHERE execution = ? AND call = ?",
      [](const Row& row) { return row.text(0); }, loaded_.id, task.call.text());
  if (!rule || !resource) return;
  forget_wait(call_, *resource);
  std::string name = resource->substr(resource->rfind('/') + 1);
  try {
    Caller principal =
        assume_role(call_, loaded_.facts.role_arn, loaded_.facts.name, loaded_.facts.machine_id);
    call_.door.invoke(call_, principal, rule->service, rule->stop_operation,
                      {{rule->name_member, name}});
  } catch (const ApiError& error) {
    log_info("{} goes on after its task was given up: {}", *resource, error.message());
  }
}

void Turn::apply(const asl::Ended& ended) {
  bool succeeded = ended.status == asl::Status::succeeded;
  call_.txn.exec(
      "UPDATE states_executions SET status = ?, stopped = ?, output = ?, error = ?, "
      "cause = ? WHERE id = ?",
      asl::name_of(ended.status), call_.now, succeeded ? std::optional(ended.output) : std::nullopt,
      ended.error, ended.cause, loaded_.id);
  call_.txn.exec("DELETE FROM states_waits WHERE execution = ?", loaded_.id);
}

/// The call itself, through the same door as any client's, with the machine's role as principal.
asl::Event Turn::make_call(const asl::CallTask& task) {
  std::string request_id = call_.random.uuid();
  if (!is_supported(call_.door, task.resource)) {  // it was when the definition was checked
    return asl::TaskAnswered{
        task.call,
        {nullptr, asl::Failure{std::string(asl::kRuntime),
                               "The resource " + task.resource.arn + " is not available."}}};
  }
  Caller principal;
  try {
    principal =
        assume_role(call_, loaded_.facts.role_arn, loaded_.facts.name, loaded_.facts.machine_id);
  } catch (const ApiError&) {
    return asl::TaskAnswered{
        task.call,
        {nullptr,
         asl::Failure{std::string(kPermissions),
                      fmt::format("The role {} is not there, or does not allow the service "
                                  "principal states.amazonaws.com to assume it.",
                                  loaded_.facts.role_arn)}}};
  }
  try {
    json::object output = call_.door.invoke(call_, principal, task.resource.service,
                                            api_operation(task.resource.operation),
                                            request_of(call_, task, loaded_.facts.id));
    const SyncRule* rule = find_sync_rule(task.resource);
    if (rule) wait_for(task, *rule, output);
    json::object response = response_of(call_, std::move(output), request_id);
    if (rule) return asl::TaskSubmitted{task.call, std::move(response)};
    return asl::TaskAnswered{task.call, {std::move(response), std::nullopt}};
  } catch (const ApiError& error) {
    return asl::TaskAnswered{task.call, {nullptr, failure_of(task.resource, error, request_id)}};
  }
}

/// Notes which job the task waits for, in the transaction that starts it: no event can come before.
void Turn::wait_for(const asl::CallTask& task, const SyncRule& rule, const json::object& output) {
  std::string resource = find_string(output, rule.arn_member).value_or("");
  forget_wait(call_, resource);
  call_.txn.exec(
      "INSERT INTO states_waits(resource, execution, call) VALUES (?, ?, ?)",
      resource, loaded_.id, task.call.text());
  outbox::post(call_.txn, kPollMessage, resource, {{"task", task.resource.arn}},
               call_.now + kPollEvery);
}

void Turn::run_call(const asl::CallTask& task) {
  if (!asl::waits_for_answer(loaded_.snapshot, task.call)) return;
  run(loaded_.machine_deleting ? asl::Event(asl::Aborted{}) : make_call(task));
}

/// The execution and the call that wait for a job; nullopt when nobody does.
struct Wait {
  int64_t execution = 0;
  asl::CallId call;
};
std::optional<Wait> find_wait(Txn& txn, const std::string& resource) {
  return txn.one(
      "SELECT execution, call FROM states_waits WHERE resource = ?",
      [](const Row& row) { return Wait{row.integer(0), asl::CallId::parse(row.text(1)).value()}; },
      resource);
}

void complete(Call& call, const std::string& resource, const Wait& wait, asl::TaskResult result,
              CallMode mode) {
  forget_wait(call, resource);
  run_turn(call, wait.execution, asl::TaskCompleted{wait.call, std::move(result)}, mode);
}

}  // namespace

void run_turn(Call& call, int64_t execution, const asl::Event& event, CallMode mode) {
  auto loaded = load(call, execution);
  if (!loaded) return;
  Turn(call, std::move(*loaded), mode).run(event);
}

void perform_task(Call& call, const outbox::Message& message, CallMode mode) {
  auto execution = find_execution(call.txn, find_string(message.payload, "execution").value_or(""));
  auto loaded = execution ? load(call, execution->id) : std::nullopt;
  if (!loaded) return;
  Turn(call, std::move(*loaded), mode).run_call(task_of(message.payload));
}

void take_event(Call& call, const outbox::Message& message, CallMode mode) {
  const json::object& event = message.payload;
  const SyncRule* rule = find_sync_rule_of_event(find_string(event, "source").value_or(""),
                                                 find_string(event, "detail-type").value_or(""));
  const json::object* detail = find_object(event, "detail");
  const json::array* resources = find_array(event, "resources");
  if (!rule || !detail || !resources || resources->empty()) return;
  auto result = result_of(*rule, *detail);
  if (!result) return;
  std::string resource = to_std(resources->front().as_string());
  auto wait = find_wait(call.txn, resource);
  if (wait) complete(call, resource, *wait, std::move(*result), mode);
}

void take_poll(Call& call, const outbox::Message& message, CallMode mode) {
  const std::string& resource = message.key;
  const SyncRule* rule =
      find_sync_rule(asl::parse_resource(find_string(message.payload, "task").value_or("")));
  auto wait = find_wait(call.txn, resource);
  auto loaded = rule && wait ? load(call, wait->execution) : std::nullopt;
  if (!loaded) return;
  std::optional<asl::TaskResult> result;
  try {
    Caller principal =
        assume_role(call, loaded->facts.role_arn, loaded->facts.name, loaded->facts.machine_id);
    result = result_of(*rule, describe_job(call, principal, *rule, resource));
  } catch (const ApiError& error) {
    log_info("{} cannot be asked how it is, its event is waited for: {}", resource,
             error.message());
  }
  if (result) return complete(call, resource, *wait, std::move(*result), mode);
  outbox::post(call.txn, kPollMessage, resource, message.payload, call.now + kPollEvery);
}

}  // namespace trainyard::states
