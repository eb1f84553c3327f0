// The states of a workflow as values, and the definition that they make together. States name one
// another: a transition is the name of its target, and Definition checks that all targets exist.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "sdk/choice_rule.hpp"
#include "sdk/placeholder.hpp"

namespace trainyard::sdk {

enum class Jitter { none, full };

/// Tries a state again after the named errors. What is not set is the service's default and not
/// written: 1 second, 3 attempts, twice as long each time, no limit, no jitter.
struct Retry {
  std::vector<std::string> error_equals = {"States.ALL"};
  std::optional<int> interval_seconds;
  std::optional<int> max_attempts;
  std::optional<double> backoff_rate;
  std::optional<int> max_delay_seconds;
  std::optional<Jitter> jitter;

  json::object to_json() const;
};

/// Goes on at `next` after the named errors.
struct Catch {
  std::vector<std::string> error_equals = {"States.ALL"};
  std::string next;
  std::string result_path;  // where the error goes; "": it replaces the state's input

  json::object to_json() const;
};

/// Any state, written as the Python SDK writes it: its fields in the order in which they were set,
/// Type, Next or End, Retry, Catch, and last Choices or Branches.
class State {
 public:
  State(std::string name, std::string type) : name_(std::move(name)), type_(std::move(type)) {}

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }

  /// Sets any field of the States Language: Comment, InputPath, ResultPath, TimeoutSeconds, …
  State& set(const std::string& field, json::value value);
  State& set(const std::string& field, const Parameters& parameters);
  /// The state that follows; without it the workflow ends here. Of a Choice: its default.
  /// SystemError for Succeed and Fail.
  State& next(std::string name);
  State& retry(const Retry& retry);
  State& on_error(const Catch& handler);

  /// Whether it is a Choice that says what follows when no rule holds.
  bool has_default() const;
  /// The state's value in "States".
  json::object to_json() const;
  /// Names of all states that this one may go to.
  std::vector<std::string> targets() const;

 protected:
  json::object& fields() { return fields_; }
  json::object& tail() { return tail_; }

 private:
  bool has_next_or_end() const;

  std::string name_;
  std::string type_;
  json::object fields_;
  json::array retries_;
  json::array catchers_;
  json::object tail_;  // after everything else
  std::string next_;
};

class Pass : public State {
 public:
  explicit Pass(std::string name) : State(std::move(name), "Pass") {}
  Pass(std::string name, json::value result);
};

/// How a task waits for what it calls: not at all, for the end of the job, or until somebody sends
/// its TaskToken back.
enum class Pattern { request_response, sync, wait_for_task_token };

/// arn:aws:states:::SERVICE:OPERATION with the pattern's suffix. Any call of AWS's SDK is one, too:
/// integration("aws-sdk:sagemaker", "listModels").
std::string integration(const std::string& service, const std::string& operation,
                        Pattern pattern = Pattern::request_response);

class Task : public State {
 public:
  /// `resource`: the ARN of an integration, or of an activity.
  Task(std::string name, const std::string& resource, const Parameters& parameters = {});
};

class Wait : public State {
 public:
  Wait(std::string name, int seconds);
  /// Waits as many seconds as the placeholder says.
  Wait(std::string name, const Placeholder& seconds);
  static Wait until(std::string name, Time time);
  /// Waits until the time that the placeholder says.
  static Wait until(std::string name, const Placeholder& timestamp);

 private:
  Wait(std::string name, const char* field, json::value value);
};

class Succeed : public State {
 public:
  explicit Succeed(std::string name) : State(std::move(name), "Succeed") {}
};

class Fail : public State {
 public:
  Fail(std::string name, const std::string& error, const std::string& cause);
  Fail(std::string name, const Placeholder& error, const Placeholder& cause);
};

class Choice : public State {
 public:
  explicit Choice(std::string name) : State(std::move(name), "Choice") {}
  /// The first rule that holds decides.
  Choice& when(const Rule& rule, const std::string& next);
  Choice& otherwise(const std::string& next);
};

class Definition;

/// Runs whole definitions side by side; its output is the list of theirs.
class Parallel : public State {
 public:
  explicit Parallel(std::string name) : State(std::move(name), "Parallel") {}
  Parallel& add_branch(const Definition& definition);
};

/// Runs a definition once for each item of a list; its output is the list of theirs.
class Map : public State {
 public:
  explicit Map(std::string name) : State(std::move(name), "Map") {}
  /// What runs, as "ItemProcessor".
  Map& item_processor(const Definition& definition);
  /// The same as "Iterator", its older name, which the Python SDK writes.
  Map& iterator(const Definition& definition);
  /// Where the list is; without it the state's input is the list.
  Map& items_path(const Path& path);
  /// What an iteration gets, in which MapItem is the item; without it the item alone.
  Map& item_selector(const Parameters& parameters);
  /// How many iterations may run at a time; 0 is the service's own limit.
  Map& max_concurrency(int count);
  Map& max_concurrency(const Placeholder& count);
};

/// A workflow, a branch or what a Map runs: where it starts and its states. SystemError when two
/// states have one name, at whatever depth, or a transition names a state that is not there.
class Definition {
 public:
  /// Starts at the first state.
  explicit Definition(const std::vector<State>& states);
  /// One state is a definition, too.
  Definition(const State& state);
  /// A definition that was written elsewhere, as it is.
  static Definition from_json(json::object document);

  /// Sets a field of the whole: Comment, TimeoutSeconds, Version. It is written before StartAt.
  Definition& set(const std::string& field, json::value value);

  const json::object& to_json() const { return document_; }
  /// Compact, or indented by four as the Python SDK prints it.
  std::string to_json_text(bool pretty = false) const;

 private:
  Definition() = default;
  json::object document_;
};

/// States that follow one another: each goes to the next one in the list, a Choice by default
/// unless it says otherwise. `others` are reached through choices and catchers.
Definition chain(std::vector<State> states, const std::vector<State>& others = {});

}  // namespace trainyard::sdk
