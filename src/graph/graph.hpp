// State machines as pictures: SVG for pages, box characters for terminals. Pure: text in, text out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace trainyard::graph {

/// How far a state has come in one execution.
enum class Status { pending, running, succeeded, failed, caught, aborted };
const char* to_string(Status status);
/// What a state of this status is filled with, "#rrggbb".
const char* colour(Status status);

/// State name → status; a state that is not named is pending.
using Statuses = std::map<std::string, Status>;

enum class NodeKind {
  start,
  end,
  state,
  join,   // where the branches of a Parallel or the iterations of a Map come together
  notice  // a sentence about the drawing itself, outside the flow
};

struct Node {
  NodeKind kind = NodeKind::state;
  std::string name;      // the state's name; of a join: the name of the state that it closes
  std::string type;      // Task, Choice, …
  std::string subtitle;  // what a Task calls, how long a Wait waits; may be empty
  std::string tooltip;
  int cluster = -1;  // index into Graph::clusters
};

enum class EdgeKind { next, choice, fallback, caught };

struct Edge {
  int from = 0;
  int to = 0;
  EdgeKind kind = EdgeKind::next;
  std::string label;    // short enough to draw
  std::string tooltip;  // the whole condition
};

/// A Parallel or Map state: the box around what runs inside it.
struct Cluster {
  std::string name;
  int parent = -1;
};

struct Graph {
  std::vector<Node> nodes;  // Start first, End second
  std::vector<Edge> edges;
  std::vector<Cluster> clusters;
};

/// More states than this are not drawn; a notice says how many were left out.
inline constexpr int kStatesMax = 400;
/// Nor are more transitions than this: layout takes long with them.
inline constexpr std::size_t kEdgesMax = 2000;
/// Parallel and Map states nested deeper than this are drawn as plain states.
inline constexpr int kNestingMax = 8;

/// Reads a definition as leniently as it can: what is malformed is left out, never an error, since
/// a picture must not be what stops a person from looking at a broken machine.
/// `states_max`: more states than this are left out.
Graph from_definition(const json::object& definition, int states_max = kStatesMax);

/// One line for a Choice rule: `$.n > 3 and $.name == "a"`.
std::string describe_rule(const json::object& rule);

/// What the history of an execution (GetExecutionHistory's events, oldest first) says of states.
/// A state that runs several times (loops, Map) is running while any of its runs is; else the last
/// run counts.
Statuses statuses(const json::array& events);

/// Where a drawing leads: down the page, or to the right.
enum class Direction { down, right };

/// A whole <svg> element of fixed size in CSS pixels, without scripts or styles, legible on light
/// and dark pages. Everything that came from the definition is escaped.
std::string to_svg(const Graph& graph, const Statuses& statuses = {},
                   Direction direction = Direction::down);

/// The same picture as numbers, for whoever draws it: {"width", "height", "nodes": [{"kind",
/// "name", "type", "subtitle", "tooltip", "cluster", "x", "y", "width", "height"}], "edges":
/// [{"from", "to", "kind", "label", "tooltip", "points": [[x, y], …], "tip", "labelAt"}],
/// "clusters": [{"name", "parent", "x", "y", "width", "height"}]}. CSS pixels; x and y of nodes and
/// clusters are their top left corners; points are one Bézier point, then three a piece; "labelAt"
/// is the label's centre.
json::object to_json(const Graph& graph, Direction direction = Direction::down);

/// Lines of box characters, each ended by a newline, without trailing blanks. `colour` adds ANSI
/// colours by status. Control characters in names are replaced, so that no name can drive the
/// terminal.
std::string to_text(const Graph& graph, const Statuses& statuses = {}, bool colour = false);

}  // namespace trainyard::graph
