#include "server/console/pages.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "graph/graph.hpp"

namespace trainyard::server::console {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f4f6f9; --text: #1b2430; --dim: #5c6773;
  --running: #0b63ce; --succeeded: #1a7f43; --failed: #c22525; }
@media (prefers-color-scheme: dark) { :root { --line: #37404d; --soft: #1d232c; --text: #e6eaf0;
  --dim: #98a3b3; --running: #5aa2f7; --succeeded: #4cc17a; --failed: #f07070; } body {
  background: #14181f; } .graph { background: #f7f8fa; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); margin: 0 auto; max-width: 72rem;
  padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.dim { color: var(--dim); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
.status { border-radius: 1rem; color: #fff; display: inline-block; font-size: .85rem;
  font-weight: 600; padding: .1rem .7rem; background: var(--dim); }
.RUNNING { background: var(--running); } .SUCCEEDED { background: var(--succeeded); }
.FAILED, .TIMED_OUT, .ABORTED { background: var(--failed); }
dl { display: grid; gap: .1rem 1rem; grid-template-columns: max-content 1fr; margin: 1rem 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.graph { border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto; padding: 1rem;
  text-align: center; } .graph svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid var(--line);
  padding: .35rem .6rem; text-align: left; vertical-align: top; } th { color: var(--dim);
  font-weight: 600; } td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--soft); border-radius: .4rem; margin: .3rem 0; max-height: 22rem;
  overflow: auto; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; }
)css";

constexpr int kRefreshSeconds = 2;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr) return "";
  if (value->is_string()) return to_std(value->get_string());
  return dump(*value);
}

std::string time_of(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr || !value->is_number()) return "";
  return iso8601(from_epoch_seconds(value->to_number<double>()));
}

/// JSON in a string, indented when it parses.
std::string pretty(const std::string& text) {
  auto value = parse_json(text);
  return value ? dump_pretty(*value, 2) : text;
}

std::string row(std::string_view name, const std::string& value) {
  if (value.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escape_html(value));
}

std::string block(std::string_view title, const std::string& text) {
  if (text.empty()) return "";
  return fmt::format("<h2>{}</h2>\n<pre>{}</pre>\n", title, escape_html(pretty(text)));
}

/// The details member of a history event: the one object beside type, id and timestamp.
std::string details_of(const json::object& event) {
  for (const auto& member : event) {
    if (member.key().ends_with("EventDetails") && member.value().is_object()) {
      return dump_pretty(member.value(), 2);
    }
  }
  return "";
}

std::string event_rows(const json::array& events) {
  std::string rows;
  for (const auto& value : events) {
    const json::object& event = value.as_object();
    std::string details = details_of(event);
    rows += fmt::format(
        "<tr><td class=number>{}</td><td>{}</td><td class=number>{}</td><td class=number>{}</td>"
        "<td>{}</td></tr>\n",
        escape_html(text_of(event, "id")), escape_html(text_of(event, "type")),
        escape_html(text_of(event, "previousEventId")), time_of(event, "timestamp"),
        details.empty() ? ""
                        : fmt::format("<details><summary>details</summary><pre>{}</pre></details>",
                                      escape_html(details)));
  }
  return rows;
}

std::string graph_of(const std::string& definition, const graph::Statuses& statuses) {
  const auto parsed = parse_json(definition);
  if (!parsed || !parsed->is_object()) return "";
  return fmt::format("<div class=graph>{}</div>\n",
                     graph::to_svg(graph::from_definition(parsed->get_object()), statuses));
}

std::string execution_rows(const json::array& executions, bool linked) {
  std::string rows;
  for (const auto& value : executions) {
    const json::object& execution = value.as_object();
    std::string name = escape_html(text_of(execution, "name"));
    if (linked) {
      name = fmt::format("<a href=\"../executions/{}\">{}</a>",
                         percent_encode(text_of(execution, "executionArn")), name);
    }
    const std::string status = escape_html(text_of(execution, "status"));
    rows += fmt::format(
        "<tr><td>{0}</td><td><span class=\"status {1}\">{1}</span></td><td class=number>{2}</td>"
        "<td class=number>{3}</td></tr>\n",
        name, status, time_of(execution, "startDate"), time_of(execution, "stopDate"));
  }
  return rows;
}

std::string document(const std::string& title, const std::string& head, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n{}"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      head, escape_html(title), kStyle, body);
}

/// To the console's own page of the same thing.
std::string console_link(std::string_view route, const std::string& arn) {
  return fmt::format("<p><a href=\"/_console/#/{}/{}\">Open in the console</a></p>\n", route,
                     escape_html(arn));
}

}  // namespace

std::string execution_page(const json::object& execution, const std::string& definition,
                           const json::array& events, bool more, bool beside_console) {
  std::string name = text_of(execution, "name"), status = text_of(execution, "status");
  std::string head = status == "RUNNING"
                         ? fmt::format("<meta http-equiv=refresh content={}>\n", kRefreshSeconds)
                         : "";
  std::string body = fmt::format("<h1>{} <span class=\"status {}\">{}</span></h1>\n",
                                 escape_html(name), escape_html(status), escape_html(status));
  body += fmt::format("<div class=dim>{}</div>\n<dl>\n",
                      escape_html(text_of(execution, "executionArn")));
  body += row("State machine", text_of(execution, "stateMachineArn"));
  body += row("Started", time_of(execution, "startDate"));
  body += row("Ended", time_of(execution, "stopDate"));
  body += row("Error", text_of(execution, "error"));
  body += row("Cause", text_of(execution, "cause"));
  body += "</dl>\n";
  if (beside_console) {
    body += console_link("executions/details", text_of(execution, "executionArn"));
  }
  body += graph_of(definition, graph::statuses(events));
  body += fmt::format(
      "<h2>Events</h2>\n<table>\n<tr><th>Id</th><th>Type</th><th>Caused by</th><th>Time</th>"
      "<th></th></tr>\n{}</table>\n",
      event_rows(events));
  if (more) body += "<p class=dim>Later events are not shown here.</p>\n";
  body += block("Input", text_of(execution, "input"));
  body += block("Output", text_of(execution, "output"));
  body += block("Definition", definition);
  return document(name + " · Trainyard", head, body);
}

std::string machine_page(const json::object& machine, const json::array& executions, bool more,
                         bool linked) {
  const std::string name = text_of(machine, "name");
  const std::string definition = text_of(machine, "definition");
  std::string body = fmt::format("<h1>{}</h1>\n<div class=dim>{}</div>\n<dl>\n", escape_html(name),
                                 escape_html(text_of(machine, "stateMachineArn")));
  body += row("Role", text_of(machine, "roleArn"));
  body += row("Created", time_of(machine, "creationDate"));
  body += "</dl>\n";
  if (!linked) body += console_link("statemachines/view", text_of(machine, "stateMachineArn"));
  body += graph_of(definition, {});
  body += fmt::format(
      "<h2>Executions</h2>\n<table>\n<tr><th>Name</th><th>Status</th><th>Started</th>"
      "<th>Ended</th></tr>\n{}</table>\n",
      execution_rows(executions, linked));
  if (executions.empty()) body += "<p class=dim>None yet.</p>\n";
  if (more) body += "<p class=dim>Earlier executions are not shown here.</p>\n";
  body += block("Definition", definition);
  return document(name + " · Trainyard", "", body);
}

http::Response page_response(int status, std::string html) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("X-Frame-Options", "DENY");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  response.body = std::move(html);
  return response;
}

http::Response message_page(int status, const std::string& title, const std::string& text) {
  return page_response(status, document(title, "",
                                        fmt::format("<h1>{}</h1>\n<p>{}</p>\n", escape_html(title),
                                                    escape_html(text))));
}

}  // namespace trainyard::server::console
