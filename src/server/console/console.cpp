#include "server/console/console.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "graph/graph.hpp"
#include "http/hosts.hpp"
#include "server/console/calls.hpp"
#include "server/console/host.hpp"
#include "server/console/pages.hpp"
#include "server/console/plain.hpp"
#include "server/console/presign.hpp"
#include "server/console/raw.hpp"
#include "server/console/replies.hpp"
#include "server/console/shell.hpp"

namespace trainyard::server::console {
namespace {

/// A picture to look at, not one page of a report: more than graph::kStatesMax.
constexpr int kGraphStatesMax = 1000;

/// Where the page is: AWS's consoles have these addresses, and routes behind their `#`.
bool is_home(std::string_view rest) {
  constexpr std::string_view kHomes[] = {"", "states/home", "sagemaker/home", "iam/home",
                                         "s3/home"};
  return std::find(std::begin(kHomes), std::end(kHomes), rest) != std::end(kHomes);
}

constexpr const char* kUnknownHost =
    "The console answers on loopback names, at the address it listens at and on names given with "
    "--host.";

ApiError wrong_method(const http::Request& request) {
  return ApiError("MethodNotAllowedException", 405,
                  "The method " + request.method + " is not served here.");
}

ApiError no_such_path() {
  return ApiError("UnknownOperationException", 404, "There is no such address of the console.");
}

json::object graph_of(const json::object& body) {
  auto invalid = [](std::string what) {
    return ApiError("InvalidParameterException", 400, std::move(what));
  };
  const auto text = find_string(body, "definition");
  if (!text) throw invalid("definition must be a text.");
  const std::string direction = find_string(body, "direction").value_or("down");
  if (direction != "down" && direction != "right")
    throw invalid("direction must be down or right.");
  std::string fault;
  const auto definition = parse_json(*text, &fault);
  if (!definition) throw invalid("The definition is no JSON: " + fault);
  if (!definition->is_object()) throw invalid("The definition must be an object.");
  return graph::to_json(graph::from_definition(definition->get_object(), kGraphStatesMax),
                        direction == "right" ? graph::Direction::right : graph::Direction::down);
}

http::Response answer_call(const Parts& parts, const Caller& caller, std::string_view rest,
                           http::Request& request) {
  const auto names = split(rest, '/');
  if (names.size() != 2) throw no_such_path();
  return reply(200, call(parts, caller, names[0], names[1], read_object(request)));
}

/// The rest of `path` behind `prefix`; nullopt when it begins otherwise.
std::optional<std::string_view> behind(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

}  // namespace

Console::Console(const Parts& parts, Pipeline& pipeline, std::vector<std::string> hosts)
    : parts_(parts),
      pipeline_(pipeline),
      hosts_(std::move(hosts)),
      gate_(parts_, pipeline_),
      watchers_(parts_, gate_) {}

http::Response Console::handle(http::Request& request) {
  const std::string_view rest = request.path().substr(kPath.size());
  const bool known = http::is_known_host(request.headers.get("Host"), hosts_);
  if (auto api_path = behind(rest, "api/")) {
    return reply_or_error([&] {
      if (!known) throw ApiError("AccessDeniedException", 403, kUnknownHost);
      Gate::check_origin(request);
      return api(request, *api_path);
    });
  }
  if (!known) return message_page(403, "Unknown host", kUnknownHost);
  if (!request.only_reads()) {
    return http::text_response(405, "method not allowed\n");
  }
  return page(request, rest);
}

http::Response Console::page(const http::Request& request, std::string_view rest) {
  if (is_home(rest)) return shell(parts_.random);
  if (rest.starts_with("assets/")) return asset(request, rest);
  const std::string_view kind = rest.substr(0, rest.find('/'));
  if (kind == kExecutions || kind == kMachines) {
    return presigned_page(parts_, pipeline_, request, rest);
  }
  return message_page(404, "No such page", "The console begins at /_console/.");
}

http::Response Console::api(http::Request& request, std::string_view rest) {
  if (rest == "links") {
    if (request.method != "POST") throw wrong_method(request);
    return gate_.issue_link(request);
  }
  if (rest == "session") {
    if (request.method == "POST") return gate_.log_in(request);
    if (request.method == "DELETE") return gate_.log_out(request);
    if (request.only_reads()) return gate_.show(request);
    throw wrong_method(request);
  }
  return api_of_visitor(request, rest);
}

http::Response Console::api_of_visitor(http::Request& request, std::string_view rest) {
  const Caller caller = gate_.visitor(request).caller;
  const std::string_view target =
      std::string_view(request.target).substr(kPath.size() + std::string_view("api/").size());
  if (rest.starts_with("s3/")) {
    return pass_raw(pipeline_, caller, "s3", target.substr(std::string_view("s3").size()), request);
  }
  if (rest.starts_with("runtime/endpoints/")) {
    return pass_raw(pipeline_, caller, "runtime", target.substr(std::string_view("runtime").size()),
                    request);
  }
  if (rest == "host") {
    if (!request.only_reads()) throw wrong_method(request);
    return reply(200, describe_host(parts_.site.data_dir));
  }
  const auto operation = behind(rest, "call/");
  if (!operation && rest != "graph" && rest != "presign" && rest != "watch") throw no_such_path();
  if (request.method != "POST") throw wrong_method(request);
  if (operation) return answer_call(parts_, caller, *operation, request);
  if (rest == "presign") return reply(200, presign_object(parts_, caller, request));
  if (rest == "graph") return reply(200, graph_of(read_object(request)));
  return watchers_.watch(caller, request);
}

}  // namespace trainyard::server::console
