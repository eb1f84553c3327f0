// State machines and their executions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sdk/session.hpp"
#include "sdk/states.hpp"

namespace trainyard::sdk {

struct ExecutionSummary {
  std::string name;
  std::string arn;
  std::string status;  // RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
  Time started;
  std::optional<Time> stopped;
};

struct WorkflowSummary {
  std::string name;
  std::string arn;
  Time created;
};

/// A picture of a definition.
struct Drawing {
  std::string svg;
  std::string text;  // for a terminal, in box characters
};

/// One run of a workflow. The session must outlive it.
class Execution {
 public:
  Execution(Session& session, std::string arn) : session_(session), arn_(std::move(arn)) {}

  const std::string& arn() const { return arn_; }
  /// The last part of the ARN.
  std::string name() const;

  /// DescribeExecution's answer: status, startDate, stopDate, input, output, error, cause, …
  json::object describe();
  std::string status();
  json::value get_input();
  /// The output, or nullopt when there is none (yet). With `wait`, returns after the end.
  std::optional<json::value> get_output(bool wait = false);
  /// Up to `max_items` events of the history.
  json::array list_events(int max_items = 1000, bool reverse_order = false);
  void stop(const std::string& cause = "", const std::string& error = "");

  /// The page that shows this execution: at AWS its console; here the daemon's page, presigned with
  /// the caller's key for twelve hours.
  std::string console_url();

 private:
  Session& session_;
  std::string arn_;
};

/// A state machine, existing or to be created. The session must outlive it.
class Workflow {
 public:
  /// `role`: ARN of the role that its executions act as.
  Workflow(Session& session, std::string name, Definition definition, std::string role,
           std::map<std::string, std::string> tags = {});

  /// CreateStateMachine. When one of that name exists already, takes that one (its definition is
  /// not touched: see update). Returns the ARN.
  const std::string& create();
  /// Gives the state machine another definition, and another role unless that is empty.
  void update(const Definition& definition, const std::string& role = "");
  /// Starts a run. `name` "": the service chooses one. SystemError before create().
  Execution execute(const std::string& name = "", const json::value& input = json::object());
  /// An input that is JSON text already, sent as it is.
  Execution execute_text(const std::string& name, const std::string& input);
  std::vector<ExecutionSummary> list_executions(int max_items = 100,
                                                const std::string& status_filter = "");
  /// Deletes the state machine.
  void remove();

  const Definition& definition() const { return definition_; }
  Drawing render_graph() const;
  const std::string& name() const { return name_; }
  const std::string& arn() const { return arn_; }
  const std::string& role() const { return role_; }

  static Workflow attach(Session& session, const std::string& arn);
  static std::vector<WorkflowSummary> list_workflows(Session& session, int max_items = 100);

 private:
  const std::string& created_arn() const;

  Session& session_;
  std::string name_;
  Definition definition_;
  std::string role_;
  std::map<std::string, std::string> tags_;
  std::string arn_;
};

}  // namespace trainyard::sdk
