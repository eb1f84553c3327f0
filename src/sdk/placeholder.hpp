// Values that a workflow knows only when it runs, and the Parameters that they stand in.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace trainyard::sdk {

/// A value that is known only when the workflow runs: a path into its input or its data, or a call
/// of an intrinsic function.
///
///   ExecutionInput input;
///   parameters.set("ModelName", input["Create Model"]["ModelName"]);
///   parameters.set("Key", Placeholder("States.Format('models/{}', $.name)"));
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

/// What ends a task whose resource ends in .waitForTaskToken (SendTaskSuccess, SendTaskFailure).
class TaskToken : public Placeholder {
 public:
  TaskToken() : Placeholder("$$.Task.Token") {}
};

/// The item of a Map's iteration, in its ItemSelector.
class MapItem : public Placeholder {
 public:
  MapItem() : Placeholder("$$.Map.Item.Value") {}
  /// Its place in the list, from 0.
  static Placeholder index() { return Placeholder("$$.Map.Item.Index"); }
};

/// Where a value is: text such as "$.n", or a placeholder. SystemError for text that does not begin
/// with '$'.
class Path {
 public:
  Path(const char* text) : Path(std::string(text)) {}
  Path(std::string text);
  Path(const Placeholder& placeholder) : text_(placeholder.path()) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
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
  Parameters& set(const std::string& name, const std::vector<Parameters>& values);
  const json::object& members() const { return members_; }

 private:
  json::object members_;
};

/// 3 rather than 3.0, as a person writes it.
json::value as_written(double number);

}  // namespace trainyard::sdk
