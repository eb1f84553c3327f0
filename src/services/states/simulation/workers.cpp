#include "services/states/simulation/workers.hpp"

#include "base/error.hpp"

namespace trainyard::states::simulation {

void Workers::begin(const std::string& token, std::string_view call, Time now) {
  auto name = CallName::parse(call);
  TRAINYARD_ASSERT(name.has_value());
  const TaskPlan& plan = plan_.tasks.find(name->state)->second;
  const Behaviour& behaviour = plan.at(name->retry);
  if (behaviour.kind == Behaviour::Kind::never) return;  // it has fallen asleep
  const Time end = now + std::chrono::seconds(behaviour.seconds);
  if (plan.heartbeat_ms > 0) {
    for (Time at = now + Duration(plan.heartbeat_ms); at < end; at += Duration(plan.heartbeat_ms)) {
      words_.insert({at, {Word::Kind::heartbeat, token, 0}});
    }
  }
  const bool well = behaviour.kind == Behaviour::Kind::answers;
  words_.insert({end, {well ? Word::Kind::success : Word::Kind::failure, token, behaviour.value}});
}

std::optional<Workers::Word> Workers::next_word(Time now) {
  if (words_.empty() || words_.begin()->first > now) return std::nullopt;
  return std::move(words_.extract(words_.begin()).mapped());
}

std::optional<Time> Workers::next_time() const {
  return words_.empty() ? std::nullopt : std::optional(words_.begin()->first);
}

}  // namespace trainyard::states::simulation
