// A graph and where everything in it goes: what every picture but the terminal's is drawn from.
#pragma once

#include <vector>

#include "graph/graph.hpp"
#include "graph/layout.hpp"

namespace trainyard::graph {

// CSS pixels: the fonts that room is kept for, and the height of Start and End.
inline constexpr double kNameSize = 14;
inline constexpr double kSmallSize = 11;
inline constexpr double kBubbleHeight = 30;

struct Placed {
  std::vector<LayoutNode> sizes;  // of the nodes
  Layout layout;
};

/// In CSS pixels. SystemError when Graphviz is not installed properly.
Placed place(const Graph& graph, Direction direction);

}  // namespace trainyard::graph
