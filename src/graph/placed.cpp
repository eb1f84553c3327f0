#include "graph/placed.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace trainyard::graph {
namespace {

// Widths are estimated from the number of characters, so that a picture is the same on every
// machine; the text is then centred, which hides what the estimate is off.
constexpr double kCharacterWidth = 0.60;  // of the font size, a generous mean for sans-serif
constexpr double kPadding = 18;
constexpr double kStateHeight = 40;
constexpr double kTallHeight = 50;  // with a subtitle
constexpr double kJoinSize = 10;
constexpr double kWidthMin = 96;

double text_width(const std::string& text, double size) {
  return static_cast<double>(count_characters(text)) * size * kCharacterWidth;
}

LayoutNode measure(const Node& node) {
  switch (node.kind) {
    case NodeKind::join: return {kJoinSize, kJoinSize, node.cluster};
    case NodeKind::start:
    case NodeKind::end: return {70, kBubbleHeight, -1};
    case NodeKind::notice: return {text_width(node.name, kSmallSize) + kPadding, 20, -1};
    case NodeKind::state: break;
  }
  const double widest = std::max({text_width(node.name, kNameSize),
                                  text_width(node.subtitle, kSmallSize), kWidthMin - 2 * kPadding});
  return {widest + 2 * kPadding, node.subtitle.empty() ? kStateHeight : kTallHeight, node.cluster};
}

}  // namespace

Placed place(const Graph& graph, Direction direction) {
  Placed placed;
  for (const Node& node : graph.nodes) placed.sizes.push_back(measure(node));
  std::vector<LayoutEdge> lines;
  for (const Edge& edge : graph.edges) {
    const double width = edge.label.empty() ? 0 : text_width(edge.label, kSmallSize) + 10;
    lines.push_back({edge.from, edge.to, width, edge.label.empty() ? 0 : 16.0});
  }
  std::vector<int> parents;
  for (const Cluster& cluster : graph.clusters) parents.push_back(cluster.parent);
  placed.layout = lay_out(placed.sizes, lines, parents,
                          {.to_the_right = direction == Direction::right});
  return placed;
}

}  // namespace trainyard::graph
