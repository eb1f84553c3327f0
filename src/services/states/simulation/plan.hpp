// What a seed makes: a state machine with its input, and how each of its tasks behaves.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace trainyard::states::simulation {

/// What one try of a task comes to.
struct Behaviour {
  enum class Kind {
    answers,  // well: at once, or as a job that ends well, or by a worker
    refuses,  // the call itself fails, with `code`; a worker says that it has failed
    fails,    // a job that ends badly, or a worker that says so
    never,    // a job that goes on until somebody stops it, a worker that says nothing
  };
  Kind kind = Kind::answers;
  std::string code;     // an error code of SageMaker's
  int64_t seconds = 0;  // how long the job runs, or the worker works
  int64_t value = 0;    // what it answers
};

/// A Task's tries, by their number; all that follow are like the last.
struct TaskPlan {
  std::vector<Behaviour> tries;
  int64_t heartbeat_ms = 0;  // how often a worker sends one; 0: never
  const Behaviour& at(std::size_t number) const {
    return tries[number < tries.size() ? number : tries.size() - 1];
  }
};

/// The order in which things happen must not matter for how an execution ends, unless
/// `depends_on_time` says that it may: then a task races with its timeout, or a client with both.
struct Plan {
  std::string definition, input;
  std::string child;  // the definition of the machine that tasks start executions of; "" for none
  std::map<std::string, TaskPlan, std::less<>> tasks;  // by the names of their states
  bool depends_on_time = false;
  std::optional<Duration> stop_after;  // somebody stops the execution then
  int redrives = 0;                    // so often, when it has not succeeded
};
/// The activity whose workers do some of the tasks.
inline constexpr const char* kActivityName = "work";
inline constexpr const char* kChildName = "child";

inline constexpr int kSizeMax = 10;
/// A call of a plan that does not depend on time is never made later than that after it is due.
inline constexpr int64_t kLateSecondsMax = 300;

/// The same plan for the same seed and size. `size` bounds the number of states, so that a failure
/// can be looked for among smaller machines of the same seed.
Plan make_plan(uint64_t seed, int size = kSizeMax);

/// How a task's request names itself, so that the world knows which try of which state it is:
/// `w|STATE|KEY|N|ENTERED|RETRY|REDRIVE`. KEY tells iterations of Map states apart, N rounds of a
/// loop, ENTERED is the time at which the state was entered.
struct CallName {
  std::string state;
  std::size_t retry = 0;  // retries and redrives before it
  static std::optional<CallName> parse(std::string_view text);
};

}  // namespace trainyard::states::simulation
