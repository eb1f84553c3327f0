// Workers, who live outside of the daemon: they get tokens with an activity's tasks or by a call,
// send heartbeats, and say how the tasks have ended.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "services/states/simulation/plan.hpp"

namespace trainyard::states::simulation {

class Workers {
 public:
  explicit Workers(const Plan& plan) : plan_(plan) {}

  /// One has got the token of the task that the call's name tells.
  void begin(const std::string& token, std::string_view call, Time now);

  /// What a worker says when its time has come.
  struct Word {
    enum class Kind { heartbeat, success, failure };
    Kind kind = Kind::success;
    std::string token;
    int64_t value = 0;
  };
  /// The next word that is due; nullopt when there is none.
  std::optional<Word> next_word(Time now);
  /// When the next will be.
  std::optional<Time> next_time() const;

 private:
  const Plan& plan_;
  std::multimap<Time, Word> words_;
};

}  // namespace trainyard::states::simulation
