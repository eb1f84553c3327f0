// The terminal drawing. Graphviz places everything twice: once to learn the ranks, then again with
// an item in every rank that an edge passes, so that each line runs between neighbouring ranks only
// and can be routed in the gap between them, with straight pieces.
#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "graph/canvas.hpp"
#include "graph/graph.hpp"
#include "graph/layout.hpp"

namespace trainyard::graph {
namespace {

constexpr double kUnit = 8;  // points a character, for Graphviz
constexpr int kItemGap = 3;  // columns
constexpr int kNudge = 4;    // columns by which a line may miss a centre rather than bend

struct Item {
  enum class Shape { box, bubble, words, line } shape = Shape::line;
  std::string text;
  const char* colour = "";
  int width = 1;
  int height = 1;
  int centre = 0;  // column
  int rank = 0;
  int top = 0;  // row

  bool boxed() const { return shape == Shape::box || shape == Shape::bubble; }
  int left() const { return centre - width / 2; }
  int right() const { return left() + width - 1; }
  int bottom() const { return top + height - 1; }
  bool covers(int column) const {
    return boxed() ? column > left() && column < right() : column >= left() && column <= right();
  }
};

struct Link {
  int upper = 0;
  int lower = 0;
  bool points_down = false;
  bool points_up = false;
  bool dashed = false;
  int from = 0;   // column at the upper item
  int to = 0;     // column at the lower item
  int lane = -1;  // row of the gap, when it bends
};

const char* ansi(Status status) {
  switch (status) {
    case Status::pending: return "";
    case Status::running: return "1;34";
    case Status::succeeded: return "32";
    case Status::failed: return "1;31";
    case Status::caught: return "33";
    case Status::aborted: return "90";
  }
  return "";
}

const char* mark(Status status) {
  switch (status) {
    case Status::pending: return "○ ";
    case Status::running: return "● ";
    case Status::succeeded: return "✓ ";
    case Status::failed: return "✗ ";
    case Status::caught: return "! ";
    case Status::aborted: return "■ ";
  }
  return "";
}

// Sources of lines that share a row of a gap: a tree that leaves one item, or arrives at one.
struct Bundle {
  int low = 0;
  int high = 0;
  std::vector<Link*> links;

  bool meets(const Bundle& other) const {
    if (high < other.low || other.high < low) return false;
    const bool one_target = links.size() == 1 && other.links.size() == 1;
    return !(one_target && links[0]->lower == other.links[0]->lower &&
             links[0]->to == other.links[0]->to);
  }
};

class TextDrawing {
 public:
  TextDrawing(const Graph& graph, const Statuses& statuses) : graph_(graph), statuses_(statuses) {
    for (const Node& node : graph.nodes) items_.push_back(item_for(node));
    make_links();
    place_columns();
    make_rows();
  }

  std::string render(bool colour) const {
    Canvas canvas;
    for (const Link& link : links_) draw_link(canvas, link);
    for (const Item& item : items_) draw_item(canvas, item);
    for (const Link& link : links_) draw_ends(canvas, link);
    return canvas.text(colour);
  }

 private:
  Item item_for(const Node& node) const {
    Item item;
    item.text = printable(node.name);
    item.shape = Item::Shape::words;
    if (node.kind == NodeKind::join) item.text = "end of " + item.text;
    if (node.kind == NodeKind::start || node.kind == NodeKind::end) {
      item.shape = Item::Shape::bubble;
    }
    if (node.kind == NodeKind::state) {
      item.shape = Item::Shape::box;
      if (node.type == "Choice") item.text = "◇ " + item.text;
      if (!statuses_.empty()) {
        const auto found = statuses_.find(node.name);
        const Status status = found == statuses_.end() ? Status::pending : found->second;
        item.text = mark(status) + item.text;
        item.colour = ansi(status);
      }
    }
    item.width = columns(item.text) + (item.boxed() ? 4 : 0);
    item.height = item.boxed() ? 3 : 1;
    return item;
  }

  std::vector<LayoutNode> sizes() const {
    std::vector<LayoutNode> sizes;
    for (const Item& item : items_) sizes.push_back({item.width * kUnit, item.height * kUnit, -1});
    return sizes;
  }

  // The centres' columns; every item's rank from its height on the page.
  std::vector<int> arrange(const std::vector<LayoutEdge>& edges) {
    const Layout layout =
        lay_out(sizes(), edges, {}, {.node_gap = kItemGap * kUnit, .rank_gap = 3 * kUnit});
    std::vector<double> heights;
    for (const Point& point : layout.nodes) heights.push_back(point.y);
    std::sort(heights.begin(), heights.end());
    heights.erase(std::unique(heights.begin(), heights.end(),
                              [](double a, double b) { return std::abs(a - b) < 1; }),
                  heights.end());
    std::vector<int> centres;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const double y = layout.nodes[i].y;
      items_[i].rank = static_cast<int>(
          std::lower_bound(heights.begin(), heights.end(), y - 0.5) - heights.begin());
      centres.push_back(static_cast<int>(std::lround(layout.nodes[i].x / kUnit)));
    }
    return centres;
  }

  int add_item(Item::Shape shape, const std::string& text) {
    Item item;
    item.shape = shape;
    item.text = text;
    item.width = std::max(1, columns(text));
    items_.push_back(item);
    return static_cast<int>(items_.size()) - 1;
  }

  void make_links() {
    struct Piece {
      int from, to;
      bool head, dashed;
    };
    std::vector<Piece> pieces;
    for (const Edge& edge : graph_.edges) {
      if (edge.from == edge.to) continue;
      const bool dashed = edge.kind == EdgeKind::caught;
      if (edge.label.empty()) {
        pieces.push_back({edge.from, edge.to, true, dashed});
      } else {
        const int label = add_item(Item::Shape::words, printable(edge.label));
        pieces.push_back({edge.from, label, false, dashed});
        pieces.push_back({label, edge.to, true, dashed});
      }
    }
    std::vector<LayoutEdge> edges;
    for (const Piece& piece : pieces) edges.push_back({piece.from, piece.to});
    arrange(edges);
    for (const Piece& piece : pieces) {
      const bool up = items_[piece.from].rank > items_[piece.to].rank;
      const int upper = up ? piece.to : piece.from;
      const int lower = up ? piece.from : piece.to;
      if (items_[upper].rank == items_[lower].rank) continue;
      int last = upper;
      for (int rank = items_[upper].rank + 1; rank < items_[lower].rank; ++rank) {
        const int pass = add_item(Item::Shape::line, "");
        add_link(last, pass, piece.dashed);
        last = pass;
      }
      add_link(last, lower, piece.dashed);
      if (piece.head && !up) links_.back().points_down = items_[lower].boxed();
      if (piece.head && up) first_link_from(upper, last).points_up = items_[upper].boxed();
    }
  }

  void add_link(int upper, int lower, bool dashed) {
    links_.push_back({.upper = upper, .lower = lower, .dashed = dashed});
  }

  // The chain that was added last starts at the latest link whose upper end is `upper`.
  Link& first_link_from(int upper, int last) {
    if (last == upper) return links_.back();
    const auto found = std::find_if(links_.rbegin(), links_.rend(),
                                    [&](const Link& link) { return link.upper == upper; });
    return *found;
  }

  void place_columns() {
    std::vector<LayoutEdge> edges;
    for (const Link& link : links_) edges.push_back({link.upper, link.lower});
    const std::vector<int> centres = arrange(edges);
    for (std::size_t i = 0; i < items_.size(); ++i) items_[i].centre = centres[i];
    std::vector<Item*> order;
    for (Item& item : items_) order.push_back(&item);
    std::sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
      return std::tie(a->rank, a->centre) < std::tie(b->rank, b->centre);
    });
    int leftmost = order.empty() ? 0 : order[0]->left();
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && order[i]->rank == order[i - 1]->rank) {
        const int room = order[i]->left() - order[i - 1]->right() - 2;
        if (room < 0) order[i]->centre -= room;
      }
      leftmost = std::min(leftmost, order[i]->left());
    }
    for (Item& item : items_) item.centre -= leftmost - 1;
    for (Link& link : links_) choose_columns(link);
  }

  void choose_columns(Link& link) const {
    const Item& upper = items_[link.upper];
    const Item& lower = items_[link.lower];
    // A line against the flow keeps clear of the arrows in the middle of a box.
    link.from = upper.centre + (link.points_up && upper.covers(upper.centre + 2) ? 2 : 0);
    link.to = lower.centre;
    if (link.from == link.to || std::abs(link.from - link.to) > kNudge) return;
    if (lower.boxed() && lower.covers(link.from)) {
      link.to = link.from;
    } else if (upper.boxed() && upper.covers(link.to)) {
      link.from = link.to;
    }
  }

  void make_rows() {
    int ranks = 0;
    for (const Item& item : items_) ranks = std::max(ranks, item.rank + 1);
    std::vector<int> heights(ranks, 1);
    for (const Item& item : items_) heights[item.rank] = std::max(heights[item.rank], item.height);
    int row = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      for (Item& item : items_) {
        if (item.rank == rank) item.top = row + (heights[rank] - item.height) / 2;
      }
      row += heights[rank];
      row += make_gap(rank, row);
    }
  }

  // Gives the bending links below `rank` their lanes; returns the gap's height.
  int make_gap(int rank, int first_row) {
    std::map<int, Bundle> by_source;
    bool any = false;
    bool any_up = false;
    for (Link& link : links_) {
      if (items_[link.upper].rank != rank) continue;
      any = true;
      any_up = any_up || link.points_up;
      if (link.from == link.to) continue;
      Bundle& bundle = by_source[link.from];
      if (bundle.links.empty()) bundle.low = bundle.high = link.from;
      bundle.low = std::min(bundle.low, link.to);
      bundle.high = std::max(bundle.high, link.to);
      bundle.links.push_back(&link);
    }
    if (!any) return 1;
    std::vector<std::vector<Bundle*>> lanes;
    for (Bundle* bundle : in_drawing_order(by_source)) {
      const auto free = std::find_if(lanes.begin(), lanes.end(), [&](const auto& lane) {
        return std::none_of(lane.begin(), lane.end(),
                            [&](const Bundle* other) { return bundle->meets(*other); });
      });
      const auto lane = free == lanes.end() ? lanes.insert(lanes.end(), {{}}) : free;
      lane->push_back(bundle);
    }
    const int before = any_up && !lanes.empty() ? 1 : 0;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      for (Bundle* bundle : lanes[i]) {
        for (Link* link : bundle->links) link->lane = first_row + before + static_cast<int>(i);
      }
    }
    return before + static_cast<int>(lanes.size()) + 1;
  }

  // A line that comes down where another one goes down must turn off above it: such sources first.
  static std::vector<Bundle*> in_drawing_order(std::map<int, Bundle>& by_source) {
    std::vector<Bundle*> order;
    for (auto& [source, bundle] : by_source) order.push_back(&bundle);
    auto lands_on = [](const Bundle* bundle, int column) {
      return std::any_of(bundle->links.begin(), bundle->links.end(),
                         [&](const Link* link) { return link->to == column; });
    };
    std::stable_sort(order.begin(), order.end(), [&](const Bundle* a, const Bundle* b) {
      const auto blockers = [&](const Bundle* bundle) {
        return std::count_if(order.begin(), order.end(), [&](const Bundle* other) {
          return other != bundle && lands_on(bundle, other->links[0]->from);
        });
      };
      return blockers(a) < blockers(b);
    });
    return order;
  }

  void draw_link(Canvas& canvas, const Link& link) const {
    const Item& upper = items_[link.upper];
    const Item& lower = items_[link.lower];
    const int first = upper.bottom() + 1;
    const int last = lower.top - 1;
    if (link.lane < 0) {
      canvas.vertical(link.from, first, last, link.dashed);
    } else {
      canvas.vertical(link.from, first, link.lane - 1, link.dashed);
      canvas.bend(link.lane, link.from, link.to, link.dashed);
      canvas.vertical(link.to, link.lane + 1, last, link.dashed);
    }
    if (upper.shape == Item::Shape::line) {
      canvas.vertical(upper.centre, upper.top, upper.bottom(), link.dashed);
    }
  }

  void draw_item(Canvas& canvas, const Item& item) const {
    if (item.shape == Item::Shape::line) return;
    if (!item.boxed()) {
      canvas.write(item.top, item.left(), item.text, item.colour);
      return;
    }
    const bool round = item.shape == Item::Shape::bubble;
    std::string bar;
    for (int i = 0; i < item.width - 2; ++i) bar += "─";
    canvas.write(item.top, item.left(), (round ? "╭" : "┌") + bar + (round ? "╮" : "┐"),
                 item.colour);
    canvas.write(item.top + 1, item.left(), "│ " + item.text + " │", item.colour);
    canvas.write(item.top + 2, item.left(), (round ? "╰" : "└") + bar + (round ? "╯" : "┘"),
                 item.colour);
  }

  void draw_ends(Canvas& canvas, const Link& link) const {
    const Item& upper = items_[link.upper];
    const Item& lower = items_[link.lower];
    if (upper.boxed() && !link.points_up) {
      canvas.write(upper.bottom(), link.from, "┬", upper.colour);
    }
    if (link.points_down) {
      canvas.write(lower.top - 1, link.to, "▼", "");
    } else if (lower.boxed()) {
      canvas.write(lower.top, link.to, "┴", lower.colour);
    }
    if (link.points_up) canvas.write(upper.bottom() + 1, link.from, "▲", "");
  }

  const Graph& graph_;
  const Statuses& statuses_;
  std::vector<Item> items_;
  std::vector<Link> links_;
};

}  // namespace

std::string to_text(const Graph& graph, const Statuses& statuses, bool colour) {
  return TextDrawing(graph, statuses).render(colour);
}

}  // namespace trainyard::graph
