#include "graph/far.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace trainyard::graph {
namespace {

// CSS pixels.
constexpr double kArrow = 9;
constexpr double kNearest = 40;  // a bow's distance from its nodes
constexpr double kWidest = 240;
constexpr double kLabelGap = 6;

using Nexts = std::vector<std::vector<int>>;

/// The nodes, each before those it leads to but for edges that lead back.
std::vector<int> forward_order(const Nexts& nexts) {
  std::vector<int> order;
  std::vector<bool> seen(nexts.size());
  std::vector<std::pair<int, std::size_t>> way;  // node, how many of its nexts were taken
  for (std::size_t root = 0; root < nexts.size(); ++root) {
    if (seen[root]) continue;
    seen[root] = true;
    way.emplace_back(static_cast<int>(root), 0);
    while (!way.empty()) {
      auto& [node, taken] = way.back();
      if (taken == nexts[node].size()) {
        order.push_back(node);
        way.pop_back();
      } else if (const int next = nexts[node][taken++]; !seen[next]) {
        seen[next] = true;
        way.emplace_back(next, 0);
      }
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

/// About as Graphviz ranks them: by the longest way.
std::vector<long> ranks(const Nexts& nexts) {
  const std::vector<int> order = forward_order(nexts);
  std::vector<std::size_t> at(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) at[order[i]] = i;
  std::vector<long> rank(order.size());
  for (const int node : order) {
    for (const int next : nexts[node]) {
      if (at[next] > at[node]) rank[next] = std::max(rank[next], rank[node] + 1);
    }
  }
  return rank;
}

Point turned(Point point, bool turn) { return turn ? Point{point.y, point.x} : point; }

}  // namespace

std::vector<bool> far_edges(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  Nexts nexts(nodes);
  for (const LayoutEdge& edge : edges) nexts[edge.from].push_back(edge.to);
  const std::vector<long> rank = ranks(nexts);
  std::vector<long> passed;
  for (const LayoutEdge& edge : edges) {
    passed.push_back(std::abs(rank[edge.to] - rank[edge.from]) - 1);
  }
  std::vector<std::size_t> by_length(edges.size());
  std::iota(by_length.begin(), by_length.end(), 0);
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](std::size_t a, std::size_t b) { return passed[a] < passed[b]; });
  std::vector<bool> far(edges.size());
  long left = kRanksPassed;
  for (const std::size_t edge : by_length) {
    left -= std::max(0L, passed[edge]);
    far[edge] = passed[edge] > 0 && left < 0;
  }
  return far;
}

Curve bow(const std::vector<LayoutNode>& sizes, const LayoutEdge& edge, bool to_the_right,
          Layout& layout) {
  auto side = [&](int node) {
    const Point centre = turned(layout.nodes[node], to_the_right);
    const double half = (to_the_right ? sizes[node].height : sizes[node].width) / 2;
    return Point{centre.x + half, centre.y};
  };
  const Point from = side(edge.from), to = side(edge.to);
  const double out = std::max(from.x, to.x) +
                     std::min(kWidest, kNearest + std::abs(to.y - from.y) / 10);
  Curve curve;
  const Point points[] = {from, {out, from.y}, {out, to.y}, {to.x + kArrow, to.y}};
  for (const Point point : points) {
    curve.points.push_back(turned(point, to_the_right));
  }
  curve.tip = turned(to, to_the_right);
  // Where it begins, above it.
  const double across = to_the_right ? edge.label_height : edge.label_width;
  const double along = to_the_right ? edge.label_width : edge.label_height;
  const double label = from.x + kLabelGap + across / 2;
  curve.label = turned({label, from.y - along / 2}, to_the_right);
  double& room = to_the_right ? layout.height : layout.width;
  room = std::max({room, out, label + across / 2});
  return curve;
}

}  // namespace trainyard::graph
