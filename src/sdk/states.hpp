// The states of a workflow as values, and the definition that they make together. States name one
// another: a transition is the name of its target, and Definition checks that all targets exist.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace trainyard::sdk {

/// A value that is known only when the workflow runs: a path into its input or its data.
///
///   ExecutionInput input;
///   parameters.set("ModelName", input["Create Model"]["ModelName"]);
class Placeholder {
 public:
  explicit Placeholder(std::string path) : path_(std::move(path)) {}
  /// One member deeper: `path['name']`.
  Placeholder operator[](const std::string& name) const;
  /// One element of a list: `path[index]`.
  Placeholder operator[](int index) const;
  /// One member deeper in dotted form: `path.name`.
  Placeholder dot(const std::string& name) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What the execution was started with, from any state: $$.Execution.Input['name'].
class ExecutionInput : public Placeholder {
 public:
  ExecutionInput() : Placeholder("$$.Execution.Input") {}
};

/// What the state is handed by the one before it: $['name'].
class StepInput : public Placeholder {
 public:
  StepInput() : Placeholder("$") {}
};

/// The Parameters of a state, in the order in which they were set. A placeholder is written as a
/// path, under its name with ".$" appended.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(json::object literal) : members_(std::move(literal)) {}
  Parameters& set(const std::string& name, json::value value);
  Parameters& set(const std::string& name, const char* value);
  Parameters& set(const std::string& name, const std::string& value);
  Parameters& set(const std::string& name, const Placeholder& value);
  Parameters& set(const std::string& name, const Parameters& value);
  const json::object& members() const { return members_; }

 private:
  json::object members_;
};

/// Tries a state again after the named errors.
struct Retry {
  std::vector<std::string> error_equals = {"States.ALL"};
  int interval_seconds = 1;
  int max_attempts = 3;
  double backoff_rate = 2.0;

  json::object to_json() const;
};

/// Goes on at `next` after the named errors.
struct Catch {
  std::vector<std::string> error_equals = {"States.ALL"};
  std::string next;
  std::string result_path;  // where the error goes; "": it replaces the state's input

  json::object to_json() const;
};

/// Any state. `fields` are written as they are and in their order, between nothing and "Type".
class State {
 public:
  State(std::string name, std::string type) : name_(std::move(name)), type_(std::move(type)) {}

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }

  /// Sets any field of the States Language: Comment, InputPath, ResultPath, TimeoutSeconds, …
  State& set(const std::string& field, json::value value);
  State& set(const std::string& field, const Parameters& parameters);
  /// The state that follows; without it the workflow ends here.
  State& next(std::string name);
  State& retry(const Retry& retry);
  State& on_error(const Catch& handler);

  const std::string& following() const { return next_; }
  /// False for Choice, Succeed and Fail, which have neither Next nor End.
  bool may_have_next() const;
  /// The state's value in "States".
  json::object to_json() const;
  /// Names of all states that this one may go to.
  std::vector<std::string> targets() const;

 protected:
  json::object& fields() { return fields_; }

 private:
  std::string name_;
  std::string type_;
  json::object fields_;
  json::array retries_;
  json::array catchers_;
  std::string next_;
};

class Pass : public State {
 public:
  explicit Pass(std::string name) : State(std::move(name), "Pass") {}
  Pass(std::string name, json::value result);
};

class Task : public State {
 public:
  /// `resource`: an ARN such as arn:aws:states:::sagemaker:createModel.
  Task(std::string name, const std::string& resource, const Parameters& parameters = {});
};

class Wait : public State {
 public:
  Wait(std::string name, int seconds);
  /// Waits as many seconds as the placeholder says.
  Wait(std::string name, const Placeholder& seconds);
};

class Succeed : public State {
 public:
  explicit Succeed(std::string name) : State(std::move(name), "Succeed") {}
};

class Fail : public State {
 public:
  Fail(std::string name, const std::string& error, const std::string& cause);
};

/// A condition of a Choice.
///
///   Rule::all({Rule::numeric_greater_than("$.n", 3), Rule::is_present("$.name")})
class Rule {
 public:
  /// Any comparison of the States Language: Rule::compare("$.n", "NumericLessThan", 3).
  static Rule compare(const std::string& variable, const std::string& comparison,
                      json::value value);
  static Rule string_equals(const std::string& variable, const std::string& value);
  static Rule string_matches(const std::string& variable, const std::string& pattern);
  static Rule numeric_equals(const std::string& variable, double value);
  static Rule numeric_greater_than(const std::string& variable, double value);
  static Rule numeric_less_than(const std::string& variable, double value);
  static Rule boolean_equals(const std::string& variable, bool value);
  static Rule is_present(const std::string& variable, bool value = true);
  static Rule all(const std::vector<Rule>& rules);
  static Rule any(const std::vector<Rule>& rules);
  static Rule negated(const Rule& rule);

  const json::object& members() const { return members_; }

 private:
  explicit Rule(json::object members) : members_(std::move(members)) {}
  json::object members_;
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
  Parallel& branch(const Definition& definition);
};

/// Runs a definition once for each item of a list.
class Map : public State {
 public:
  Map(std::string name, const Definition& iterator);
};

/// A workflow: where it starts and its states. SystemError when two states have one name, or a
/// transition names a state that is not there.
class Definition {
 public:
  /// Starts at the first state.
  explicit Definition(const std::vector<State>& states);
  /// A definition that was written elsewhere, as it is.
  static Definition from_json(json::object document);

  const json::object& to_json() const { return document_; }
  /// Compact, or indented by four as the Python SDK prints it.
  std::string to_json_text(bool pretty = false) const;

 private:
  Definition() = default;
  json::object document_;
};

/// States that follow one another: each goes to the next one in the list. `others` are reached
/// through choices and catchers.
Definition chain(std::vector<State> states, const std::vector<State>& others = {});

}  // namespace trainyard::sdk
