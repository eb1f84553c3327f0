#include "agent/daemon_link.hpp"

#include <sys/socket.h>

#include "base/log.hpp"
#include "http/channel.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kAnswerBytesMax = 1 << 20;
// The daemon holds a command poll for up to 25 s.
constexpr std::chrono::seconds kReadTimeout{40};

http::ClientOptions options(std::chrono::seconds read_timeout = kReadTimeout) {
  http::ClientOptions options;
  options.read_timeout = read_timeout;
  return options;
}

bool says_stop(const std::string& body) {
  auto value = parse_json(body);
  return value && value->is_object() && find_string(value->get_object(), "command") == "stop";
}

}  // namespace

DaemonLink::DaemonLink(const fs::path& socket, std::string attempt, std::string host,
                       std::string token, fs::path plan)
    : address_(http::Address::parse("unix:" + socket.string())), attempt_(std::move(attempt)),
      host_(std::move(host)), token_(std::move(token)), plan_(std::move(plan)),
      pool_(address_, options()) {}

bool DaemonLink::is_orphaned() const {
  std::error_code error;
  return !fs::exists(plan_, error) && !error;
}

std::string DaemonLink::path_of(const std::string& what) const {
  const bool of_attempt =
      what == "logs" || what == "credentials" || what == "image" || what == "files";
  return "/v1/attempts/" + attempt_ + (of_attempt ? "/" : "/instances/" + host_ + "/") + what;
}

http::Outgoing DaemonLink::request(const char* method, const std::string& what) const {
  http::Outgoing request;
  request.method = method;
  request.target = path_of(what);
  request.headers.set("Authorization", "Bearer " + token_);
  return request;
}

Answer DaemonLink::get(const std::string& what) {
  http::Response response = pool_.exchange(request("GET", what), kAnswerBytesMax);
  return {response.status, std::move(response.body)};
}

http::Outgoing DaemonLink::report(const std::string& what, const std::string& body) const {
  http::Outgoing outgoing = request("POST", what);
  outgoing.headers.set("Content-Type", "application/json");
  outgoing.body = body;
  return outgoing;
}

Answer DaemonLink::tell(const std::string& what, const std::string& body,
                        std::chrono::seconds max) {
  http::Connection connection(http::connect_unix(address_.unix_path), address_, options(max));
  http::Response response = connection.exchange(report(what, body), kAnswerBytesMax);
  return {response.status, std::move(response.body)};
}

Answer DaemonLink::post(const std::string& what, const std::string& body, Patience patience) {
  const http::Outgoing outgoing = report(what, body);
  return patiently(patience, [&] {
    if (is_orphaned()) throw SystemError("the attempt's folder is gone");
    http::Response response = pool_.exchange(outgoing, kAnswerBytesMax);
    if (response.status >= 500) {
      throw ApiError("InternalFailure", response.status, "the daemon cannot take the report");
    }
    return Answer{response.status, std::move(response.body)};
  });
}

client::IssuedCredentials DaemonLink::credentials() {
  Answer answer = get("credentials");
  if (answer.status >= 500) {
    throw http::TransportError("the daemon cannot issue credentials now", true);
  }
  if (answer.status != 200) {
    throw SystemError("the daemon does not issue credentials: " + answer.body);
  }
  return client::parse_issued(answer.body, "the daemon");
}

CommandListener::CommandListener(DaemonLink& link, StopSignal& stop)
    : link_(link), stop_(stop), thread_([this] { run(); }) {}

CommandListener::~CommandListener() {
  ending_.trigger();
  {
    std::lock_guard lock(mutex_);
    if (waiting_ >= 0) ::shutdown(waiting_, SHUT_RDWR);
  }
  thread_.join();
}

void CommandListener::run() {
  auto delay = kRetryFirst;
  while (!ending_.triggered() && !stop_.triggered()) {
    try {
      listen_once();
      delay = kRetryFirst;
    } catch (const std::exception& error) {
      log_debug("no commands: {}", error.what());
      if (link_.is_orphaned()) stop_.trigger();
      ending_.wait_for(delay);
      delay = std::min(delay * 2, kRetryMax);
    }
  }
}

void CommandListener::listen_once() {
  Fd socket = http::connect_unix(link_.address_.unix_path);
  const int number = socket.get();
  http::Connection connection(std::move(socket), link_.address_, options());
  {
    std::lock_guard lock(mutex_);
    if (ending_.triggered()) return;
    waiting_ = number;
  }
  // Taken back before the connection closes the descriptor.
  struct Forget {
    CommandListener* self;
    ~Forget() {
      std::lock_guard lock(self->mutex_);
      self->waiting_ = -1;
    }
  } forget{this};
  http::Response response = connection.exchange(link_.request("GET", "commands"), kAnswerBytesMax);
  if (response.status != 200) throw SystemError("status " + std::to_string(response.status));
  if (says_stop(response.body)) stop_.trigger();
}

}  // namespace trainyard::agent
