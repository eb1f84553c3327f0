#include "drive.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace trainyard::fuzz {

Drive::Drive(const asl::Machine& machine, json::value input, std::string_view decisions)
    : machine_(machine), decisions_(decisions) {
  std::string text = dump(input);
  facts_ = {"arn:aws:states:us-east-1:000000000000:execution:flow:run",
            "run",
            "arn:aws:iam::000000000000:role/Flow",
            "arn:aws:states:us-east-1:000000000000:stateMachine:flow",
            "flow",
            "us-east-1",
            now_,
            std::move(input),
            std::move(text),
            std::nullopt,
            std::nullopt};
}

void Drive::run(int events_max) {
  take(asl::Started{});
  while (events_max-- > 0) {
    if (snapshot_.status == asl::Status::running) {
      take(next_event());
    } else if (snapshot_.status == asl::Status::succeeded || decide() % 2 == 0) {
      return;
    } else {
      take(asl::Redriven{});
    }
  }
}

void Drive::take(const asl::Event& event) {
  const asl::Stored stored = asl::to_stored(snapshot_);
  snapshot_ = asl::from_stored(stored);
  const asl::Stored again = asl::to_stored(snapshot_);
  TRAINYARD_ASSERT(again.core == stored.core && again.parts == stored.parts);
  asl::Outcome outcome = asl::step(machine_, {facts_, std::move(snapshot_)}, event, now_, random_);
  snapshot_ = std::move(outcome.snapshot);
  check(outcome.history);
  for (const asl::Command& command : outcome.commands) apply(command);
  // Whoever runs waits for something.
  const bool running = snapshot_.status == asl::Status::running;
  TRAINYARD_ASSERT(!running || !open_.empty() || !timers_.empty());
  TRAINYARD_ASSERT(running || (open_.empty() && timers_.empty()));
}

void Drive::apply(const asl::Command& command) {
  auto is = [](const asl::CallId& call) {
    return [&](const Open& open) { return open.task.call == call; };
  };
  if (const auto* call = std::get_if<asl::CallTask>(&command)) {
    TRAINYARD_ASSERT(std::none_of(open_.begin(), open_.end(), is(call->call)));
    open_.push_back({*call});
  } else if (const auto* set = std::get_if<asl::SetTimer>(&command)) {
    TRAINYARD_ASSERT(timers_.emplace(set->timer, set->due).second);
  } else if (const auto* cancelled = std::get_if<asl::CancelTimer>(&command)) {
    TRAINYARD_ASSERT(timers_.erase(cancelled->timer) == 1);
  } else if (const auto* task = std::get_if<asl::CancelTask>(&command)) {
    TRAINYARD_ASSERT(std::erase_if(open_, is(task->call)) == 1);
  } else {
    TRAINYARD_ASSERT(snapshot_.status == std::get<asl::Ended>(command).status);
  }
}

void Drive::check(const std::vector<asl::HistoryEvent>& history) {
  for (const asl::HistoryEvent& event : history) {
    TRAINYARD_ASSERT(event.id == ++last_event_);
    TRAINYARD_ASSERT(event.previous >= 0 && event.previous < event.id);
    TRAINYARD_ASSERT(event.payload.size() <= asl::kPayloadBytesMax);
  }
  TRAINYARD_ASSERT(last_event_ <= asl::kHistoryEventsMax);
}

asl::Event Drive::next_event() {
  const uint8_t decision = decide();
  if (decision == 255) return asl::Aborted{"Stopped", "by a byte"};
  if (open_.empty() || (!timers_.empty() && decision % 4 == 3)) return fire_first_timer();
  return task_event(decision / 4 % open_.size());
}

asl::Event Drive::task_event(std::size_t index) {
  const uint8_t decision = decide();
  Open& open = open_[index];
  const asl::CallId call = open.task.call;
  const json::value answer = json::object{{"Value", decision}, {"Parts", json::array{1, "two"}}};
  const asl::Resource& resource = open.task.resource;
  const bool goes_on = resource.is_activity || (!resource.pattern.empty() && decision % 4 != 1);
  if (!open.submitted && goes_on) {
    open.submitted = true;
    if (resource.is_activity) return asl::ActivityStarted{call, "worker"};
    return asl::TaskSubmitted{call, answer};
  }
  if (open.submitted && resource.by_token()) {
    auto token = asl::TaskToken::parse(open.task.token);
    TRAINYARD_ASSERT(token && token->call == call && asl::waits_for(snapshot_, *token));
    if (decision % 4 == 2) return asl::TaskHeartbeat{call};
  }
  asl::TaskResult result{answer, std::nullopt};
  if (decision % 4 == 1) result = {nullptr, asl::Failure{"Some.Error", "a cause"}};
  const bool submitted = open.submitted;
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  if (submitted) return asl::TaskCompleted{call, std::move(result)};
  return asl::TaskAnswered{call, std::move(result)};
}

asl::Event Drive::fire_first_timer() {
  auto first = std::min_element(timers_.begin(), timers_.end(),
                                [](const auto& a, const auto& b) { return a.second < b.second; });
  std::string timer = first->first;
  now_ = std::max(now_, first->second);
  timers_.erase(first);
  return asl::TimerFired{timer};
}

uint8_t Drive::decide() {
  if (decisions_.empty()) return 0;
  const auto decision = static_cast<uint8_t>(decisions_.front());
  decisions_.remove_prefix(1);
  return decision;
}

}  // namespace trainyard::fuzz
