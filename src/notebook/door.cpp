#include "notebook/door.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/end_to_end.hpp"
#include "notebook/pages.hpp"
#include "notebook/passage.hpp"

namespace trainyard::notebook {
namespace {

/// Of Jupyter's application; they are a few kilobytes.
constexpr std::size_t kPageBytesMax = 16u << 20;
/// A definition of at most 1 MB and 25,000 events, of which the script sends what colours states.
constexpr std::size_t kDrawingBytesMax = 16u << 20;
constexpr std::chrono::minutes kJupyterPatience{10};
/// Of the daemon's console, and of ours: /_trainyard/executions/ARN.
constexpr std::string_view kConsolePages[] = {"executions/", "statemachines/"};
constexpr std::string_view kDrawingPath = "/_trainyard/graph";

}  // namespace

http::ClientOptions to_jupyter() {
  http::ClientOptions options;
  options.read_timeout = kJupyterPatience;
  return options;
}

Door::Door(DoorOptions options)
    : shared_options_(std::make_shared<const DoorOptions>(std::move(options))),
      options_(*shared_options_),
      taken_(std::make_shared<std::atomic<int>>(0)),
      jupyter_(options_.jupyter) {}

/// A place is taken until the answer, and the WebSocket that it may open, is over.
http::Response Door::handle(http::Request& request) {
  const std::shared_ptr<void> place(nullptr, [taken = taken_](void*) { --*taken; });
  if (++*taken_ > options_.places) {
    return notice(503, "Too many connections", "The notebook has as many as it may have.");
  }
  http::Response response = answer(request);
  response.held = place;
  return response;
}

http::Response Door::answer(http::Request& request) {
  const Verdict verdict = judge(request, options_.access);
  if (verdict.way == Verdict::Way::refuse) {
    return notice(verdict.status, "No access", verdict.why);
  }
  if (verdict.way == Verdict::Way::enter) return enter(request);
  try {
    return request.path().starts_with(kOwnPath) ? own(request) : pass_on(request);
  } catch (const ApiError& error) {
    return notice(error.http_status(), error.code(), error.message());
  } catch (const http::TransportError& error) {
    log_warning("{} {}: {}", request.method, request.path(), error.what());
    return notice(502, "No answer", error.what());
  } catch (const SystemError& error) {
    log_warning("{} {}: {}", request.method, request.path(), error.what());
    return notice(502, "No answer", error.what());
  }
}

http::Response Door::enter(const http::Request& request) const {
  const Access& access = options_.access;
  const Session session = access.session(token_in_query(request, access.parameter));
  const std::string life =
      session.life ? fmt::format("; Max-Age={}", session.life->count()) : "";
  http::Response response;
  response.status = 303;
  response.headers.set("Location", without_token(request.target, access.parameter));
  response.headers.set("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}",
                                                 access.cookie, session.value, life));
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");  // the address had the token in it
  return response;
}

http::Response Door::own(http::Request& request) {
  const std::string_view path = request.path();
  if (path == kDrawingPath) {
    if (request.method != "POST") return notice(405, "No such page", "Drawings come for a POST.");
    return drawing(http::read_all(*request.body, kDrawingBytesMax));
  }
  if (!request.only_reads()) {
    return notice(405, "No such page", "There is nothing here to write to.");
  }
  if (path == kScriptPath) {
    http::Response response = http::text_response(200, std::string(script()), "text/javascript");
    response.headers.set("Cache-Control", "no-store");
    return response;
  }
  const std::string_view page = path.substr(kOwnPath.size());
  for (const std::string_view kind : kConsolePages) {
    if (page.starts_with(kind)) return show(kind, page.substr(kind.size()));
  }
  return notice(404, "No such page", "The notebook has no page at this address.");
}

http::Response Door::show(std::string_view kind, std::string_view escaped_arn) {
  const auto arn = percent_decode(escaped_arn);
  if (!arn || arn->empty()) return notice(400, "Malformed address", "The ARN cannot be read.");
  http::Response page = options_.page(std::string(kind.substr(0, kind.size() - 1)), *arn);
  page.close = false;
  return page;
}

http::Response Door::pass_on(http::Request& request) {
  http::Outgoing onward = outgoing(request, options_.jupyter_token, options_.access);
  if (onward.upgrade) return change_protocol(request, onward);
  if (!request.length && request.headers.has("Transfer-Encoding")) {
    return notice(411, "Length required", "Bodies are passed on with their length alone.");
  }
  http::Response response = jupyter_.exchange_streaming(onward);
  http::keep_end_to_end(response.headers);
  response.close = false;
  if (request.method == "HEAD" || !is_application_page(request.path(), response)) return response;
  std::string page = http::read_all(*response.stream, kPageBytesMax);
  response.stream.reset();
  response.stream_length.reset();
  response.headers.remove("ETag");  // it names the page without our script
  response.body = with_script(std::move(page));
  return response;
}

/// A connection of its own, which is the client's from Jupyter's consent on, for as long as whoever
/// opened it may come in.
http::Response Door::change_protocol(const http::Request& request,
                                     const http::Outgoing& onward) {
  http::Connection connection = options_.jupyter();
  http::Response response = connection.exchange_streaming(onward);
  const std::string protocol = response.headers.get("Upgrade");
  http::keep_end_to_end(response.headers);
  response.close = false;
  if (response.status != 101) return response;
  response.headers.set("Upgrade", protocol);
  response.stream.reset();
  response.tunnel = connection.take_over();
  http::Request head = request;
  head.body = nullptr;
  response.tunnel->goes_on = [options = shared_options_, head = std::move(head)] {
    try {
      return judge(head, options->access).way == Verdict::Way::pass;
    } catch (const std::exception& error) {
      log_warning("{}: {}", head.path(), error.what());
      return false;
    }
  };
  return response;
}

}  // namespace trainyard::notebook
