// The HTTP/1.1 server: one blocking thread a connection, taken from a bounded pool. Blocking reads
// keep streaming bodies and upstream calls plain code; kConnectionsMax bounds the threads. Where a
// handler answers with a pending response, the connection moves into a loop and needs no thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/files.hpp"
#include "http/message.hpp"

namespace trainyard::http {

inline constexpr int kConnectionsMax = 1024;
inline constexpr std::size_t kHeaderBytesMax = 64 * 1024;

class TlsIdentity;

/// What a CONNECT comes to: a refusal (its status and one line of text), our own TLS, or a tunnel.
struct ConnectAnswer {
  int status = 200;
  std::string text;
  /// The connection goes on as TLS with this identity; the requests in it come to the handler as
  /// any others, marked `secure`.
  std::shared_ptr<const TlsIdentity> identity;
  Fd upstream;        // without an identity: bytes go to and from this connected socket untouched
  std::string early;  // what has been read from it already
};

struct ServerOptions {
  std::chrono::milliseconds header_timeout{20'000};  // from the first byte to the last header
  std::chrono::milliseconds idle_timeout{75'000};    // between requests
  std::chrono::milliseconds body_timeout{30'000};    // without a byte of progress, either way
  int connections_max = kConnectionsMax;
  int connections_per_door = kConnectionsMax;
  /// Requests whose handler never waits long: it answers at once or with a pending response. A
  /// server with this predicate has a loop and, once a connection is in it, handles such requests
  /// there. Without it pending responses are waited for on the connection's thread.
  std::function<bool(const Request&)> quick;
  /// Answers CONNECT, on the connection's thread; may wait, and throws as a handler does. Without
  /// it CONNECT is refused with 405. Inside of a tunnel of ours there is no other.
  std::function<ConnectAnswer(const Request&)> connect;
};

class Server {
 public:
  /// Called on the connection's thread. What it throws is answered 500 (ApiError: its status).
  /// `100 Continue` goes out when the handler first reads the body.
  using Handler = std::function<Response(Request&)>;

  Server(ServerOptions options, Handler handler);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts to accept; port 0 picks a free one. Returns the port, which `bound` is told before the
  /// first request. SystemError "cannot listen on HOST:PORT: address already in use" when taken.
  int listen_tcp(const std::string& host, int port,
                 const std::function<void(int port)>& bound = nullptr);
  /// A stale socket file is replaced. `handler` overrides the server's own for this door.
  void listen_unix(const fs::path& path, int mode, Handler handler = nullptr);
  /// Accepts on a listening socket made elsewhere (in another network namespace, say).
  void listen_fd(Fd listening, Handler handler = nullptr);
  void close_unix(const fs::path& path);

  /// For a server with quick requests: see Loop::watch.
  void watch(int fd, std::function<void()> readable);
  void unwatch(int fd);

  /// Stops accepting, lets running requests finish up to `grace`, then closes their sockets.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::http
