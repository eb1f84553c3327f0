// One step at work. Internal to step.cpp, states.cpp, tasks.cpp, groups.cpp and errors.cpp.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "asl/execution.hpp"

namespace trainyard::asl {

/// A value that a state works on: its input, untouched, or one that was made from it.
class Seen {
 public:
  static Seen input(const json::value& input) { return Seen(&input, nullptr); }
  static Seen made(json::value value) { return Seen(nullptr, std::move(value)); }
  bool is_input() const { return input_ != nullptr; }
  const json::value& operator*() const { return input_ ? *input_ : made_; }
  /// For whoever keeps it.
  json::value take() { return input_ ? *input_ : std::move(made_); }

 private:
  Seen(const json::value* input, json::value made) : input_(input), made_(std::move(made)) {}
  const json::value* input_;
  json::value made_;
};

class Interpreter {
 public:
  Interpreter(const Machine& machine, Execution execution, Time now, Random& random);

  void take(const Event& event);
  Outcome finish();

 private:
  using Phase = Branch::Phase;

  // step.cpp: events in
  void dispatch(const Event& event);
  void started();
  /// The first state is about to be entered.
  void begin();
  json::value execution_input() const;
  void redriven();
  void timer_fired(const std::string& timer);
  std::string execution_timer() const;
  std::string wait_timer() const;
  void run();
  void run_one();
  bool running() const { return out_.snapshot.status == Status::running; }
  /// Makes it the branch that everything below is about.
  void focus(int64_t id);
  /// False when no branch is in the state that this event entered.
  bool focus_entered(int64_t entered);
  /// It runs when its turn comes.
  void make_ready(Phase phase);
  template <class Work>
  void guarded(Work work);

  // step.cpp: the history and the commands
  int64_t add(std::string type, std::string details_name = "", json::object details = {},
              std::string payload_member = "", std::string payload = "");
  /// An event of the state's own type: "MapStateStarted" for "StateStarted".
  int64_t add_of_state(std::string_view what, std::string details_name = "",
                       json::object details = {}, std::string payload_member = "",
                       std::string payload = "");
  void command(Command command);
  void set_timer(std::string timer, Time due);
  /// False when it is not set.
  bool drop_timer(const std::string& timer);
  void cancel_timer(const std::string& timer);
  void end(Status status, std::string output, std::optional<std::string> error,
           std::optional<std::string> cause_text);
  void give_up_all();

  // states.cpp
  void enter();
  /// What the state does, after it was entered.
  void run_state();
  void pass();
  void choose();
  void wait();
  void fail();
  Time wait_until(const json::value& input, bool& ok);
  // Where nothing comes back, the failure has been handled: the execution or the branch has failed,
  // or waits for a retry, or goes on at a catcher's state.
  /// InputPath.
  std::optional<Seen> effective_input();
  std::optional<Seen> fill(const std::optional<Template>& payload, Seen input);
  /// The value; nullopt after the failure was handled.
  std::optional<json::value> value_of(Result<json::value> result);
  /// A number of seconds or iterations, of the definition or of the input; `ok` is false after a
  /// failure.
  std::optional<int64_t> number_of(const std::optional<int64_t>& fixed,
                                   const std::optional<Path>& path, const char* field,
                                   const json::value& input, int64_t min, int64_t max, bool& ok);
  /// ResultPath and OutputPath, then on to the next state.
  void leave_with(Seen result, const std::string& next);
  void leave(json::value output, const std::string& next);
  /// The input is the output.
  void leave_unchanged(const std::string& next);
  /// The branch's input is the output already: on to the next state.
  void go_to(const std::string& next);
  const std::string& input_text();
  json::value lend_input();
  void restore_input();
  /// False after the error was handled.
  bool within_limits(const json::value& payload, std::size_t bytes, const std::string& who);
  Scope scope_of(const json::value& input);
  const json::value& context();

  // tasks.cpp
  void schedule();
  std::optional<json::value> task_parameters(const Seen& input);
  std::optional<std::string> task_role(const Seen& input, bool& ok);
  void announce(json::object details, std::string parameters);
  void task_answered(const TaskAnswered& event);
  void task_submitted(const TaskSubmitted& event);
  void task_completed(const TaskCompleted& event);
  void activity_started(const ActivityStarted& event);
  void task_heartbeat(const TaskHeartbeat& event);
  void task_ended(const TaskResult& result, std::string_view failed = "Failed");
  /// `error`: which of its two times is over.
  void task_timed_out(std::string_view error);
  /// Focuses the branch whose task this is; false when it does not wait so.
  bool task_in(const CallId& id, Phase phase);
  CallId call() const { return {branch_->entered, branch_->attempt}; }
  TaskToken token() const { return {facts_.id, call(), branch_->nonce}; }
  /// An event of a task: the names of both begin with "Task" or "Activity".
  void add_task_event(std::string_view what, json::object details, std::string payload_member = "",
                      std::string payload = "");
  void set_heartbeat();
  /// Timers and calls of the focused branch: it is aborted, if it was at work.
  void give_up_work();

  // groups.cpp: Parallel and Map
  void start_parallel();
  void start_map();
  void start_iterations(int64_t previous);
  std::optional<json::value> item_input(std::size_t index);
  /// Whether so many branches of that weight each may be opened. False after a failure.
  bool room_for(std::size_t count, std::size_t weight);
  /// Whether the branch in focus may hold the data. False after a failure.
  bool hold(const json::value& data);
  void start_child(const Flow& flow, json::value input, int64_t previous);
  bool is_iteration() const;
  void add_iteration_event(std::string_view what);
  void end_branch(json::value output);
  void finish_group();
  using Tree = std::map<int64_t, std::vector<int64_t>>;
  /// The branches inside of each branch.
  Tree tree() const;
  /// When the focused branch has a group at work: aborts all of it but the branch that failed.
  void break_group(std::optional<int64_t> failed = std::nullopt);
  void abort_branch(int64_t id, const Tree& tree);
  void drop_group();
  /// For a redrive: whatever had failed or was aborted runs again.
  void restart(int64_t id, int64_t previous, const Tree& tree);

  // errors.cpp: retry, catch, or the end of the branch
  void handle_error(const std::string& error, std::optional<std::string> cause,
                    bool of_branch = false);
  bool retry(const std::string& error, bool of_branch);
  bool caught(const std::string& error, const std::string& cause, bool of_branch);
  void fail_branch(std::optional<std::string> error, std::optional<std::string> cause);
  /// No group's end comes between: ExecutionFailed follows the state's own events.
  void fail_execution(std::string error, std::optional<std::string> cause);
  /// The execution's end by States.Runtime, with the state's name before the text.
  void fail_runtime(const std::string& text);
  std::string in_state(const std::string& text) const;
  /// What is wrong when a result cannot be put there.
  std::string cannot_place(const Path& path);
  /// What a task calls, for people.
  const std::string& task_name() const;

  const Machine& machine_;
  const Facts& facts_;
  Time now_;
  Random& random_;
  Outcome out_;
  // The branch in focus, which everything here is about.
  int64_t id_ = kRoot;
  Branch* branch_ = nullptr;
  const State* state_ = nullptr;  // of branch_->state
  std::deque<int64_t> ready_;     // branches about to enter a state
  std::optional<json::value> context_;
  std::optional<int64_t> context_of_;       // whose Map.Item stands in it
  std::optional<CallId> context_at_;        // the try of a state that it tells of
  std::size_t open_weight_ = 0;             // of the branches inside of others
  Visits visits_;                           // by the paths of this state
  std::size_t visited_ = 0;                 // by those before it
  int states_entered_ = 0;
  bool full_ = false;  // the history has reached its end
};

}  // namespace trainyard::asl
