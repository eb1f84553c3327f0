// A checked state machine. Made by parse_machine and never changed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/choice.hpp"
#include "asl/path.hpp"
#include "asl/template.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace trainyard::asl {

/// Names of states, in characters (ASL specification, "States").
inline constexpr std::size_t kStateNameCharsMax = 80;
/// The largest number of seconds that a field may hold, and a Task's time when none is given.
inline constexpr int64_t kSecondsMax = 99'999'999;

/// The largest MaxConcurrency that is taken; more than kInlineConcurrencyMax never run.
inline constexpr int64_t kConcurrencyMax = 99'999'999;
/// Iterations of an inline Map that run at a time (Step Functions Developer Guide, "Inline mode").
inline constexpr int64_t kInlineConcurrencyMax = 40;

enum class StateType { task, pass, choice, wait, succeed, fail, parallel, map };
/// "Task": as in definitions and in the names of history events.
std::string_view name_of(StateType type);

/// `arn:aws:states:::sagemaker:createTrainingJob.sync` taken apart. Another ARN leaves all but
/// `arn` empty: what it may name is for the caller to say.
struct Resource {
  std::string arn;
  std::string service;       // "sagemaker", "aws-sdk:sagemaker"
  std::string action;        // "createTrainingJob.sync"
  std::string operation;     // "createTrainingJob"
  std::string pattern;       // "", "sync", "sync:2", "waitForTaskToken"
  bool is_activity = false;  // arn:aws:states:us-east-1:000000000000:activity:name

  /// Whether the task ends by a token that somebody gives back.
  bool by_token() const { return is_activity || pattern == "waitForTaskToken"; }
};
Resource parse_resource(std::string_view arn);

struct Retrier {
  std::vector<std::string> errors;
  int64_t interval_seconds = 1;
  int64_t max_attempts = 3;
  double backoff_rate = 2.0;
  std::optional<int64_t> max_delay_seconds;
  bool full_jitter = false;
};

/// A path, or null: "nothing of it".
struct Selector {
  bool none = false;
  Path path;
};

struct Catcher {
  std::vector<std::string> errors;
  std::string next;
  Selector result_path;
};

/// The states of one level: of the machine, of a branch, of what a Map does with an item.
struct Flow {
  std::string start_at;
  std::vector<std::string> order;  // names as the definition has them
};

/// One state; fields that its type lacks keep their defaults.
struct State {
  std::string name;
  std::string location;  // "/States/Each/ItemProcessor/States/Train"
  StateType type = StateType::pass;
  std::string next;  // "" when its branch ends with it, and for Choice
  Selector input_path, output_path, result_path;
  std::optional<Template> parameters, result_selector;
  std::optional<json::value> result;  // Pass
  Resource resource;                  // Task, up to `credentials`
  std::optional<int64_t> timeout_seconds, heartbeat_seconds;
  std::optional<Path> timeout_path, heartbeat_path;
  std::optional<Template> credentials;
  std::vector<Flow> branches;  // Parallel; of a Map the one that each item runs through
  Path items_path;             // Map
  std::optional<Template> item_selector;
  std::optional<int64_t> max_concurrency;  // 0: as many as may be
  std::optional<Path> max_concurrency_path;
  std::vector<Retrier> retriers;
  std::vector<Catcher> catchers;
  std::vector<ChoiceRule> choices;  // Choice
  std::string default_next;
  std::optional<int64_t> seconds;  // Wait: one of these four
  std::optional<Time> timestamp;
  std::optional<Path> seconds_path, timestamp_path;
  std::optional<std::string> error, cause;  // Fail
  std::optional<Expression> error_path, cause_path;
};

/// Whether an integration's input has a member of that name; asked when Parameters are filled.
using SupportsField = std::function<bool(const Resource&, std::string_view field)>;

using States = std::map<std::string, State, std::less<>>;

struct Machine {
  Flow top;
  std::optional<int64_t> timeout_seconds;
  /// Of all levels: names are unique in the whole machine.
  States states;
};

/// All states as the definition has them, those inside of a state right after it.
std::vector<const State*> in_order(const Machine& machine);

/// What is wrong with a definition, and where: "/States/Train Step/Parameters".
struct Problem {
  enum class Severity { error, warning };
  std::string code;  // SCHEMA_VALIDATION_FAILED, MISSING_TRANSITION_TARGET, …
  std::string message;
  std::string location;  // "" when it is nowhere in particular
  Severity severity = Severity::error;
};
/// Whether one of them keeps the machine from being made.
bool has_errors(const std::vector<Problem>& problems);

/// As CreateStateMachine reports errors: "CODE: message at location, CODE: …".
std::string to_text(const std::vector<Problem>& problems);

struct Parsed {
  Machine machine;  // of use only without errors
  std::vector<Problem> problems;
};

/// Reads a definition in the Amazon States Language (https://states-language.net/spec.html) with
/// every structural check. What this interpreter does not run (JSONata, variables, Map states in
/// distributed mode) is a problem like any other.
Parsed parse_machine(std::string_view definition);

}  // namespace trainyard::asl
