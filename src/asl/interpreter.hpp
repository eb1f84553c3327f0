// One step at work. Internal to step.cpp, states.cpp and tasks.cpp.
#pragma once

#include <optional>
#include <string>

#include "asl/execution.hpp"

namespace trainyard::asl {

class Interpreter {
 public:
  Interpreter(const Machine& machine, const Execution& execution, Time now, Random& random);

  void take(const Event& event);
  Outcome finish();

 private:
  // step.cpp: events in
  void dispatch(const Event& event);
  void started();
  void timer_fired(const std::string& timer);
  void aborted(const Aborted& event);
  void run();
  // step.cpp: the history and the commands
  int64_t add(std::string type, std::string details_name = "", json::object details = {},
              std::string payload_member = "", std::string payload = "");
  void command(Command command);
  void set_timer(std::string timer, Time due);
  /// False when it is not set.
  bool drop_timer(const std::string& timer);
  void cancel_timer(const std::string& timer);
  void end(Status status, std::string output, std::optional<std::string> error,
           std::optional<std::string> cause);
  void fail_execution(std::string error, std::optional<std::string> cause);
  /// The end of an execution by States.Runtime, with the state's name before the text.
  void fail_runtime(const std::string& text);
  std::string in_state(const std::string& text) const;

  // states.cpp
  void enter();
  void enter_choice();
  void enter_wait();
  void enter_fail();
  std::optional<Time> wait_until();
  /// InputPath; nullopt after the execution has failed.
  std::optional<json::value> effective_input();
  std::optional<json::value> fill(const std::optional<Template>& payload, json::value input);
  /// The value; nullopt after the failure was handled.
  std::optional<json::value> value_of(Result<json::value> result);
  /// ResultPath and OutputPath, then on to the next state.
  void leave_with(json::value result, const std::string& next);
  void leave(json::value output, const std::string& next);
  /// False after the error was handled.
  bool within_limits(const json::value& payload, std::size_t bytes, const std::string& who);
  Scope scope_of(const json::value& input);
  const json::value& context();

  // tasks.cpp
  void schedule();
  std::optional<json::value> task_parameters();
  std::optional<int64_t> seconds_of(const std::optional<int64_t>& fixed,
                                    const std::optional<Path>& path, const char* field,
                                    const json::value& input, bool& ok);
  void task_answered(const TaskAnswered& event);
  void task_submitted(const TaskSubmitted& event);
  void task_completed(const TaskCompleted& event);
  void task_ended(const TaskResult& result);
  void task_timed_out();
  /// Retry, catch, or the end of the execution.
  void handle_error(const std::string& error, std::optional<std::string> cause);
  bool retry(const std::string& error);
  bool caught(const std::string& error, const std::string& cause);
  CallId call() const { return {branch_.entered, branch_.attempt}; }
  bool waits_for(const CallId& id, Branch::Phase phase) const;
  json::object task_details() const;
  std::string timeout_timer() const { return "timeout:" + call().text(); }

  const Machine& machine_;
  const Facts& facts_;
  Time now_;
  Random& random_;
  Outcome out_;
  Branch& branch_;
  const State* state_ = nullptr;  // of branch_.state
  std::optional<json::value> context_;
  Visits visits_;             // by the paths of this state
  std::size_t visited_ = 0;  // by those before it
  int states_entered_ = 0;
  bool full_ = false;  // the history has reached its end
};

}  // namespace trainyard::asl
