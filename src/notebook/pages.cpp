#include "notebook/pages.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "graph/graph.hpp"

namespace trainyard::notebook {

extern const char* const kScript;  // made of notebook.js

namespace {

constexpr const char* kNoticeStyle =
    "body{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;margin:18vh auto 0;"
    "max-width:34rem;padding:0 1.5rem}h1{font-size:1.3rem;margin:0 0 .4rem}p{margin:0;opacity:.8}";
/// Served by Jupyter as they lie in the folder, or made of a notebook's untrusted outputs.
constexpr std::string_view kUserPaths[] = {"/files/", "/nbconvert/", "/view/"};

constexpr graph::Status kStatuses[] = {graph::Status::pending,   graph::Status::running,
                                       graph::Status::succeeded, graph::Status::failed,
                                       graph::Status::caught,    graph::Status::aborted};

ApiError malformed(const std::string& what) { return ApiError("ValidationException", 400, what); }

graph::Direction direction_of(const json::object& wish) {
  const std::string direction = find_string(wish, "direction").value_or("down");
  if (direction == "down") return graph::Direction::down;
  if (direction == "right") return graph::Direction::right;
  throw malformed("The direction is \"right\" or \"down\".");
}

}  // namespace

std::string_view script() { return kScript; }

bool is_application_page(std::string_view path, const http::Response& response) {
  for (const std::string_view user : kUserPaths) {
    if (path.starts_with(user)) return false;
  }
  const std::string type = to_lower(response.headers.get("Content-Type"));
  bool sandboxed = false;
  for (const std::string& policy : response.headers.all("Content-Security-Policy")) {
    sandboxed = sandboxed || to_lower(policy).find("sandbox") != std::string::npos;
  }
  return response.status == 200 && type.starts_with("text/html") && !sandboxed &&
         !response.headers.has("Content-Encoding");
}

std::string with_script(std::string page) {
  const std::string lower = to_lower(page);
  for (std::size_t at = lower.find("<head"); at != std::string::npos;
       at = lower.find("<head", at + 1)) {
    const std::size_t end = lower.find('>', at);
    const char next = at + 5 < lower.size() ? lower[at + 5] : '\0';  // <header> is another element
    const bool is_head = next == '>' || std::isspace(static_cast<unsigned char>(next)) != 0;
    if (end == std::string::npos || !is_head) continue;
    return page.insert(end + 1, fmt::format("<script src=\"{}\"></script>", kScriptPath));
  }
  return page;
}

http::Response notice(int status, const std::string& title, const std::string& text) {
  http::Response response = http::text_response(
      status,
      fmt::format("<!doctype html>\n<html lang=en>\n<head><meta charset=utf-8><title>{0}</title>"
                  "<style>{2}</style></head>\n<body><h1>{0}</h1>\n<p>{1}</p></body>\n</html>\n",
                  escape_html(title), escape_html(text), kNoticeStyle),
      "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  return response;
}

http::Response drawing(std::string_view body) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) throw malformed("A JSON object is expected.");
  const json::object& wish = value->get_object();
  const json::object* definition = find_object(wish, "definition");
  if (definition == nullptr) throw malformed("The definition must be an object.");
  const json::array* events = find_array(wish, "events");
  const graph::Direction direction = direction_of(wish);
  json::object colours;
  for (const graph::Status status : kStatuses) {
    colours[graph::to_string(status)] = graph::colour(status);
  }
  const graph::Statuses statuses =
      events == nullptr ? graph::Statuses() : graph::statuses(*events);
  http::Response response = http::text_response(
      200,
      dump(json::object{
          {"svg", graph::to_svg(graph::from_definition(*definition), statuses, direction)},
          {"colours", std::move(colours)}}),
      "application/json");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace trainyard::notebook
