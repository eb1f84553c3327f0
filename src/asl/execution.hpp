// The interpreter: machine, execution, event, time and chance in; history and commands out. Pure:
// no I/O, no clock, no globals.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "asl/blocks.hpp"
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
/// The data of the branches and iterations that are open at a time, in units of weight_of():
/// Parallel gives each branch a copy of its input, and a turn reads and writes them all.
inline constexpr std::size_t kOpenInputsMax = 64 * kPayloadBytesMax;
/// What a branch weighs beside its data.
inline constexpr std::size_t kBranchWeight = 256;

/// What does not change while an execution runs.
struct Facts {
  std::string id;  // its ARN
  std::string name;
  std::string role_arn;
  std::string machine_id;
  std::string machine_name;
  std::string region;
  Time started;
  json::value input;       // null: input_text is read when it is asked for
  std::string input_text;  // as the client wrote it
  std::optional<std::string> version_arn, alias_arn;  // that it was started by
  SupportsField supports_field;                       // empty: every member is
  int64_t events_max = kHistoryEventsMax;             // another for tests and benchmarks only
};

enum class Status { running, succeeded, failed, timed_out, aborted };
/// "RUNNING", as the API spells them.
std::string_view name_of(Status status);

/// Names one try of one task for ever: the event that entered the state, and how often it has been
/// tried again since, by retriers and redrives.
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

/// What a worker gives back to end a task: `$$.Task.Token`, or what GetActivityTask hands out.
struct TaskToken {
  std::string execution;  // its ARN
  CallId call;
  std::string nonce;  // so that nobody guesses one
  std::string text() const;
  static std::optional<TaskToken> parse(std::string_view text);
};

/// A Parallel or Map state at work.
struct Group {
  std::optional<Blocks> items;  // Map
  Blocks results;               // of those that have begun; null until they have ended
  std::size_t size = 0;         // branches, or items
  std::size_t ended = 0;
  std::size_t limit = 0;   // of those that run at a time
  std::size_t weight = 0;  // of the results
  std::size_t started() const { return results.size(); }
  bool complete() const { return ended == size; }
};

/// Where one line of states stands: the execution's own, a Parallel's branch, a Map's iteration.
struct Branch {
  enum class Phase {
    entering,    // about to enter `state`
    calling,     // its call has not been answered, or its activity has no worker
    submitted,   // the job or the worker is at it
    waiting,     // for the timer of a Wait state
    retrying,    // for the timer of a retrier
    grouped,     // for the branches inside of it
    failed,      // nothing took the error
    aborted,     // something else ended the execution, or the group
    restarting,  // a redrive is about to run `state` again
    ended,
  };
  std::optional<int64_t> parent;  // the branch whose Parallel or Map it belongs to
  std::size_t index = 0;          // there
  Phase phase = Phase::entering;
  std::string state;
  json::value input;       // of the state, before InputPath; null while only its text is there
  std::string input_text;  // the same as text, once it was made
  std::size_t weight = 0;  // of a branch inside another; not stored
  int64_t entered = 0;     // id of its …StateEntered event
  Time entered_at;
  int64_t last_event = 0;  // of this branch; 0 before the first
  int attempt = 0;         // never the same twice for one `entered`
  std::vector<int64_t> retries;      // done so far, by retrier
  std::string nonce;                 // of its task's token
  std::optional<int64_t> heartbeat;  // seconds
  std::optional<TaskResult> early;   // the token came back before its call was answered
  std::optional<Group> group;
};

/// The branch of the execution itself.
inline constexpr int64_t kRoot = 0;

/// All that changes. An execution that has succeeded has no branches; one that ended otherwise
/// keeps them, for a redrive.
struct Snapshot {
  Status status = Status::running;
  int64_t last_event = 0;
  int64_t redrives = 0;
  std::optional<Time> redriven_at;
  std::set<std::string> timers;  // set and neither fired nor cancelled
  std::map<int64_t, Branch> branches;
  int64_t next_branch = 1;
};

/// The stored form, version 2: a text that is new after each step, and parts by name that stay the
/// same for many.
struct Stored {
  std::string core;
  std::map<std::string, std::string> parts;
};
Stored to_stored(const Snapshot& snapshot);
/// SystemError when it was not made by to_stored.
Snapshot from_stored(const Stored& stored);

/// Whether so many events leave room for a redrive (API reference, RedriveExecution).
bool has_room_for_redrive(int64_t events, int64_t events_max = kHistoryEventsMax);
/// Whether the task of this token waits for it.
bool waits_for(const Snapshot& snapshot, const TaskToken& token);
/// Whether the call has not been answered.
bool waits_for_answer(const Snapshot& snapshot, const CallId& call);

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
/// A .sync task's job ended, or a token came back.
struct TaskCompleted {
  CallId call;
  TaskResult result;
};
/// A worker has taken an activity's task.
struct ActivityStarted {
  CallId call;
  std::optional<std::string> worker;
};
struct TaskHeartbeat {
  CallId call;
};
struct TimerFired {
  std::string timer;
};
struct Aborted {
  std::optional<std::string> error, cause;
};
/// It has run for as long as an execution may.
struct Expired {};
/// An execution that did not succeed goes on where it failed.
struct Redriven {};
using Event = std::variant<Started, TaskAnswered, TaskSubmitted, TaskCompleted, ActivityStarted,
                           TaskHeartbeat, TimerFired, Aborted, Expired, Redriven>;

// What the execution wants done.
/// Calls a service, or puts an activity's task where workers find it.
struct CallTask {
  CallId call;
  Resource resource;
  json::value parameters;               // an object, but for activities
  std::string token;                    // of tasks that end by one
  std::optional<std::string> role_arn;  // Credentials
};
struct SetTimer {
  /// "execution", after a redrive "execution#1", "resume", "wait:8", after a redrive "wait:8.1",
  /// "retry:8.1", "timeout:8.0", "heartbeat:8.0"
  std::string timer;
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
Outcome step(const Machine& machine, Execution execution, const Event& event, Time now,
             Random& random);

/// Whether a retrier or catcher that names `pattern` takes `error`. States.ALL takes all but
/// States.Runtime and States.DataLimitExceeded, States.TaskFailed all but timeouts, States.Timeout
/// those of heartbeats too; States.Runtime is taken by none (Step Functions Developer Guide,
/// "Handling errors").
bool error_matches(std::string_view pattern, std::string_view error);

}  // namespace trainyard::asl
