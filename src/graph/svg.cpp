#include <fmt/format.h>

#include "base/text.hpp"
#include "graph/graph.hpp"
#include "graph/placed.hpp"

namespace trainyard::graph {
namespace {

// CSS pixels.
constexpr double kMargin = 12;
constexpr const char* kFont = "system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, sans-serif";
constexpr const char* kLine = "#7a8699";  // contrast over 3:1 on white and on near-black

struct Paint {
  const char* fill;
  const char* stroke;
  const char* text;
};

Paint paint(Status status) {
  switch (status) {
    case Status::pending: return {"#e8ebf0", "#8a94a6", "#1f2733"};
    case Status::running: return {"#1f6feb", "#0b4bb3", "#ffffff"};
    case Status::succeeded: return {"#1a7f37", "#0f5323", "#ffffff"};
    case Status::failed: return {"#c62828", "#8e1b1b", "#ffffff"};
    case Status::caught: return {"#b35900", "#7d3e00", "#ffffff"};
    case Status::aborted: return {"#57606a", "#32383f", "#ffffff"};
  }
  return {"#e8ebf0", "#8a94a6", "#1f2733"};
}

// XML 1.0 has no way at all to write most control characters.
std::string xml(const std::string& text) {
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    clean += byte < 0x20 && c != '\n' && c != '\t' ? std::string("\xEF\xBF\xBD")
                                                   : std::string(1, c);
  }
  return escape_html(clean);
}

std::string text_element(Point at, double size, const char* fill, const char* weight,
                         const std::string& text) {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:.0f}\" font-weight=\"{}\" fill=\"{}\" "
      "text-anchor=\"middle\" dominant-baseline=\"central\">{}</text>",
      at.x, at.y, size, weight, fill, xml(text));
}

std::string rectangle(Point centre, const LayoutNode& size, double radius,
                      const std::string& look) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.0f}\" {}/>",
      centre.x - size.width / 2, centre.y - size.height / 2, size.width, size.height, radius, look);
}

std::string draw_state(const Node& node, Point at, const LayoutNode& size, Status status) {
  const Paint colours = paint(status);
  std::string out = fmt::format("<g data-state=\"{}\" data-status=\"{}\"><title>{}\n{}</title>",
                                xml(node.name), to_string(status), xml(node.tooltip),
                                to_string(status));
  const double radius = node.type == "Choice" ? 3 : 8;
  out += rectangle(at, size, radius,
                   fmt::format("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"", colours.fill,
                               colours.stroke));
  if (node.subtitle.empty()) {
    out += text_element(at, kNameSize, colours.text, "600", node.name);
  } else {
    out += text_element({at.x, at.y - 8}, kNameSize, colours.text, "600", node.name);
    out += text_element({at.x, at.y + 11}, kSmallSize, colours.text, "400", node.subtitle);
  }
  return out + "</g>\n";
}

std::string draw_node(const Node& node, Point at, const LayoutNode& size,
                      const Statuses& statuses) {
  switch (node.kind) {
    case NodeKind::start:
    case NodeKind::end:
      return rectangle(at, size, kBubbleHeight / 2,
                       fmt::format("fill=\"#2d3644\" stroke=\"{}\" stroke-width=\"1.5\"", kLine)) +
             text_element(at, 13, "#ffffff", "600", node.name) + "\n";
    case NodeKind::join:
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", at.x, at.y,
                         kLine);
    case NodeKind::notice:
      return text_element(at, kSmallSize, kLine, "400", node.name) + "\n";
    case NodeKind::state: break;
  }
  const auto found = statuses.find(node.name);
  return draw_state(node, at, size, found == statuses.end() ? Status::pending : found->second);
}

std::string draw_edge(const Edge& edge, const Curve& curve) {
  if (curve.points.empty()) return "";
  const auto& points = curve.points;
  std::string path = fmt::format("M{:.1f},{:.1f}", points[0].x, points[0].y);
  for (std::size_t i = 1; i + 2 < points.size(); i += 3) {
    path += fmt::format(" C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", points[i].x, points[i].y,
                        points[i + 1].x, points[i + 1].y, points[i + 2].x, points[i + 2].y);
  }
  const Point from = points.back();
  const Point way{curve.tip.x - from.x, curve.tip.y - from.y};
  std::string out = "<g>";
  if (!edge.tooltip.empty()) out += fmt::format("<title>{}</title>", xml(edge.tooltip));
  const char* dashes = edge.kind == EdgeKind::caught ? " stroke-dasharray=\"5 4\"" : "";
  out += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"{}/>", path,
                     kLine, dashes);
  out += fmt::format(
      "<path d=\"M{:.1f},{:.1f} L{:.1f},{:.1f} L{:.1f},{:.1f} Z\" fill=\"{}\"/>", curve.tip.x,
      curve.tip.y, from.x - way.y * 0.5, from.y + way.x * 0.5, from.x + way.y * 0.5,
      from.y - way.x * 0.5, kLine);
  if (!edge.label.empty()) {
    out += text_element(curve.label, kSmallSize, kLine, "500", edge.label);
  }
  return out + "</g>\n";
}

std::string draw_cluster(const Rectangle& box) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"10\" fill=\"{}\" "
      "fill-opacity=\"0.08\" stroke=\"{}\" stroke-dasharray=\"6 4\"/>\n",
      box.low.x, box.low.y, box.high.x - box.low.x, box.high.y - box.low.y, kLine, kLine);
}

}  // namespace

const char* colour(Status status) { return paint(status).fill; }

std::string to_svg(const Graph& graph, const Statuses& statuses, Direction direction) {
  const Placed placed = place(graph, direction);
  const Layout& layout = placed.layout;
  const double width = layout.width + 2 * kMargin;
  const double height = layout.height + 2 * kMargin;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"State machine\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"{2:.0f} {2:.0f} {0:.0f} {1:.0f}\" "
      "font-family=\"{3}\">\n",
      width, height, -kMargin, kFont);
  for (const Rectangle& box : layout.clusters) out += draw_cluster(box);
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    out += draw_edge(graph.edges[i], layout.edges[i]);
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    out += draw_node(graph.nodes[i], layout.nodes[i], placed.sizes[i], statuses);
  }
  return out + "</svg>\n";
}

}  // namespace trainyard::graph
