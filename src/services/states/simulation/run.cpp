#include "services/states/simulation/run.hpp"

#include <fmt/format.h>

#include <deque>

#include "base/error.hpp"
#include "generated/states/operations.hpp"
#include "services/states/activity_tasks.hpp"
#include "services/states/deliveries.hpp"
#include "services/states/simulation/workers.hpp"
#include "services/states/simulation/world.hpp"
#include "services/states/turn.hpp"
#include "wire/json.hpp"

namespace trainyard::states::simulation {
namespace {

/// An execution that needs more has lost its way.
/// Far more than any run needs: workers whose task has timed out send heartbeats until they are
/// done, and of those a Map that is tried again and redriven leaves many behind.
constexpr int kTransactionsMax = 10'000;
constexpr int kMessagesSeen = 100;
constexpr int kHistoryPage = 1000;

/// The process is killed while a transaction is open, or the store gives it up.
class Undone : public StoreError {
 public:
  Undone() : StoreError("undone by the simulation") {}
};

class Run {
 public:
  Run(Stage& stage, const Plan& plan, Disturbances disturbances, uint64_t seed, bool want_history)
      : stage_(stage),
        plan_(plan),
        disturbances_(std::move(disturbances)),
        world_(plan),
        workers_(plan),
        random_(seed),
        want_history_(want_history) {}

  Ending go() {
    stage_.set_rerun_writes(disturbances_.rerun_writes());
    begin();
    while (step()) {
      if (ending_.transactions > kTransactionsMax) {
        fault(fmt::format("no end after {} transactions", kTransactionsMax));
        break;
      }
    }
    stage_.set_rerun_writes(false);
    conclude();
    return std::move(ending_);
  }

 private:
  using Messages = std::vector<outbox::Message>;

  void fault(std::string line) { ending_.faults.push_back(std::move(line)); }
  void add(const Faults& faults) {
    ending_.faults.insert(ending_.faults.end(), faults.begin(), faults.end());
  }

  /// A client's request, repeated until it is answered.
  template <class Work>
  void request(Work work) {
    while (!transact(work)) {
    }
  }
  void begin();
  std::string create_machine(const std::string& name, const std::string& definition);
  /// False when nothing is left to do.
  bool step();
  /// What the performer sees: what is due, and when the next will be.
  struct View {
    Messages due;
    std::optional<Time> next;
    bool sweeps_only = false;  // nothing is left but what the daemon does every day
    bool task_waits = false;   // for a worker
  };
  View look();
  void look_for_the_end(Txn& txn);
  bool nothing_is_left(const View& view) const;
  void redrive();
  void hand_out_task();
  void let_workers_speak();
  void say(const Workers::Word& word);
  bool advance_to(std::optional<Time> next);
  void stop_if_it_is_time();
  void deliver_again();
  bool jump_over(const Messages& due);
  void hide_late(Messages& due);
  void deliver(const Messages& messages);
  void perform_outside(const outbox::Message& message);
  void deliver_one(Call& call, const outbox::Message& message, bool lose_event);
  void conclude();
  std::vector<HistoryEvent> read_history(Call& call, const std::string& execution);
  void look_at_all(Call& call);

  /// False when it was undone, or its answer was lost.
  template <class Work>
  bool transact(Work work) {
    const Fault fault = disturbances_.fault();
    ++ending_.transactions;
    if (fault == Fault::crash_before) return crash();
    try {
      stage_.write(world_, clock_.now(), random_, [&](Call& call) {
        work(call);
        if (fault == Fault::crash_commit || fault == Fault::aborted) throw Undone();
      });
    } catch (const Undone&) {
      return fault == Fault::aborted ? false : crash();
    }
    return fault == Fault::crash_committed ? crash() : true;
  }
  /// What was in memory is gone: the store's connections, and what the performer knows.
  bool crash() {
    ++restarts_;
    stage_.restart();
    held_.clear();
    again_.clear();
    stage_.write(world_, clock_.now(), random_, restore);
    return false;
  }

  Stage& stage_;
  const Plan& plan_;
  Disturbances disturbances_;
  World world_;
  Workers workers_;
  SeededRandom random_;
  bool want_history_;
  ManualClock clock_;
  Time started_;
  std::string machine_, child_, execution_, activity_;
  bool stopped_ = false, ended_ = false;
  std::string status_;  // once it has ended
  int redriven_ = 0, restarts_ = 0;
  std::map<int64_t, Time> held_;  // messages that are late, and until when
  std::deque<outbox::Message> again_;
  Ending ending_;
};

void Run::begin() {
  stage_.write(world_, clock_.now(), random_, restore);  // as a daemon does when it starts
  request([&](Call& call) {
    activity_ = create_activity(call, {kActivityName, {}, {}}).activity_arn;
  });
  if (!plan_.child.empty()) child_ = create_machine(kChildName, plan_.child);
  machine_ = create_machine("flow", plan_.definition);
  started_ = clock_.now();
  request([&](Call& call) {
    try {
      execution_ = start_execution(call, {machine_, "run", plan_.input, {}}).execution_arn;
    } catch (const ApiError& error) {
      // The answer was lost, and what it started has ended by now.
      if (error.code() != "ExecutionAlreadyExists") throw;
    }
  });
}

std::string Run::create_machine(const std::string& name, const std::string& definition) {
  std::string arn;
  request([&](Call& call) {
    CreateStateMachineInput input;
    input.name = name;
    input.definition = definition;
    input.role_arn = stage_.role_arn();
    arn = create_state_machine(call, input).state_machine_arn;
  });
  return arn;
}

bool Run::step() {
  deliver_again();
  stop_if_it_is_time();
  let_workers_speak();
  View view = look();
  if (ended_ && status_ != "SUCCEEDED" && redriven_ < plan_.redrives) return redrive(), true;
  if (nothing_is_left(view)) return false;
  if (view.task_waits && (view.due.empty() || disturbances_.pick(2) == 0)) {
    return hand_out_task(), true;
  }
  if (!ended_ && jump_over(view.due)) return true;
  hide_late(view.due);
  if (view.due.empty()) return advance_to(view.next);
  Messages group;
  for (std::size_t count = std::min(disturbances_.group(), view.due.size()); count > 0; --count) {
    const std::size_t at = disturbances_.pick(view.due.size());
    group.push_back(std::move(view.due[at]));
    view.due.erase(view.due.begin() + static_cast<std::ptrdiff_t>(at));
  }
  auto outside = std::ranges::stable_partition(
      group, [](const auto& message) { return message.kind != kTokenMessage; });
  for (const outbox::Message& message : outside) perform_outside(message);
  group.erase(outside.begin(), outside.end());
  if (!group.empty()) deliver(group);
  return true;
}

/// As the performer does with what acts on the world: a crash before the message is removed has it
/// done again.
void Run::perform_outside(const outbox::Message& message) {
  workers_.begin(find_string(message.payload, "token").value_or(""), message.key, clock_.now());
  transact([&](Call& call) { outbox::remove(call.txn, message.id); });
}

/// A message that was delivered comes once more, some time after: all have when the run is over.
void Run::deliver_again() {
  if (again_.empty() || !(ended_ || disturbances_.twice())) return;
  outbox::Message message = std::move(again_.front());
  again_.pop_front();
  transact([&](Call& call) { deliver_one(call, message, false); });
}

Run::View Run::look() {
  return stage_.read([&](Txn& txn) {
    if (!ended_) look_for_the_end(txn);
    return View{outbox::due(txn, clock_.now(), kMessagesSeen), outbox::next_due(txn, clock_.now()),
                !txn.exists("SELECT 1 FROM outbox WHERE kind <> 'states.sweep' LIMIT 1"),
                has_activity_task(txn, activity_)};
  });
}

/// With its end everything that the execution waited for is gone. Events of jobs may still be on
/// their way; that they do no harm is seen when the rest of the outbox has been delivered.
void Run::look_for_the_end(Txn& txn) {
  auto status = txn.one(
      "SELECT status FROM states_executions WHERE arn = ? AND status <> 'RUNNING'",
      [](const Row& row) { return row.text(0); }, execution_);
  if (!status) return;
  ended_ = true;
  status_ = *status;
  // Executions that it has started are being stopped.
  const bool alone = !txn.exists("SELECT 1 FROM states_executions WHERE status = 'RUNNING'");
  if (alone) add(check_leftovers(txn));
}

/// Whether neither the daemon nor anybody outside has anything to do.
bool Run::nothing_is_left(const View& view) const {
  return view.sweeps_only && !view.task_waits && !workers_.next_time() && again_.empty() &&
         (!plan_.stop_after || stopped_);
}

void Run::redrive() {
  ++redriven_;
  clock_.advance(Duration(1));  // a call that is made once more has another name
  const std::string token = fmt::format("redrive-{}", redriven_);
  request([&](Call& call) { redrive_execution(call, {execution_, token}); });
  ended_ = false;
}

/// A worker asks for a task. What its answer's way does to the task is settled afterwards, unless
/// the daemon is killed before that: the next one hands the task out again.
void Run::hand_out_task() {
  std::optional<ActivityTask> task;
  bool taken = transact([&](Call& call) { task = take_activity_task(call, activity_, "worker"); });
  if (!taken || !task) return;
  const bool lost = disturbances_.lose_answer();
  if (!lost) {
    const json::object input = parse_own_json(task->input).as_object();
    workers_.begin(task->token, find_string(input, "name").value_or(""), clock_.now());
  }
  const int restarts = restarts_;
  auto settle = [&](Call& call) {
    lost ? return_activity_task(call.txn, activity_, task->id)
         : confirm_activity_task(call.txn, task->id);
  };
  while (!transact(settle) && restarts == restarts_) {
  }
}

void Run::let_workers_speak() {
  while (auto word = workers_.next_word(clock_.now())) say(*word);
}

/// The worker repeats it until it is answered. A task that has ended before is not its fault.
void Run::say(const Workers::Word& word) {
  if (word.kind == Workers::Word::Kind::heartbeat && disturbances_.lose_event()) return;
  request([&](Call& call) {
    try {
      switch (word.kind) {
        case Workers::Word::Kind::heartbeat:
          send_task_heartbeat(call, {word.token});
          break;
        case Workers::Word::Kind::success:
          send_task_success(call, {word.token, dump(json::object{{"Value", word.value}})});
          break;
        case Workers::Word::Kind::failure:
          send_task_failure(call, {word.token, "Worker.Failed", "It has."});
          break;
      }
    } catch (const ApiError& error) {
      if (error.code() != "TaskTimedOut" && error.code() != "TaskDoesNotExist") throw;
    }
  });
}

/// Whether the clock has jumped.
bool Run::jump_over(const Messages& due) {
  bool call_waits = std::any_of(due.begin(), due.end(), [](const outbox::Message& message) {
    return message.kind == "states.task";
  });
  auto by = disturbances_.jump(call_waits);
  if (by) clock_.advance(*by);
  return by.has_value();
}

/// Takes those out that are late: of each this is decided once.
void Run::hide_late(Messages& due) {
  if (!disturbances_.disturb()) return;
  std::erase_if(due, [&](const outbox::Message& message) {
    auto held = held_.find(message.id);
    if (held == held_.end()) {
      auto late = disturbances_.late(message, clock_.now());
      held = held_.emplace(message.id, clock_.now() + late.value_or(Duration(0))).first;
    }
    return held->second > clock_.now();
  });
}

/// Goes on at the time at which the next message is due, or seen, or somebody acts; false when
/// there is none.
bool Run::advance_to(std::optional<Time> next) {
  auto consider = [&](Time time) {
    if (time > clock_.now() && (!next || time < *next)) next = time;
  };
  for (const auto& [id, until] : held_) consider(until);
  if (plan_.stop_after && !stopped_) consider(started_ + *plan_.stop_after);
  if (auto time = workers_.next_time()) consider(*time);
  if (next) clock_.set(*next);
  return next.has_value();
}

void Run::stop_if_it_is_time() {
  if (!plan_.stop_after || stopped_ || clock_.now() < started_ + *plan_.stop_after) return;
  request([&](Call& call) { stop_execution(call, {execution_, "Stopped", "by a client"}); });
  stopped_ = true;
}

/// As the performer does: one transaction, in which each has a savepoint of its own.
void Run::deliver(const Messages& messages) {
  std::vector<bool> lose(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) lose[i] = disturbances_.lose_event();
  bool done = transact([&](Call& call) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      call.txn.savepoint([&] {
        if (outbox::remove(call.txn, messages[i].id)) deliver_one(call, messages[i], lose[i]);
      });
    }
  });
  if (!done || !disturbances_.disturb()) return;
  for (const outbox::Message& message : messages) {
    if (disturbances_.twice()) again_.push_back(message);
  }
}

void Run::deliver_one(Call& call, const outbox::Message& message, bool lose_event) {
  const CallMode mode = disturbances_.calls_outside() ? CallMode::outbox : CallMode::inside;
  if (message.kind == kJobMessage) {
    world_.end_job(call, message, lose_event);
  } else if (message.kind == "states.task") {
    perform_task(call, message, mode);
  } else if (message.kind == "states.event") {
    take_event(call, message, mode);
  } else if (message.kind == "states.poll") {
    take_poll(call, message, mode);
  } else if (message.kind == "events.put") {  // the bus, with the rule of `.sync`
    if (!lose_event) outbox::post(call.txn, "states.event", "rule", message.payload, call.now);
  } else if (message.kind == "states.stop") {
    deliver_stop(call, message);
  } else if (message.kind == "states.sweep") {
    deliver_sweep(call, message);
  } else {
    TRAINYARD_ASSERT(message.kind == "states.timer");
    deliver_timer(call, message);
  }
}

std::vector<HistoryEvent> Run::read_history(Call& call, const std::string& execution) {
  std::vector<HistoryEvent> events;
  GetExecutionHistoryInput input;
  input.execution_arn = execution;
  input.max_results = kHistoryPage;
  do {
    auto page = get_execution_history(call, input);
    if (want_history_) ending_.history += dump(wire::to_json(page));
    std::move(page.events.begin(), page.events.end(), std::back_inserter(events));
    input.next_token = page.next_token;
  } while (input.next_token);
  return events;
}

/// Everything is looked at, then removed; the stage is as it was.
void Run::conclude() {
  stage_.write(world_, clock_.now(), random_, [&](Call& call) {
    auto execution = describe_execution(call, {execution_, {}});
    ending_.status = execution.status;
    ending_.output = masked(execution.output.value_or(""));
    ending_.error = masked(execution.error.value_or(""));
    ending_.cause = masked(execution.cause.value_or(""));
    look_at_all(call);
    delete_state_machine(call, {machine_});
    if (!child_.empty()) delete_state_machine(call, {child_});
    delete_activity(call, {activity_});
    World::clear(call.txn);
    add(check_emptiness(call.txn));
  });
}

/// The execution, and those that it has started.
void Run::look_at_all(Call& call) {
  std::map<std::string, std::string> executions;
  call.txn.each("SELECT arn, status FROM states_executions",
                [&](const Row& row) { executions[row.text(0)] = row.text(1); });
  std::vector<std::vector<HistoryEvent>> histories;
  bool ended = true;
  for (const auto& [arn, status] : executions) {
    histories.push_back(read_history(call, arn));
    if (arn == execution_) ending_.events = histories.back();
    if (status == "RUNNING") {
      fault("nothing is left that would move " + arn);
      stop_execution(call, {arn, {}, {}});
      ended = false;
    } else {
      add(check_history(histories.back(), status));
    }
  }
  if (!ended) return;
  add(check_calls(World::calls(call.txn), histories));
  for (const auto& job : World::running_jobs(call.txn)) fault("nobody has stopped " + job);
}

}  // namespace

Ending run(Stage& stage, const Plan& plan, Disturbances disturbances, uint64_t seed,
           bool want_history) {
  return Run(stage, plan, std::move(disturbances), seed, want_history).go();
}

}  // namespace trainyard::states::simulation
