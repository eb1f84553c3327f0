#include "hosting/model_server.hpp"

#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "hosting/frame.hpp"

namespace trainyard::hosting {
namespace {

using http::text_response;

constexpr std::chrono::seconds kStopGrace{25};  // SIGKILL follows SIGTERM after 30 s
constexpr int kCouldNotRun = 1;

/// Header fields are bytes; JSON is text: each byte becomes the character of its number.
std::string as_text(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

/// {"headers": {"content-type": …}}: names in lower case, fields of one name joined.
std::string head_of(const http::Request& request) {
  json::object headers;
  for (const auto& [name, value] : request.headers) {
    json::value& known = headers[to_lower(name)];
    std::string text = as_text(value);
    known = known.is_string() ? to_std(known.get_string()) + ", " + text : std::move(text);
  }
  return dump(json::object{{"headers", std::move(headers)}});
}

http::ServerOptions server_options() {
  http::ServerOptions options;
  options.quick = [](const http::Request&) { return true; };
  return options;
}

Fd stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) throw_errno("signalfd");
  return fd;
}

int serve() {
  const Fd signals = stop_signals();
  const Variables given = own_variables();
  const int cpus = cpus_online();
  const Settings settings = read_settings(given, cpus);
  ModelServer server(settings, python_worker(settings, given, own_programs(), cpus));
  log_info("model server on port {} with {} worker{}", server.port(), settings.workers,
           settings.workers == 1 ? "" : "s");
  pollfd entries[2] = {{signals.get(), POLLIN, 0}, {server.given_up(), POLLIN, 0}};
  while (::poll(entries, 2, -1) < 0 && errno == EINTR) {
  }
  if (entries[1].revents != 0) return kCouldNotRun;
  log_info("asked to stop: requests that run are finished");
  server.drain(kStopGrace);
  return 0;
}

}  // namespace

ModelServer::ModelServer(const Settings& settings, WorkerCommand worker)
    : server_(server_options(), [this](http::Request& request) { return handle(request); }),
      pool_(std::move(worker), settings.workers, settings.timeout, server_) {
  port_ = server_.listen_tcp(settings.host, settings.port);
}

/// The pool refuses what still waits before the server ends, and its requests end before it does.
ModelServer::~ModelServer() {
  pool_.stop();
  server_.stop(std::chrono::milliseconds(0));
}

http::Response ModelServer::handle(http::Request& request) {
  const std::string_view path = request.path();
  if (path == "/ping") return text_response(pool_.ready() ? 200 : 503, "");
  if (path == "/execution-parameters" && request.method == "GET") {
    http::Response response = text_response(
        200, fmt::format(R"({{"MaxConcurrentTransforms":{},"BatchStrategy":"MULTI_RECORD",)"
                         R"("MaxPayloadInMB":6}})",
                         pool_.workers()));
    response.headers.set("Content-Type", "application/json");
    return response;
  }
  if (path != "/invocations") return text_response(404, "Not found\n");
  if (request.method != "POST") return text_response(405, "Method not allowed\n");
  return invoke(request);
}

http::Response ModelServer::invoke(http::Request& request) {
  if (!pool_.ready()) return text_response(503, "The model is still being loaded.\n");
  std::string body = http::read_all(*request.body, kPayloadBytesMax);
  http::Response response;
  response.pending = pool_.submit(head_of(request), std::move(body));
  return response;
}

int run() {
  try {
    return serve();
  } catch (const std::exception& error) {
    log_error("{}", error.what());
    return kCouldNotRun;
  }
}

}  // namespace trainyard::hosting
