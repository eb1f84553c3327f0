#include <cmath>

#include "graph/graph.hpp"
#include "graph/placed.hpp"

namespace trainyard::graph {
namespace {

const char* name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::start: return "start";
    case NodeKind::end: return "end";
    case NodeKind::state: return "state";
    case NodeKind::join: return "join";
    case NodeKind::notice: return "notice";
  }
  return "state";
}

const char* name_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::next: return "next";
    case EdgeKind::choice: return "choice";
    case EdgeKind::fallback: return "fallback";
    case EdgeKind::caught: return "caught";
  }
  return "next";
}

/// To a tenth of a pixel: what nobody sees is not sent.
double tenth(double length) { return std::round(length * 10) / 10; }

json::array pair(Point point) { return {tenth(point.x), tenth(point.y)}; }

json::object node_json(const Node& node, Point centre, const LayoutNode& size) {
  return {{"kind", name_of(node.kind)},
          {"name", node.name},
          {"type", node.type},
          {"subtitle", node.subtitle},
          {"tooltip", node.tooltip},
          {"cluster", node.cluster},
          {"x", tenth(centre.x - size.width / 2)},
          {"y", tenth(centre.y - size.height / 2)},
          {"width", tenth(size.width)},
          {"height", tenth(size.height)}};
}

json::object edge_json(const Edge& edge, const Curve& curve) {
  json::array points;
  for (const Point& point : curve.points) points.push_back(pair(point));
  return {{"from", edge.from},         {"to", edge.to},
          {"kind", name_of(edge.kind)}, {"label", edge.label},
          {"tooltip", edge.tooltip},   {"points", std::move(points)},
          {"tip", pair(curve.tip)},    {"labelAt", pair(curve.label)}};
}

json::object cluster_json(const Cluster& cluster, const Rectangle& box) {
  return {{"name", cluster.name},
          {"parent", cluster.parent},
          {"x", tenth(box.low.x)},
          {"y", tenth(box.low.y)},
          {"width", tenth(box.high.x - box.low.x)},
          {"height", tenth(box.high.y - box.low.y)}};
}

}  // namespace

json::object to_json(const Graph& graph, Direction direction) {
  const auto [sizes, layout] = place(graph, direction);
  json::array nodes, edges, clusters;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    nodes.push_back(node_json(graph.nodes[i], layout.nodes[i], sizes[i]));
  }
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    edges.push_back(edge_json(graph.edges[i], layout.edges[i]));
  }
  for (std::size_t i = 0; i < graph.clusters.size(); ++i) {
    clusters.push_back(cluster_json(graph.clusters[i], layout.clusters[i]));
  }
  return {{"width", tenth(layout.width)},
          {"height", tenth(layout.height)},
          {"nodes", std::move(nodes)},
          {"edges", std::move(edges)},
          {"clusters", std::move(clusters)}};
}

}  // namespace trainyard::graph
