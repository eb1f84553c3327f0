#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/arn.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "graph/graph.hpp"

namespace trainyard::graph {
namespace {

constexpr std::size_t kLabelMax = 28;  // characters

std::string shorten(const std::string& text, std::size_t max) {
  return count_characters(text) > max ? clip(text, max - 1) + "…" : text;
}

// What a Task calls, in short: "createTrainingJob.sync", "s3:getObject" of the SDK, the name of an
// activity or function.
std::string describe_resource(const std::string& resource) {
  const std::optional<Arn> arn = parse_arn(resource);
  if (!arn) return resource;
  const std::vector<std::string> parts = split(arn->resource, ':');
  if (parts.size() < 2) return arn->resource;
  // An integration has neither region nor account; what follows its operation is a version.
  if (arn->service != "states" || !arn->region.empty()) return parts[1];
  return join({parts.begin() + 1, parts.end()}, ":");
}

std::string describe_wait(const json::object& state) {
  if (const auto seconds = find_integer(state, "Seconds")) return fmt::format("{} s", *seconds);
  for (const char* name : {"SecondsPath", "Timestamp", "TimestampPath", "Seconds"}) {
    if (const auto value = find_string(state, name)) return *value;
  }
  return "";
}

std::string subtitle_of(const json::object& state, const std::string& type) {
  if (type == "Task") return describe_resource(find_string(state, "Resource").value_or(""));
  if (type == "Wait") return describe_wait(state);
  if (type == "Fail") return find_string(state, "Error").value_or("");
  return "";
}

std::string tooltip_of(const std::string& name, const json::object& state,
                       const std::string& type) {
  std::string text = fmt::format("{} ({})", name, type);
  if (const auto resource = find_string(state, "Resource")) text += "\n" + *resource;
  if (const auto comment = find_string(state, "Comment")) text += "\n" + *comment;
  if (const auto seconds = find_integer(state, "TimeoutSeconds")) {
    text += fmt::format("\ntimes out after {} s", *seconds);
  }
  if (const json::array* retry = find_array(state, "Retry")) {
    text += fmt::format("\n{} retrier{}", retry->size(), retry->size() == 1 ? "" : "s");
  }
  return text;
}

class Builder {
 public:
  Graph take() && { return std::move(graph_); }

  explicit Builder(int states_max) : states_max_(states_max) {
    graph_.nodes.push_back({.kind = NodeKind::start, .name = "Start"});
    graph_.nodes.push_back({.kind = NodeKind::end, .name = "End"});
  }

  // Adds the states of one machine or branch, led into from `entry`; whatever ends goes to `exit`.
  void add_scope(const json::object& scope, int entry, int exit, int cluster, int depth) {
    const json::object* states = find_object(scope, "States");
    if (states == nullptr) return;
    std::map<std::string, int> heads;   // where edges into a state go
    std::map<std::string, int> leaves;  // where edges out of it come from
    for (const auto& [key, value] : *states) {
      if (!value.is_object()) continue;
      if (drawn_ == states_max_) {
        ++left_out_;
        continue;
      }
      ++drawn_;
      const std::string name(key);
      add_state(name, value.get_object(), cluster, depth, heads, leaves);
    }
    if (const auto first = find_string(scope, "StartAt")) {
      if (heads.count(*first)) connect(entry, heads[*first], EdgeKind::next);
    }
    for (const auto& [key, value] : *states) {
      const std::string name(key);
      if (value.is_object() && heads.count(name)) {
        add_transitions(value.get_object(), heads[name], leaves[name], exit, heads);
      }
    }
  }

  void add_notice() {
    add_notice(left_out_, "states");
    add_notice(edges_left_out_, "transitions");
  }

 private:
  void add_state(const std::string& name, const json::object& state, int cluster, int depth,
                 std::map<std::string, int>& heads, std::map<std::string, int>& leaves) {
    const std::string type = find_string(state, "Type").value_or("");
    std::vector<const json::object*> scopes;
    if (depth < kNestingMax) scopes = scopes_of(state, type);
    int home = cluster;
    if (!scopes.empty()) {
      home = static_cast<int>(graph_.clusters.size());
      graph_.clusters.push_back({name, cluster});
    }
    const int node = static_cast<int>(graph_.nodes.size());
    graph_.nodes.push_back({NodeKind::state, name, type, subtitle_of(state, type),
                            tooltip_of(name, state, type), home});
    heads[name] = leaves[name] = node;
    if (scopes.empty()) return;
    const int join = static_cast<int>(graph_.nodes.size());
    graph_.nodes.push_back({.kind = NodeKind::join, .name = name, .type = type, .cluster = home});
    leaves[name] = join;
    for (const json::object* scope : scopes) add_scope(*scope, node, join, home, depth + 1);
  }

  static std::vector<const json::object*> scopes_of(const json::object& state,
                                                    const std::string& type) {
    std::vector<const json::object*> scopes;
    if (type == "Parallel") {
      if (const json::array* branches = find_array(state, "Branches")) {
        for (const json::value& branch : *branches) {
          if (branch.is_object()) scopes.push_back(&branch.get_object());
        }
      }
    } else if (type == "Map") {
      for (const char* name : {"ItemProcessor", "Iterator"}) {
        if (const json::object* scope = find_object(state, name)) {
          scopes.push_back(scope);
          break;
        }
      }
    }
    return scopes;
  }

  void add_transitions(const json::object& state, int head, int leaf, int exit,
                       const std::map<std::string, int>& heads) {
    auto to = [&](const json::object& holder, const char* member) {
      const auto name = find_string(holder, member);
      const auto found = name ? heads.find(*name) : heads.end();
      return found == heads.end() ? -1 : found->second;
    };
    const std::string type = find_string(state, "Type").value_or("");
    if (type == "Choice") {
      if (const json::array* rules = find_array(state, "Choices")) {
        for (const json::value& rule : *rules) {
          if (!rule.is_object()) continue;
          connect(leaf, to(rule.get_object(), "Next"), EdgeKind::choice,
                  describe_rule(rule.get_object()));
        }
      }
      connect(leaf, to(state, "Default"), EdgeKind::fallback, "default");
    } else if (type == "Succeed" || type == "Fail" || is_end(state)) {
      connect(leaf, exit, EdgeKind::next);
    } else {
      connect(leaf, to(state, "Next"), EdgeKind::next);
    }
    if (const json::array* catchers = find_array(state, "Catch")) {
      for (const json::value& catcher : *catchers) {
        if (!catcher.is_object()) continue;
        connect(head, to(catcher.get_object(), "Next"), EdgeKind::caught,
                describe_catcher(catcher.get_object()));
      }
    }
  }

  void add_notice(int left_out, const char* what) {
    if (left_out == 0) return;
    graph_.nodes.push_back({.kind = NodeKind::notice,
                            .name = fmt::format("{} more {} are not drawn", left_out, what)});
  }

  static bool is_end(const json::object& state) {
    const json::value* end = find(state, "End");
    return end != nullptr && end->is_bool() && end->get_bool();
  }

  static std::string describe_catcher(const json::object& catcher) {
    std::vector<std::string> names;
    if (const json::array* errors = find_array(catcher, "ErrorEquals")) {
      for (const json::value& error : *errors) {
        if (error.is_string()) names.push_back(to_std(error.get_string()));
      }
    }
    return "catch " + join(names, ", ");
  }

  void connect(int from, int to, EdgeKind kind, const std::string& label = "") {
    if (from < 0 || to < 0) return;
    if (graph_.edges.size() == kEdgesMax) {
      ++edges_left_out_;
      return;
    }
    graph_.edges.push_back({from, to, kind, shorten(label, kLabelMax), label});
  }

  Graph graph_;
  const int states_max_;
  int drawn_ = 0;
  int left_out_ = 0;
  int edges_left_out_ = 0;
};

}  // namespace

Graph from_definition(const json::object& definition, int states_max) {
  Builder builder(states_max);
  builder.add_scope(definition, 0, 1, -1, 0);
  builder.add_notice();
  return std::move(builder).take();
}

const char* to_string(Status status) {
  switch (status) {
    case Status::pending: return "pending";
    case Status::running: return "running";
    case Status::succeeded: return "succeeded";
    case Status::failed: return "failed";
    case Status::caught: return "caught";
    case Status::aborted: return "aborted";
  }
  return "pending";
}

}  // namespace trainyard::graph
