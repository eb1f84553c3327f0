#include <map>
#include <string_view>

#include "graph/graph.hpp"

namespace trainyard::graph {
namespace {

// Walks a history once. Events inside a state carry no name, only the id of the event that caused
// them: the chain of ids leads back to the state's entry.
class Reader {
 public:
  void read(const json::object& event) {
    const auto type = find_string(event, "type");
    const auto id = find_integer(event, "id");
    if (!type || !id) return;
    const int64_t cause = find_integer(event, "previousEventId").value_or(0);
    if (type->ends_with("StateEntered")) {
      enter(*id, name_in(event, "stateEnteredEventDetails"));
    } else if (type->ends_with("StateExited")) {
      leave(*id, name_in(event, "stateExitedEventDetails"));
    } else {
      const std::string name = owner_[*id] = owner_[cause];
      inside(*type, name);
    }
  }

  Statuses take() && { return std::move(statuses_); }

 private:
  static std::string name_in(const json::object& event, const char* details) {
    const json::object* found = find_object(event, details);
    return found == nullptr ? "" : find_string(*found, "name").value_or("");
  }

  void enter(int64_t id, const std::string& name) {
    owner_[id] = name;
    ++running_[name];
    failing_[name] = false;
    statuses_[name] = Status::running;
  }

  void leave(int64_t id, const std::string& name) {
    owner_[id] = name;
    if (running_[name] > 0) --running_[name];
    if (running_[name] > 0) return;
    statuses_[name] = failing_[name] ? Status::caught : Status::succeeded;
  }

  void inside(const std::string& type, const std::string& name) {
    const std::string_view text = type;
    if (text == "ExecutionFailed" || text == "ExecutionTimedOut") {
      end_all(Status::failed);
    } else if (text == "ExecutionAborted") {
      end_all(Status::aborted);
    } else if (text.starts_with("Execution") || name.empty()) {
      return;
    } else if (text.ends_with("StateAborted")) {
      running_[name] = 0;
      statuses_[name] = Status::aborted;
    } else if (text.ends_with("Failed") || text.ends_with("TimedOut")) {
      failing_[name] = true;
    } else if (text.ends_with("Scheduled")) {
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
  std::map<int64_t, std::string> owner_;  // event id → name of the state that it belongs to
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
