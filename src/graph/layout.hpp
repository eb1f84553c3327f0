// Where things go: Graphviz's dot, behind plain numbers.
#pragma once

#include <vector>

namespace trainyard::graph {

struct Point {
  double x = 0;
  double y = 0;
};

struct LayoutNode {
  double width = 0;
  double height = 0;
  int cluster = -1;
};

struct LayoutEdge {
  int from = 0;
  int to = 0;
  double label_width = 0;  // 0: no label
  double label_height = 0;
};

struct LayoutOptions {
  double node_gap = 24;
  double rank_gap = 36;
  bool to_the_right = false;  // ranks side by side instead of one below the other
};

struct Curve {
  std::vector<Point> points;  // one Bézier point, then three a piece
  Point tip;                  // of the arrow
  Point label;                // the label's centre
};

struct Rectangle {
  Point low;
  Point high;
};

/// Lengths are in the caller's unit; y grows downwards, the origin is the top left corner.
struct Layout {
  double width = 0;
  double height = 0;
  std::vector<Point> nodes;  // centres
  std::vector<Curve> edges;
  std::vector<Rectangle> clusters;
};

/// `cluster_parents[i]` is the cluster around cluster i, or -1. SystemError when Graphviz is not
/// installed properly. Graphviz keeps global state: calls are serialised by a mutex inside.
Layout lay_out(const std::vector<LayoutNode>& nodes, const std::vector<LayoutEdge>& edges,
               const std::vector<int>& cluster_parents, const LayoutOptions& options);

}  // namespace trainyard::graph
