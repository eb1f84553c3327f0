// For tests: an execution driven by a script on a virtual clock, and text to be refused.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>

#include "asl/execution.hpp"

namespace trainyard::asl {

/// Runs one execution: answers calls as the script says, fires timers in order of their due times.
class Runner {
 public:
  explicit Runner(const std::string& definition, const std::string& input = "{}",
                  bool restore_each_step = false)
      : restore_(restore_each_step) {
    auto parsed = parse_machine(definition);
    EXPECT_EQ(to_text(parsed.problems), "");
    machine = std::move(parsed.machine);
    facts = {"arn:aws:states:us-east-1:000000000000:execution:flow:run",
             "run",
             "arn:aws:iam::000000000000:role/Flow",
             "arn:aws:states:us-east-1:000000000000:stateMachine:flow",
             "flow",
             "us-east-1",
             now,
             *parse_json(input),
             input};
  }

  /// What a call answers with: one of TaskAnswered, TaskSubmitted, or nothing (it stays open).
  using Answer = std::function<std::optional<Event>(const CallTask&)>;
  Answer answer = [](const CallTask& call) -> std::optional<Event> {
    return TaskAnswered{call.call, {json::object{{"Done", call.resource.operation}}, {}}};
  };

  void take(const Event& event) {
    if (restore_) snapshot = from_stored(to_stored(snapshot));
    Outcome outcome = step(machine, {facts, std::move(snapshot)}, event, now, random);
    snapshot = std::move(outcome.snapshot);
    for (auto& entry : outcome.history) history.push_back(std::move(entry));
    for (auto& command : outcome.commands) perform(command);
  }

  /// Takes `first` in, then answers calls and fires timers until nothing is left to do.
  Runner& go(const Event& first = Started{}) {
    take(first);
    while (open()) advance();
    return *this;
  }
  bool open() const { return !answers_.empty() || !timers.empty(); }
  void advance() {
    if (!answers_.empty()) {
      Event event = std::move(answers_.front());
      answers_.pop_front();
      take(event);
      return;
    }
    auto first = timers.begin();
    for (auto it = timers.begin(); it != timers.end(); ++it) {
      if (it->second < first->second) first = it;
    }
    std::string timer = first->first;
    now = std::max(now, first->second);
    timers.erase(first);
    take(TimerFired{timer});
  }

  /// "3<2 TaskScheduled", one line an event.
  std::string types() const {
    std::string text;
    for (const auto& event : history) {
      text +=
          std::to_string(event.id) + "<" + std::to_string(event.previous) + " " + event.type + "\n";
    }
    return text;
  }
  /// `3<2 TaskScheduled {"resourceType":…}`, one line an event.
  std::string lines() const {
    std::string text;
    for (const auto& event : history) {
      text += std::to_string(event.id) + "<" + std::to_string(event.previous) + " " + event.type;
      if (!event.details_name.empty()) {
        text += " " + dump(to_json(event).at(event.details_name));
      }
      text += "\n";
    }
    return text;
  }
  /// The whole history as JSON, one event a line.
  std::string text() const {
    std::string text;
    for (const auto& event : history) {
      text += dump(to_json(event)) + " " + std::to_string(to_millis(event.at)) + "\n";
    }
    return text;
  }
  /// The details of the last event of that type.
  std::string last(const std::string& type) const {
    for (auto it = history.rbegin(); it != history.rend(); ++it) {
      if (it->type != type) continue;
      json::object object = to_json(*it);
      return it->details_name.empty() ? "{}" : dump(object.at(it->details_name));
    }
    return "";
  }

  Machine machine;
  Facts facts;
  Snapshot snapshot;
  Time now = from_millis(1'700'000'000'000);
  SeededRandom random{7};
  std::vector<HistoryEvent> history;
  std::map<std::string, Time> timers;
  std::vector<std::string> cancelled;  // calls
  std::optional<Ended> ended;

 private:
  void perform(const Command& command) {
    if (const auto* call = std::get_if<CallTask>(&command)) {
      if (auto event = answer(*call)) answers_.push_back(*event);
    } else if (const auto* timer = std::get_if<SetTimer>(&command)) {
      EXPECT_TRUE(timers.emplace(timer->timer, timer->due).second);
    } else if (const auto* timer = std::get_if<CancelTimer>(&command)) {
      EXPECT_EQ(timers.erase(timer->timer), 1u) << timer->timer;
    } else if (const auto* task = std::get_if<CancelTask>(&command)) {
      cancelled.push_back(task->call.text());
    } else {
      EXPECT_FALSE(ended.has_value());
      ended = std::get<Ended>(command);
    }
  }

  bool restore_;
  std::deque<Event> answers_;
};

inline constexpr const char* kSync = "arn:aws:states:::sagemaker:createTrainingJob.sync";
inline constexpr const char* kModel = "arn:aws:states:::sagemaker:createModel";

/// A machine of one Task that ends, with further fields.
inline std::string one_task(const std::string& fields, const char* resource = kModel) {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":")" +
         std::string(resource) + "\"" + (fields.empty() ? "" : "," + fields) +
         R"(},"Caught":{"Type":"Pass","End":true}}})";
}

/// The same, without the state that only a catcher reaches.
inline std::string lone_task(const std::string& fields, const char* resource = kModel) {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":")" +
         std::string(resource) + "\"" + (fields.empty() ? "" : "," + fields) + "}}}";
}

/// A machine of one state "S".
inline std::string one_state(const std::string& fields) {
  return R"({"StartAt":"S","States":{"S":{)" + fields + "}}}";
}

/// A machine whose first state "G" has these fields; `more` has further states.
inline std::string machine_of(const std::string& fields, const std::string& more = "") {
  return R"({"StartAt":"G","States":{"G":{)" + fields + "}" + more + "}}";
}

/// The text with up to three places changed, dropped or doubled.
inline std::string mutated(const std::string& whole, Random& random) {
  std::string text = whole;
  for (uint64_t count = 1 + random.below(3); count > 0 && !text.empty(); --count) {
    std::size_t at = random.below(text.size());
    std::string piece = text.substr(random.below(text.size()), random.below(12));
    switch (random.below(3)) {
      case 0:
        text[at] = whole[random.below(whole.size())];
        break;
      case 1:
        text.erase(at, random.below(12));
        break;
      default:
        text.insert(at, piece);
    }
  }
  return text;
}

inline Event fails(const CallId& call, std::string error, std::string cause = "because") {
  return TaskAnswered{call, {nullptr, Failure{std::move(error), std::move(cause)}}};
}

}  // namespace trainyard::asl
