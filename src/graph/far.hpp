// Edges that lead far. Graphviz gives an edge a place of its own in each rank that it passes, and
// the time it takes grows with the square of those: a chain of a hundred states that all lead to
// one handler of errors took minutes. So the farthest edges are kept from it and bow around the
// rest.
#pragma once

#include <vector>

#include "graph/layout.hpp"

namespace trainyard::graph {

/// Of each edge, whether it is far. Edges from one rank to the next never are, so every node keeps
/// what holds it in its place; of the others the shortest are not, as many as together pass
/// kRanksPassed.
std::vector<bool> far_edges(std::size_t nodes, const std::vector<LayoutEdge>& edges);
inline constexpr long kRanksPassed = 300;

/// The bow of an edge between two nodes that have their places: beside them, to the right, or below
/// them where ranks lie side by side. Makes room for it in the layout.
Curve bow(const std::vector<LayoutNode>& sizes, const LayoutEdge& edge, bool to_the_right,
          Layout& layout);

}  // namespace trainyard::graph
