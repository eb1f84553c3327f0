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

enum class StateType { task, pass, choice, wait, succeed, fail };
/// "Task": as in definitions and in the names of history events.
std::string_view name_of(StateType type);

/// `arn:aws:states:::sagemaker:createTrainingJob.sync` taken apart. Another ARN leaves all but
/// `arn` empty: what it may name is for the caller to say.
struct Resource {
  std::string arn;
  std::string service;    // "sagemaker"
  std::string action;     // "createTrainingJob.sync"
  std::string operation;  // "createTrainingJob"
  std::string pattern;    // "", "sync", "waitForTaskToken"
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

/// One state; fields that its type lacks keep their defaults.
struct State {
  std::string name;
  StateType type = StateType::pass;
  std::string next;  // "" when it ends the execution, and for Choice
  Selector input_path, output_path, result_path;
  std::optional<Template> parameters, result_selector;
  std::optional<json::value> result;  // Pass
  Resource resource;                  // Task, up to `catchers`
  std::optional<int64_t> timeout_seconds, heartbeat_seconds;
  std::optional<Path> timeout_path, heartbeat_path;
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

struct Machine {
  std::string start_at;
  std::optional<int64_t> timeout_seconds;
  std::map<std::string, State, std::less<>> states;
  std::vector<std::string> order;  // names as the definition has them
  SupportsField supports_field;    // empty: every member is
};

/// What is wrong with a definition, and where: "/States/Train Step/Parameters".
struct Problem {
  std::string code;  // SCHEMA_VALIDATION_FAILED, MISSING_TRANSITION_TARGET, …
  std::string message;
  std::string location;  // "" when it is nowhere in particular
};

/// As CreateStateMachine reports them: "CODE: message at location, CODE: …".
std::string to_text(const std::vector<Problem>& problems);

struct Parsed {
  Machine machine;  // of use only without problems
  std::vector<Problem> problems;
};

/// Reads a definition in the Amazon States Language (https://states-language.net/spec.html) with
/// every structural check. What this interpreter does not run (Parallel, Map, JSONata,
/// variables) is a problem like any other.
Parsed parse_machine(std::string_view definition);

}  // namespace trainyard::asl
