#include "services/states/simulation/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/json.hpp"
#include "services/states/simulation/plan.hpp"

namespace trainyard::states::simulation {
namespace {

/// What an event of the first type may come from; of others no more is asked than that they come
/// from something before them.
const std::multimap<std::string_view, std::string_view> kCauses{
    {"TaskScheduled", "TaskStateEntered"},
    {"TaskScheduled", "TaskFailed"},
    {"TaskScheduled", "TaskTimedOut"},
    {"TaskScheduled", "ExecutionRedriven"},
    {"TaskStarted", "TaskScheduled"},
    {"TaskSubmitted", "TaskStarted"},
    {"TaskSucceeded", "TaskStarted"},
    {"TaskSucceeded", "TaskSubmitted"},
    {"TaskFailed", "TaskStarted"},
    {"TaskFailed", "TaskSubmitted"},
    {"TaskTimedOut", "TaskStarted"},
    {"TaskTimedOut", "TaskSubmitted"},
    {"PassStateExited", "PassStateEntered"},
    {"WaitStateExited", "WaitStateEntered"},
    {"WaitStateExited", "ExecutionRedriven"},
    {"WaitStateExited", "MapIterationStarted"},
    {"ChoiceStateExited", "ChoiceStateEntered"},
    {"SucceedStateExited", "SucceedStateEntered"},
    {"ActivityScheduled", "TaskStateEntered"},
    {"ActivityScheduled", "ActivityFailed"},
    {"ActivityScheduled", "ActivityTimedOut"},
    {"ActivityScheduled", "ExecutionRedriven"},
    {"ActivityStarted", "ActivityScheduled"},
    {"ActivitySucceeded", "ActivityStarted"},
    {"ActivityFailed", "ActivityStarted"},
    {"ActivityTimedOut", "ActivityStarted"},
    {"ActivityTimedOut", "ActivityScheduled"},
    {"TaskScheduled", "MapIterationStarted"},
    {"ActivityScheduled", "MapIterationStarted"},
    {"MapStateStarted", "MapStateEntered"},
    {"MapStateStarted", "MapStateFailed"},
    {"MapStateStarted", "ExecutionRedriven"},
    {"ParallelStateStarted", "ExecutionRedriven"},
    {"ParallelStateStarted", "MapIterationStarted"},
    {"MapStateStarted", "MapIterationStarted"},
    {"ParallelStateStarted", "ParallelStateEntered"},
    {"ParallelStateStarted", "ParallelStateFailed"}};

const std::map<std::string_view, std::string_view> kEnds{{"ExecutionSucceeded", "SUCCEEDED"},
                                                         {"ExecutionFailed", "FAILED"},
                                                         {"ExecutionTimedOut", "TIMED_OUT"},
                                                         {"ExecutionAborted", "ABORTED"}};

void check_cause(const HistoryEvent& event, const HistoryEvent& cause, Faults& faults) {
  auto [first, last] = kCauses.equal_range(event.type);
  if (first == last) return;
  if (std::none_of(first, last, [&](const auto& pair) { return pair.second == cause.type; })) {
    faults.push_back(
        fmt::format("event {} {} comes from {} {}", event.id, event.type, cause.id, cause.type));
  }
}

/// An end is the last event, or the one before a redrive.
void check_end(const std::vector<HistoryEvent>& events, const std::string& status, Faults& faults) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto end = kEnds.find(events[i].type);
    const bool last = i + 1 == events.size();
    const bool ends = last || events[i + 1].type == "ExecutionRedriven";
    if ((end != kEnds.end()) != ends) {
      faults.push_back(fmt::format("event {} of {} is {}", i + 1, events.size(), events[i].type));
    } else if (last && end->second != status) {
      faults.push_back(fmt::format("{} ends with {}", status, events[i].type));
    }
  }
}

/// The name of the state that it enters or leaves; "" for other events.
std::string state_of(const HistoryEvent& event) {
  if (event.state_entered_event_details) return event.state_entered_event_details->name;
  if (event.state_exited_event_details) return event.state_exited_event_details->name;
  return "";
}

void check_states(const std::vector<HistoryEvent>& events, Faults& faults) {
  std::map<std::string, int> inside;
  for (const HistoryEvent& event : events) {
    if (event.state_entered_event_details) ++inside[state_of(event)];
    if (event.state_exited_event_details && --inside[state_of(event)] < 0) {
      faults.push_back(
          fmt::format("event {} leaves {}, where nobody is", event.id, state_of(event)));
    }
  }
}

/// The call's name among its parameters; "" when it has none.
std::string call_of(const HistoryEvent& event) {
  if (!event.task_scheduled_event_details) return "";
  auto parameters = parse_json(event.task_scheduled_event_details->parameters);
  if (!parameters || !parameters->is_object()) return "";
  for (const auto& member : parameters->get_object()) {
    const json::string* text = member.value().if_string();
    if (text && CallName::parse(*text)) return to_std(*text);
  }
  return "";
}

/// How often each call was made, or scheduled. Executions give theirs other names, but one that is
/// about to be stopped may be at the same state in the same millisecond as the one in its place.
using Counts = std::map<std::string, int>;

/// One execution's tasks against the calls that were seen.
void check_tasks(const std::vector<HistoryEvent>& events, const Counts& seen, Counts& scheduled,
                 Faults& faults) {
  std::map<int64_t, std::string> by_event;  // the call that an event belongs to
  std::set<std::string> own;
  for (const HistoryEvent& event : events) {
    std::string name = call_of(event);
    if (!name.empty() && own.insert(name).second) {
      ++scheduled[name];
    } else if (!name.empty()) {
      faults.push_back("scheduled twice: " + name);
    }
    const bool of_task = event.type.starts_with("Task") && event.type != "TaskStateEntered";
    if (name.empty() && of_task) name = by_event[event.previous_event_id.value_or(0)];
    by_event[event.id] = name;
    if (event.type == "TaskSucceeded" && !name.empty() && !seen.contains(name)) {
      faults.push_back("succeeded without a call: " + name);
    }
  }
}

/// Milliseconds since the epoch, for some decades.
bool is_time(std::string_view text) {
  constexpr std::size_t kDigits = 13;
  return text.size() >= kDigits && text[0] == '1' && text[1] == '7' &&
         text.find_first_not_of("0123456789") >= kDigits;
}

/// "xxxxxxxx-xxxx-4xxx-…": what Random::uuid makes.
bool is_uuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[14] == '4' &&
         text[18] == '-' && text[23] == '-';
}

}  // namespace

Faults check_history(const std::vector<HistoryEvent>& events, const std::string& status) {
  Faults faults;
  if (events.empty()) return {"no history"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const HistoryEvent& event = events[i];
    const int64_t previous = event.previous_event_id.value_or(-1);
    if (event.id != static_cast<int64_t>(i) + 1) {
      faults.push_back(fmt::format("event {} has the id {}", i + 1, event.id));
      return faults;
    }
    if (previous < 0 || previous >= event.id) {
      faults.push_back(fmt::format("event {} comes from {}", event.id, previous));
    } else if (previous > 0) {
      check_cause(event, events[static_cast<std::size_t>(previous) - 1], faults);
    }
    if (i > 0 && event.timestamp < events[i - 1].timestamp) {
      faults.push_back(fmt::format("event {} is before {}", event.id, event.id - 1));
    }
  }
  if (events.front().type != "ExecutionStarted") faults.push_back("it begins with no start");
  check_end(events, status, faults);
  check_states(events, faults);
  return faults;
}

Faults check_calls(const std::vector<std::string>& calls,
                   const std::vector<std::vector<HistoryEvent>>& histories) {
  Faults faults;
  Counts seen, scheduled;
  for (const std::string& name : calls) ++seen[name];
  for (const auto& events : histories) check_tasks(events, seen, scheduled, faults);
  for (const auto& [name, times] : seen) {
    if (!scheduled.contains(name)) {
      faults.push_back("called and not scheduled: " + name);
    } else if (times > scheduled[name]) {
      faults.push_back("called twice: " + name);
    }
  }
  return faults;
}

Faults check_leftovers(Txn& txn) {
  Faults faults;
  txn.each(
      "SELECT kind, key, due FROM outbox WHERE kind LIKE 'states.%' "
      "AND kind NOT IN ('states.event', 'states.sweep', 'states.stop')",
      [&](const Row& row) {
        faults.push_back(fmt::format("left behind: {} {} due {}", row.text(0), row.text(1),
                                     iso8601(row.time(2))));
      });
  txn.each("SELECT job, call FROM states_jobs", [&](const Row& row) {
    faults.push_back("left behind: wait for " + row.text(0) + " of " + row.text(1));
  });
  txn.each("SELECT call FROM states_activity_tasks", [&](const Row& row) {
    faults.push_back("left behind: the activity's task " + row.text(0));
  });
  return faults;
}

Faults check_emptiness(Txn& txn) {
  Faults faults;
  std::vector<std::string> tables;
  txn.each(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'states\\_%' ESCAPE '\\'",
      [&](const Row& row) { tables.push_back(row.text(0)); });
  for (const std::string& table : tables) {
    if (txn.exists("SELECT 1 FROM " + table + " LIMIT 1")) {
      faults.push_back("the deleted machine has left rows in " + table);
    }
  }
  return faults;
}

std::string masked(std::string text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::string_view rest = std::string_view(text).substr(at);
    const std::size_t inner = rest.find_first_not_of("-0123456789", 1);
    if (rest[0] == 'r' && inner != std::string_view::npos && rest.substr(inner).starts_with(".S")) {
      out += "CHILD";  // the key of an execution that an iteration has started, as of a call
      at += std::min(rest.find_first_of("\"\\|"), rest.size());
    } else if (is_uuid(rest.substr(0, 36))) {
      out += "UUID";
      at += 36;
    } else if (rest.starts_with("w|")) {  // a call's name: up to the end of its JSON text
      out += "CALL";
      at += std::min(rest.find_first_of("\"\\"), rest.size());
    } else if (is_time(rest) && (at == 0 || !std::isdigit(text[at - 1]))) {
      out += "TIME";
      at += 13;
    } else if (rest.starts_with("event id #")) {
      out += "event id #N";
      at += 10;
      at = std::min(text.find_first_not_of("0123456789", at), text.size());
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace trainyard::states::simulation
