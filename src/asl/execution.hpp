// The interpreter: machine, execution, event, time and chance in; history and commands out. Pure:
// no I/O, no clock, no globals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "asl/machine.hpp"
#include "asl/payload.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"

namespace trainyard::asl {

/// Events of one execution; the last is ExecutionFailed (Step Functions quotas, "Execution history
/// event size").
inline constexpr int64_t kHistoryEventsMax = 25'000;
/// States that one step enters at most; the rest wait for the timer "resume", due at once, as they
/// do after kVisitsMax visits.
inline constexpr int kStepsPerTurn = 100;

/// What does not change while an execution runs.
struct Facts {
  std::string id;  // its ARN
  std::string name;
  std::string role_arn;
  std::string machine_id;
  std::string machine_name;
  std::string region;
  Time started;
  json::value input;
  std::string input_text;  // as the client wrote it
};

enum class Status { running, succeeded, failed, timed_out, aborted };
/// "RUNNING", as the API spells them.
std::string_view name_of(Status status);

/// Names one try of one task for ever: the event that entered the state, and the retry.
struct CallId {
  int64_t entered = 0;
  int attempt = 0;
  bool operator==(const CallId&) const = default;
  std::string text() const;  // "8.0"
  static std::optional<CallId> parse(std::string_view text);
};

/// How a task ended.
struct TaskResult {
  json::value output;              // when it ended well
  std::optional<Failure> failure;  // when it did not
};

/// Where one line of states stands.
struct Branch {
  enum class Phase {
    entering,   // about to enter `state`
    calling,    // its call has not been answered
    submitted,  // .sync: the job runs
    waiting,    // for the timer of a Wait state
    retrying,   // for the timer of a retrier
    ended,
  };
  Phase phase = Phase::entering;
  std::string state;
  json::value input;    // of the state, before InputPath
  int64_t entered = 0;  // id of its …StateEntered event
  Time entered_at;
  int64_t last_event = 0;  // of this branch; 0 before the first
  int attempt = 0;
  std::vector<int64_t> retries;  // done so far, by retrier
};

/// All that changes. Branches of Parallel states and iterations of Map states are further elements
/// of `branches`; a machine without them has one.
struct Snapshot {
  Status status = Status::running;
  int64_t last_event = 0;
  std::vector<std::string> timers;  // set and neither fired nor cancelled
  std::vector<Branch> branches;
};
/// Version 1 of the stored form.
json::object to_json(const Snapshot& snapshot);
/// SystemError when the text was not written by to_json.
Snapshot snapshot_from_json(const json::object& object);

struct Execution {
  const Facts& facts;
  Snapshot snapshot;
};

// What happens to an execution. An event that does not fit where it stands (a second answer, a
// timer of a state that it has left) changes nothing.
struct Started {};
/// A request/response task's end, or the failure of a .sync task's submission.
struct TaskAnswered {
  CallId call;
  TaskResult result;
};
/// A .sync task's job was accepted; `output` is the response.
struct TaskSubmitted {
  CallId call;
  json::value output;
};
/// A .sync task's job ended.
struct TaskCompleted {
  CallId call;
  TaskResult result;
};
struct TimerFired {
  std::string timer;
};
struct Aborted {
  std::optional<std::string> error, cause;
};
using Event =
    std::variant<Started, TaskAnswered, TaskSubmitted, TaskCompleted, TimerFired, Aborted>;

// What the execution wants done.
struct CallTask {
  CallId call;
  Resource resource;
  json::object parameters;
};
struct SetTimer {
  std::string timer;  // "execution", "wait:8", "retry:8.1", "timeout:8.0", "resume"
  Time due;
};
struct CancelTimer {
  std::string timer;
};
/// Nobody waits for this task any longer: what it began is to be stopped.
struct CancelTask {
  CallId call;
  Resource resource;
};
struct Ended {
  Status status = Status::succeeded;
  std::string output;  // succeeded
  std::optional<std::string> error, cause;
};
using Command = std::variant<CallTask, SetTimer, CancelTimer, CancelTask, Ended>;

/// One event of GetExecutionHistory. Its payload stands apart from its other details, so that a
/// store keeps equal ones once.
struct HistoryEvent {
  int64_t id = 0;
  int64_t previous = 0;
  Time at;
  std::string type;            // "TaskScheduled"
  std::string details_name;    // "taskScheduledEventDetails"; "" when it has none
  json::object details;        // less the payload
  std::string payload_member;  // "input", "output", "parameters", or ""
  std::string payload;
};
/// As the API shows it, less the timestamp: inputDetails and outputDetails are added.
json::object to_json(const HistoryEvent& event);

struct Outcome {
  Snapshot snapshot;
  std::vector<HistoryEvent> history;
  std::vector<Command> commands;
};

/// Takes one event in and runs states until the execution waits for another or has ended.
Outcome step(const Machine& machine, const Execution& execution, const Event& event, Time now,
             Random& random);

/// Whether a retrier or catcher that names `pattern` takes `error`. States.ALL takes all but
/// States.Runtime and States.DataLimitExceeded, States.TaskFailed all but States.Timeout;
/// States.Runtime is taken by none (Step Functions Developer Guide, "Handling errors").
bool error_matches(std::string_view pattern, std::string_view error);

}  // namespace trainyard::asl
