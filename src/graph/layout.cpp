#include "graph/layout.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include <fmt/format.h>
#include <graphviz/gvc.h>

#include "base/error.hpp"
#include "graph/far.hpp"

namespace trainyard::graph {
namespace {

constexpr double kPointsPerInch = 72;

std::mutex& graphviz_mutex() {
  static std::mutex mutex;
  return mutex;
}

// One context for the life of the process: loading the plugins is what costs.
GVC_t* context() {
  static GVC_t* const context = [] {
    agseterr(AGMAX);  // Graphviz would print its complaints to stderr
    return gvContext();
  }();
  return context;
}

char* mutable_text(const char* text) { return const_cast<char*>(text); }

void set(void* object, const char* name, const std::string& value) {
  agsafeset(object, mutable_text(name), mutable_text(value.c_str()), mutable_text(""));
}

std::string inches(double points) { return fmt::format("{:.4f}", points / kPointsPerInch); }

struct CloseGraph {
  void operator()(Agraph_t* graph) const { agclose(graph); }
};
using OwnedGraph = std::unique_ptr<Agraph_t, CloseGraph>;

class Drawing {
 public:
  explicit Drawing(const LayoutOptions& options)
      : graph_(agopen(mutable_text("g"), Agdirected, nullptr)) {
    set(graph_.get(), "nodesep", inches(options.node_gap));
    set(graph_.get(), "ranksep", inches(options.rank_gap));
    set(graph_.get(), "rankdir", options.to_the_right ? "LR" : "TB");
    agattr(graph_.get(), AGNODE, mutable_text("shape"), mutable_text("box"));
    agattr(graph_.get(), AGNODE, mutable_text("fixedsize"), mutable_text("true"));
    agattr(graph_.get(), AGNODE, mutable_text("label"), mutable_text(""));
    agattr(graph_.get(), AGEDGE, mutable_text("arrowsize"), mutable_text("0.6"));
  }

  void add_clusters(const std::vector<int>& parents) {
    for (std::size_t i = 0; i < parents.size(); ++i) {
      Agraph_t* parent = parents[i] < 0 ? graph_.get() : clusters_[parents[i]];
      Agraph_t* cluster = agsubg(parent, mutable_text(fmt::format("cluster_{}", i).c_str()), 1);
      set(cluster, "margin", "14");
      clusters_.push_back(cluster);
    }
  }

  void add_nodes(const std::vector<LayoutNode>& nodes) {
    for (const LayoutNode& node : nodes) {
      const std::string name = std::to_string(nodes_.size());
      Agraph_t* home = node.cluster < 0 ? graph_.get() : clusters_[node.cluster];
      Agnode_t* made = agnode(home, mutable_text(name.c_str()), 1);
      set(made, "width", inches(node.width));
      set(made, "height", inches(node.height));
      nodes_.push_back(made);
    }
  }

  /// Far ones have no place here.
  void add_edges(const std::vector<LayoutEdge>& edges, const std::vector<bool>& far) {
    for (const LayoutEdge& edge : edges) {
      if (far[edges_.size()]) {
        edges_.push_back(nullptr);
        continue;
      }
      const std::string name = std::to_string(edges_.size());
      Agedge_t* made = agedge(graph_.get(), nodes_[edge.from], nodes_[edge.to],
                              mutable_text(name.c_str()), 1);
      if (edge.label_width > 0) label(made, edge);
      edges_.push_back(made);
    }
  }

  Layout run() {
    if (gvLayout(context(), graph_.get(), "dot") != 0) {
      throw SystemError("Graphviz cannot lay out a graph: is its dot plugin installed?");
    }
    const boxf box = GD_bb(graph_.get());
    Layout layout;
    layout.width = box.UR.x - box.LL.x;
    layout.height = box.UR.y - box.LL.y;
    auto place = [&](pointf p) { return Point{p.x - box.LL.x, box.UR.y - p.y}; };
    for (Agnode_t* node : nodes_) layout.nodes.push_back(place(ND_coord(node)));
    for (Agedge_t* edge : edges_) {
      layout.edges.push_back(edge == nullptr ? Curve{} : curve(edge, place));
    }
    for (Agraph_t* cluster : clusters_) {
      const boxf bounds = GD_bb(cluster);
      const Point low = place(bounds.LL);
      const Point high = place(bounds.UR);
      layout.clusters.push_back({{low.x, high.y}, {high.x, low.y}});
    }
    gvFreeLayout(context(), graph_.get());
    return layout;
  }

 private:
  // An empty table of fixed size keeps room for a label without asking Graphviz to measure text,
  // which would load the font machinery and make layouts differ from machine to machine.
  void label(Agedge_t* edge, const LayoutEdge& wanted) {
    agattr(graph_.get(), AGEDGE, mutable_text("label"), mutable_text(""));
    const std::string table = fmt::format(
        "<TABLE BORDER=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"{:.0f}\" HEIGHT=\"{:.0f}\">"
        "<TR><TD></TD></TR></TABLE>",
        wanted.label_width, wanted.label_height);
    char* html = agstrdup_html(graph_.get(), mutable_text(table.c_str()));
    agset(edge, mutable_text("label"), html);
    agstrfree(graph_.get(), html);
  }

  template <class Place>
  static Curve curve(Agedge_t* edge, const Place& place) {
    Curve curve;
    if (const splines* all = ED_spl(edge); all != nullptr && all->size > 0) {
      const bezier& piece = all->list[0];
      for (int i = 0; i < static_cast<int>(piece.size); ++i) {
        curve.points.push_back(place(piece.list[i]));
      }
      curve.tip = piece.eflag ? place(piece.ep) : curve.points.back();
    }
    if (const textlabel_t* text = ED_label(edge)) curve.label = place(text->pos);
    return curve;
  }

  OwnedGraph graph_;
  std::vector<Agraph_t*> clusters_;
  std::vector<Agnode_t*> nodes_;
  std::vector<Agedge_t*> edges_;
};

}  // namespace

Layout lay_out(const std::vector<LayoutNode>& nodes, const std::vector<LayoutEdge>& edges,
               const std::vector<int>& cluster_parents, const LayoutOptions& options) {
  const std::lock_guard lock(graphviz_mutex());
  if (context() == nullptr) throw SystemError("Graphviz cannot start");
  Drawing drawing(options);
  drawing.add_clusters(cluster_parents);
  drawing.add_nodes(nodes);
  const std::vector<bool> far = far_edges(nodes.size(), edges);
  drawing.add_edges(edges, far);
  Layout layout = drawing.run();
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (far[i]) layout.edges[i] = bow(nodes, edges[i], options.to_the_right, layout);
  }
  return layout;
}

}  // namespace trainyard::graph
