#include <map>
#include <string_view>

#include "graph/graph.hpp"

namespace trainyard::graph {
namespace {

// Walks a history once. Most events carry no name, only the id of the event that caused them: the
// chain of ids leads back to the entry of their state, and to the Parallel or Map state around it.
class Reader {
 public:
  void read(const json::object& event) {
    const auto type = find_string(event, "type");
    const auto id = find_integer(event, "id");
    if (!type || !id) return;
    const int64_t cause = find_integer(event, "previousEventId").value_or(0);
    Place& place = places_[*id];
    if (type->ends_with("StateEntered")) {
      place = {name_in(event, "stateEnteredEventDetails"), places_[cause].scope};
      enter(place);
    } else if (type->ends_with("StateExited")) {
      // Of a Parallel or Map the cause lies inside.
      const std::string name = name_in(event, "stateExitedEventDetails");
      place = {name, parents_[name]};
      leave(name);
    } else if (is_end_of_scope(*type)) {
      const std::string name = places_[cause].scope;
      end_scope(name, places_[cause].state);
      place = {name, parents_[name]};
      inside(*type, name);
    } else {
      place = places_[cause];
      if (*type == "ParallelStateStarted" || *type == "MapStateStarted") {
        place.scope = place.state;
        failing_[place.state] = false;
      }
      inside(*type, place.state);
    }
  }

  Statuses take() && { return std::move(statuses_); }

 private:
  /// The state that an event belongs to, and the Parallel or Map state around what follows it.
  struct Place {
    std::string state;
    std::string scope;  // "" at the top
  };

  static std::string name_in(const json::object& event, const char* details) {
    const json::object* found = find_object(event, details);
    return found == nullptr ? "" : find_string(*found, "name").value_or("");
  }

  static bool is_end_of_scope(std::string_view type) {
    return (type.starts_with("Parallel") || type.starts_with("Map")) &&
           (type.ends_with("StateSucceeded") || type.ends_with("StateFailed") ||
            type.ends_with("StateAborted"));
  }

  void enter(const Place& place) {
    parents_[place.state] = place.scope;
    ++running_[place.state];
    failing_[place.state] = false;
    statuses_[place.state] = Status::running;
  }

  void leave(const std::string& name) {
    if (running_[name] > 0) --running_[name];
    if (running_[name] > 0) return;
    statuses_[name] = failing_[name] ? Status::caught : Status::succeeded;
  }

  /// Nothing inside runs any longer. What failed there is what ended it: a Fail state, which is
  /// never left, or a task.
  void end_scope(const std::string& scope, const std::string& last) {
    for (auto& [name, count] : running_) {
      if (count == 0 || !is_inside(name, scope)) continue;
      statuses_[name] = name == last || failing_[name] ? Status::failed : Status::aborted;
      count = 0;
    }
  }

  bool is_inside(const std::string& name, const std::string& scope) {
    std::string parent = parents_[name];
    for (int depth = 0; !parent.empty() && depth < kNestingMax; ++depth) {
      if (parent == scope) return true;
      parent = parents_[parent];
    }
    return false;
  }

  void inside(std::string_view type, const std::string& name) {
    if (type == "ExecutionFailed" || type == "ExecutionTimedOut") {
      end_all(Status::failed);
    } else if (type == "ExecutionAborted") {
      end_all(Status::aborted);
    } else if (type.starts_with("Execution") || name.empty()) {
      return;
    } else if (type.ends_with("StateAborted")) {
      running_[name] = 0;
      statuses_[name] = Status::aborted;
    } else if (type.ends_with("Failed") || type.ends_with("TimedOut")) {
      failing_[name] = true;
    } else if (type.ends_with("Scheduled")) {
      failing_[name] = false;  // tried again
    }
  }

  void end_all(Status status) {
    for (auto& [name, count] : running_) {
      if (count > 0) statuses_[name] = status;
      count = 0;
    }
  }

  Statuses statuses_;
  std::map<int64_t, Place> places_;  // by event
  std::map<std::string, std::string> parents_;
  std::map<std::string, int> running_;
  std::map<std::string, bool> failing_;
};

}  // namespace

Statuses statuses(const json::array& events) {
  Reader reader;
  for (const json::value& event : events) {
    if (event.is_object()) reader.read(event.get_object());
  }
  return std::move(reader).take();
}

}  // namespace trainyard::graph
