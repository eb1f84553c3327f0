// The HTTP/1.1 client: blocking, keep-alive, over TCP, TLS or a Unix socket.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/files.hpp"
#include "http/message.hpp"

namespace trainyard::http {

/// Where to connect. "http://host:port", "https://host[:port]", "unix:/path".
struct Address {
  std::string host;
  int port = 0;
  bool tls = false;
  fs::path unix_path;  // when not empty, the rest only names the Host header

  static Address parse(const std::string& url);  // SystemError when malformed
  std::string host_header() const;               // without the port when it is the scheme's own
};

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds read_timeout{70'000};  // without a byte of progress
  std::string ca_file;                             // "": the system's
};

/// A request to send: `body` or `stream` (with its exact length).
struct Outgoing {
  std::string method = "GET";
  std::string target = "/";
  Headers headers;
  std::string body;
  BodyReader* stream = nullptr;
  uint64_t stream_length = 0;
  bool harmless_twice = false;  // a POST that may be sent again; other methods may by definition
  bool upgrade = false;         // asks for the protocol in its Upgrade field

  /// Whether it may be sent once more when nothing tells whether it has arrived.
  bool repeatable() const { return stream == nullptr && (method != "POST" || harmless_twice); }
};

/// The peer could not be reached, or broke off. `sent` tells whether the request may have arrived.
class TransportError : public std::exception {
 public:
  TransportError(std::string message, bool sent) : message_(std::move(message)), sent_(sent) {}
  const char* what() const noexcept override { return message_.c_str(); }
  bool sent() const { return sent_; }

 private:
  std::string message_;
  bool sent_;
};

/// One connection; use from one thread at a time.
class Connection {
 public:
  Connection(Address address, ClientOptions options);
  /// Takes over a connected socket.
  Connection(Fd connected, Address address, ClientOptions options);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  /// Sends and reads status, headers and the whole body (up to `body_max` bytes).
  Response exchange(const Outgoing& request, std::size_t body_max = 1u << 30);
  /// Sends and reads status and headers; the body is then read through response.stream, which must
  /// be drained or destroyed (which closes the connection) before the next exchange.
  Response exchange_streaming(const Outgoing& request);
  /// After a 101: the socket, and what has come on it in the new protocol. The connection is spent.
  /// SystemError inside of TLS.
  Tunnel take_over();
  /// False once the peer has closed it or an exchange failed.
  bool reusable() const;

 private:
  friend class Pool;
  struct Impl;
  /// As above; `drained` is called when the response's stream has been read to its end.
  Response exchange_streaming(const Outgoing& request, std::function<void()> drained);
  /// The response whose head has been read.
  Response streamed(std::function<void()> drained);
  /// The last exchange failed because the peer had closed before a byte of an answer.
  bool was_stale() const;
  /// The last exchange left nothing behind that a next one would trip over.
  bool ended_well() const;

  std::shared_ptr<Impl> impl_;  // shared with the stream of a response
};

/// Keep-alive connections to one address, for many threads. A request that fails on a connection
/// that had idled is sent once more on a fresh one when the peer closed it before a byte of a
/// response had come, if it is repeatable: the peer may have acted on it.
class Pool {
 public:
  using Connect = std::function<Connection()>;
  Pool(Address address, ClientOptions options);
  explicit Pool(Connect connect);
  ~Pool();

  Response exchange(const Outgoing& request, std::size_t body_max = 1u << 30);
  /// The connection goes back to the pool when the response's stream is drained.
  Response exchange_streaming(const Outgoing& request);
  /// As above in two steps, if a connection is open that has nothing to do; nullptr otherwise.
  /// `request` is repeatable, has its body in memory and outlives what is returned.
  std::unique_ptr<PendingResponse> begin(const Outgoing& request);

 private:
  struct Impl;
  class Begun;
  std::shared_ptr<Impl> impl_;
};

}  // namespace trainyard::http
