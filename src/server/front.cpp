#include "server/front.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "http/amend.hpp"
#include "server/console/plain.hpp"
#include "server/pipeline.hpp"
#include "server/role_sessions.hpp"
#include "server/route.hpp"
#include "services/sagemaker/attempts.hpp"

namespace trainyard::server {
namespace {

using http::text_response;

constexpr const char* kVersion = "0.1.0";

/// A browser shows what a presigned link leads to, and the address is the console's: without this,
/// a page that somebody stored would be one of ours. It may run, as a page of nowhere.
void keep_apart(http::Response& response) {
  response.headers.set("Content-Security-Policy",
                       "sandbox allow-downloads allow-forms allow-modals allow-popups "
                       "allow-scripts");
  response.headers.set("X-Content-Type-Options", "nosniff");
}

}  // namespace

Front::Front(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts)
    : parts_(parts),
      pipeline_(pipeline),
      notebooks_(parts_, hosts,
                 [this](const Caller& caller, const std::string& kind, const std::string& arn) {
                   return console::plain_page(parts_, caller, kind, arn,
                                              console::Shower::notebook);
                 }),
      console_(parts_, pipeline_, std::move(hosts)) {}

bool Front::is_quick(const http::Request& request) const {
  return Pipeline::is_quick(request) && !notebooks_.is_for(request);
}

http::Response Front::handle(http::Request& request) {
  if (!request.secure && notebooks_.is_for(request)) return notebooks_.handle(request);
  std::string_view path = request.path();
  // At a bucket's own host the path is a key, which may begin so: "_SUCCESS".
  bool key = !bucket_in_host(request.headers.get("Host")).empty();
  // An AWS host (reached by CONNECT) serves AWS calls and nothing else.
  if (!path.starts_with("/_") || key || request.secure) {
    return http::amended(pipeline_.handle(request), keep_apart);
  }
  if (path.starts_with(kRolesPath) && request.method == "POST") {
    return issue_role_session(parts_, pipeline_, request);
  }
  if (path.starts_with(console::kPath)) return console_.handle(request);
  if (!request.only_reads()) {
    return text_response(405, "method not allowed\n");
  }
  if (path == "/_health" || path == "/_localstack/health") return health();
  if (path == "/_metrics") return metrics();
  if (path == "/_console") return to_console();
  return text_response(404, "no such page\n");
}

http::Response Front::to_console() const {
  http::Response response = text_response(308, "");
  response.headers.set("Location", std::string(console::kPath));
  return response;
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

}  // namespace trainyard::server
