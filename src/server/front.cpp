#include "server/front.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/hosts.hpp"
#include "server/console.hpp"
#include "server/pipeline.hpp"
#include "server/role_sessions.hpp"
#include "server/route.hpp"
#include "services/sagemaker/attempts.hpp"

namespace trainyard::server {
namespace {

using http::text_response;

constexpr const char* kVersion = "0.1.0";
constexpr std::string_view kConsolePath = "/_console/";
constexpr const char* kExecutions = "executions";
constexpr const char* kMachines = "statemachines";
constexpr int kEventsShownMax = 1000;
constexpr int kExecutionsShownMax = 100;

/// ?links=relative: whoever shows the page has the pages that it leads to beside it, as the front
/// door of a notebook does. Our own need a signature each.
bool asks_for_links(const http::Request& request) {
  const auto query = http::parse_query(request.query());
  return query && std::find(query->begin(), query->end(),
                            std::pair<std::string, std::string>("links", "relative")) !=
                      query->end();
}

/// A page's reader thinks in HTTP: what the services answer with 400 is denied or not there.
http::Response error_page(const ApiError& error) {
  int status = error.http_status();
  if (status == 400) status = error.code() == "AccessDeniedException" ? 403 : 404;
  return message_page(status, error.code(), error.message());
}

}  // namespace

Front::Front(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts)
    : parts_(parts),
      pipeline_(pipeline),
      hosts_(std::move(hosts)),
      notebooks_(parts_, hosts_,
                 [this](const Caller& caller, const std::string& kind, const std::string& arn) {
                   return page(caller, kind, arn, true);
                 }) {}

bool Front::is_quick(const http::Request& request) const {
  return Pipeline::is_quick(request) && !notebooks_.is_for(request);
}

http::Response Front::handle(http::Request& request) {
  if (!request.secure && notebooks_.is_for(request)) return notebooks_.handle(request);
  std::string_view path = request.path();
  // At a bucket's own host the path is a key, which may begin so: "_SUCCESS".
  bool key = !bucket_in_host(request.headers.get("Host")).empty();
  // An AWS host (reached by CONNECT) serves AWS calls and nothing else.
  if (!path.starts_with("/_") || key || request.secure) return pipeline_.handle(request);
  if (path.starts_with(kRolesPath) && request.method == "POST") {
    return issue_role_session(parts_, pipeline_, request);
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return text_response(405, "method not allowed\n");
  }
  if (path == "/_health" || path == "/_localstack/health") return health();
  if (path == "/_metrics") return metrics();
  if (path.starts_with(kConsolePath)) return console(request);
  return text_response(404, "no such page\n");
}

http::Response Front::health() const {
  json::object services;
  for (const char* name : {"events", "iam", "logs", "monitoring", "s3", "sagemaker",
                           "stepfunctions", "sts"}) {
    services[name] = "available";
  }
  json::object body{{"product", "Trainyard"},
                    {"version", kVersion},
                    {"account", parts_.site.account},
                    {"region", parts_.site.region},
                    {"services", services}};
  return text_response(200, dump(body) + "\n", "application/json");
}

http::Response Front::metrics() const {
  auto [outbox, attempts] = parts_.store.read([](Txn& txn) {
    int64_t waiting = txn.one("SELECT count(*) FROM outbox",
                              [](const Row& row) { return row.integer(0); }).value_or(0);
    return std::pair(waiting, sagemaker::live_attempts(txn).size());
  });
  return text_response(
      200,
      fmt::format("# HELP trainyard_outbox_messages Messages that wait to be performed, timers "
                  "included.\n# TYPE trainyard_outbox_messages gauge\n"
                  "trainyard_outbox_messages {}\n"
                  "# HELP trainyard_attempts_live Attempts of jobs, endpoint instances and "
                  "notebooks that run now.\n# TYPE trainyard_attempts_live gauge\n"
                  "trainyard_attempts_live {}\n",
                  outbox, attempts),
      "text/plain; version=0.0.4");
}

http::Response Front::console(http::Request& request) {
  if (!http::is_known_host(request.headers.get("Host"), hosts_)) {
    return message_page(403, "Unknown host",
                        "The console answers on loopback names and on those given with --host.");
  }
  const std::string_view rest = request.path().substr(kConsolePath.size());
  const std::string kind(rest.substr(0, rest.find('/')));
  if ((kind != kExecutions && kind != kMachines) || rest.size() == kind.size()) {
    return message_page(404, "No such page", "Open the link that starting an execution printed.");
  }
  auto arn = percent_decode(rest.substr(kind.size() + 1));
  if (!arn) return message_page(400, "Malformed address", "The ARN cannot be read.");
  try {
    const Caller caller = pipeline_.authenticate_presigned(request, "states");
    return page(caller, kind, *arn, asks_for_links(request));
  } catch (const ApiError& error) {
    return error_page(error);
  }
}

http::Response Front::page(const Caller& caller, const std::string& kind, const std::string& arn,
                           bool linked) {
  try {
    return kind == kMachines ? show_machine(caller, arn, linked) : show_execution(caller, arn);
  } catch (const ApiError& error) {
    return error_page(error);
  }
}

http::Response Front::show_execution(const Caller& caller, const std::string& arn) {
  return parts_.store.read([&](Txn& txn) {
    Call call = make_call(parts_, txn, caller);
    json::object execution = parts_.door.invoke(call, caller, "states", "DescribeExecution",
                                                {{"executionArn", arn}});
    json::object history =
        parts_.door.invoke(call, caller, "states", "GetExecutionHistory",
                           {{"executionArn", arn}, {"maxResults", kEventsShownMax}});
    // The page needs the graph of the revision that runs; the two rights above let its viewer see
    // every state and payload, so the definition's text is read on the daemon's own account.
    Caller own = own_caller(parts_.site);
    json::object machine = parts_.door.invoke(
        call, own, "states", "DescribeStateMachineForExecution", {{"executionArn", arn}});
    return page_response(
        200, execution_page(execution, find_string(machine, "definition").value_or(""),
                            history.at("events").as_array(), history.contains("nextToken")));
  });
}

http::Response Front::show_machine(const Caller& caller, const std::string& arn, bool linked) {
  return parts_.store.read([&](Txn& txn) {
    Call call = make_call(parts_, txn, caller);
    json::object machine = parts_.door.invoke(call, caller, "states", "DescribeStateMachine",
                                              {{"stateMachineArn", arn}});
    json::object executions =
        parts_.door.invoke(call, caller, "states", "ListExecutions",
                           {{"stateMachineArn", arn}, {"maxResults", kExecutionsShownMax}});
    return page_response(200, machine_page(machine, executions.at("executions").as_array(),
                                           executions.contains("nextToken"), linked));
  });
}

}  // namespace trainyard::server
