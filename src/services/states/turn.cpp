#include "services/states/turn.hpp"

#include <fmt/format.h>

#include <deque>

#include "base/error.hpp"
#include "base/log.hpp"
#include "services/states/activity_tasks.hpp"
#include "services/states/definition.hpp"
#include "services/states/history.hpp"
#include "services/states/jobs.hpp"
#include "services/states/nested.hpp"
#include "services/states/parsed.hpp"
#include "services/states/roles.hpp"
#include "services/states/rows.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kTaskMessage = "states.task";
constexpr std::string_view kOutsideMessage = "states.call";
constexpr std::string_view kTimerMessage = "states.timer";

/// An execution with its pinned revision, as the interpreter sees it.
struct Loaded {
  int64_t id = 0, machine = 0;
  bool machine_deleting = false;
  asl::Facts facts;
  asl::Snapshot snapshot;
  asl::Stored stored;  // what the snapshot was read from
  std::string definition;
};

Loaded load(Call& call, const ExecutionRow& row) {
  MachineName machine = machine_of(call.txn, row.machine);
  Revision revision = get_revision(call.txn, row.revision);
  Loaded loaded;
  loaded.id = row.id;
  loaded.machine = row.machine;
  loaded.machine_deleting = machine.deleting;
  loaded.facts = {row.arn,      row.name,         revision.role_arn, machine.arn,
                  machine.name, call.site.region, row.started,       nullptr,
                  row.input,    row.version_arn,  row.alias_arn};
  loaded.facts.supports_field = supports_field(call.door);
  loaded.stored = read_snapshot(call.txn, row.id);
  loaded.snapshot = asl::from_stored(loaded.stored);
  loaded.definition = std::move(revision.definition);
  return loaded;
}

/// nullopt when the execution is not there any more.
std::optional<Loaded> load(Call& call, int64_t id) {
  auto row = find_execution(call.txn, id);
  return row ? std::optional(load(call, *row)) : std::nullopt;
}

/// The turn at work: the interpreter's commands become rows and messages.
class Turn {
 public:
  Turn(Call& call, Loaded loaded, CallMode mode)
      : call_(call), loaded_(std::move(loaded)), mode_(mode) {}

  void run(asl::Event event);

 private:
  void apply(const asl::CallTask& task);
  void apply(const asl::SetTimer& timer);
  void apply(const asl::CancelTimer& timer);
  void apply(const asl::CancelTask& task);
  void apply(const asl::Ended& ended);
  void queue(const asl::CallTask& task);
  TaskOwner owner() const { return {loaded_.id, loaded_.facts}; }
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
json::object message_of(const asl::CallTask& task, const std::string& execution, int64_t id) {
  json::object message{{"execution", execution},
                       {"id", id},
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
  if (task.resource.is_activity) return queue(task);
  const CallPlace place = place_of(call_.door, task.resource);
  if (place == CallPlace::inside && mode_ == CallMode::inside &&
      calls_made_ < asl::kStepsPerTurn) {
    ++calls_made_;
    events_.push_back(call_task(call_, owner(), task));
    return;
  }
  outbox::post(call_.txn, place == CallPlace::outside ? kOutsideMessage : kTaskMessage,
               key(task.call.text()), message_of(task, loaded_.facts.id, loaded_.id),
               call_.now);
}

/// Workers ask for it. (The error's name is unverified.)
void Turn::queue(const asl::CallTask& task) {
  if (queue_activity_task(call_, loaded_.id, task)) return;
  events_.push_back(asl::TaskAnswered{
      task.call, {nullptr, asl::Failure{"ActivityDoesNotExist",
                                        "Activity Does Not Exist: '" + task.resource.arn + "'"}}});
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
  if (task.resource.is_activity) return forget_activity_task(call_.txn, loaded_.id, task.call);
  for (std::string_view kind : {kTaskMessage, kOutsideMessage}) {
    outbox::cancel(call_.txn, kind, key(task.call.text()));
  }
  stop_job_of(call_, owner(), task.call);
}

void Turn::apply(const asl::Ended& ended) {
  bool succeeded = ended.status == asl::Status::succeeded;
  call_.txn.exec(
      "UPDATE states_executions SET status = ?, stopped = ?, output = ?, error = ?, "
      "cause = ? WHERE id = ?",
      asl::name_of(ended.status), call_.now, succeeded ? std::optional(ended.output) : std::nullopt,
      ended.error, ended.cause, loaded_.id);
  delete_waits(call_, loaded_.id);
  tell_status(call_, loaded_.facts.id);
}

/// A task's call out of its message, with the execution that waits for it.
struct Waiting {
  Loaded execution;
  asl::CallTask task;
};
std::optional<Waiting> waiting_of(Call& call, const outbox::Message& message) {
  auto execution = find_execution(call.txn, find_string(message.payload, "execution").value_or(""));
  asl::CallTask task = task_of(message.payload);
  // Another execution may have the name by now.
  const bool same =
      execution && find_integer(message.payload, "id").value_or(execution->id) == execution->id;
  if (!same) return std::nullopt;
  Waiting waiting{load(call, *execution), std::move(task)};
  if (!asl::waits_for_answer(waiting.execution.snapshot, waiting.task.call)) return std::nullopt;
  return waiting;
}

void complete(Call& call, const JobWait& wait, asl::TaskResult result, CallMode mode) {
  delete_wait(call, wait.execution, wait.call);
  run_turn(call, wait.execution, asl::TaskCompleted{wait.call, std::move(result)}, mode);
}

}  // namespace

void run_turn(Call& call, int64_t execution, const asl::Event& event, CallMode mode) {
  auto loaded = load(call, execution);
  if (!loaded) return;
  Turn(call, std::move(*loaded), mode).run(event);
}

void perform_task(Call& call, const outbox::Message& message, CallMode mode) {
  auto waiting = waiting_of(call, message);
  if (!waiting) return;
  Loaded& loaded = waiting->execution;
  const int64_t id = loaded.id;
  if (loaded.machine_deleting) return run_turn(call, id, asl::Aborted{}, mode);
  const asl::Event event = call_task(call, {id, loaded.facts}, waiting->task);
  // The call may have moved the execution itself: it is looked at anew.
  if (place_of(call.door, waiting->task.resource) == CallPlace::alone) {
    return run_turn(call, id, event, mode);
  }
  Turn(call, std::move(loaded), mode).run(event);
}

std::optional<std::variant<OutsideCall, asl::Failure>> take_call(Call& call,
                                                                 const outbox::Message& message) {
  auto waiting = waiting_of(call, message);
  if (!waiting) return std::nullopt;
  // The turn of the result ends the execution.
  if (waiting->execution.machine_deleting) return asl::Failure{std::string(asl::kRuntime), ""};
  return outside_call(call, {waiting->execution.id, waiting->execution.facts}, waiting->task);
}

void take_result(Call& call, const outbox::Message& message, asl::TaskResult result) {
  auto waiting = waiting_of(call, message);
  if (!waiting) return;
  Turn(call, std::move(waiting->execution), CallMode::inside)
      .run(answer_of(waiting->task, std::move(result)));
}

void take_event(Call& call, const outbox::Message& message, CallMode mode) {
  const json::object& event = message.payload;
  const SyncRule* rule = find_sync_rule_of_event(find_string(event, "source").value_or(""),
                                                 find_string(event, "detail-type").value_or(""));
  const json::object* detail = find_object(event, "detail");
  const json::array* resources = find_array(event, "resources");
  if (!rule || !detail || !resources || resources->empty()) return;
  const std::string job = to_std(resources->front().as_string());
  for (const JobWait& wait : find_waits(call.txn, job)) {
    auto result = rule->result(call, asl::parse_resource(wait.task), job, *detail);
    if (result) complete(call, wait, std::move(*result), mode);
  }
}

void take_poll(Call& call, const outbox::Message& message, CallMode mode) {
  auto wait = wait_of(call.txn, message);
  const asl::Resource task = asl::parse_resource(wait ? wait->task : "");
  const SyncRule* rule = find_sync_rule(task);
  auto loaded = rule ? load(call, wait->execution) : std::nullopt;
  if (!loaded) return;
  auto principal = task_principal(call, loaded->facts, wait->role);
  std::optional<asl::TaskResult> result;
  try {
    if (const auto* failure = std::get_if<asl::Failure>(&principal)) {
      log_info("{} cannot be asked how it is, its event is waited for: {}", wait->job,
               failure->cause);
    } else {
      result = rule->result(call, task, wait->job,
                            rule->describe(call, std::get<Caller>(principal), wait->job));
    }
  } catch (const ApiError& error) {
    log_info("{} cannot be asked how it is, its event is waited for: {}", wait->job,
             error.message());
  }
  if (result) return complete(call, *wait, std::move(*result), mode);
  post_poll(call, *wait);
}

}  // namespace trainyard::states
