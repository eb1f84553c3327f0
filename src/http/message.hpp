// HTTP/1.1 messages as plain values. Beast stays inside parser.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/tunnel.hpp"

namespace trainyard::http {

/// Header fields in the order they came; names compare without case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  const std::string* find(std::string_view name) const;  // the first of that name, or nullptr
  std::string get(std::string_view name) const;          // "" when absent
  std::vector<std::string> all(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces every one of that name
  void remove(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// A body that is read once, front to back, on the thread that asks.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Reads up to `size` bytes; 0 at the end. Throws ApiError or SystemError when the body is
  /// damaged, too slow or cut off.
  virtual std::size_t read(char* data, std::size_t size) = 0;
  /// How long the whole body is, where that is known before it has been read.
  virtual std::optional<uint64_t> length() const { return std::nullopt; }
  /// All that is left, when it is in memory already: cheaper than reading it. nullopt otherwise.
  virtual std::optional<std::string> take_rest() { return std::nullopt; }
};

/// A body that is in memory already.
class StringBody final : public BodyReader {
 public:
  explicit StringBody(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* data, std::size_t size) override;
  std::optional<std::string> take_rest() override;

 private:
  std::string text_;
  std::size_t offset_ = 0;
};

/// Everything that is left of the body. Throws ApiError 413 `too_large_code` past `limit` bytes.
std::string read_all(BodyReader& body, std::size_t limit,
                     const char* too_large_code = "RequestEntityTooLargeException");

struct Request {
  std::string method;
  std::string target;  // as sent: path and query, still percent-encoded
  Headers headers;
  BodyReader* body = nullptr;          // never null inside a server's handler
  std::optional<uint64_t> length;      // Content-Length, when sent
  std::string peer;                    // "127.0.0.1:53122", or "unix"
  bool secure = false;
  /// Whether the peer has closed its side: an answer reaches nobody. Not set outside of a server.
  std::function<bool()> gone;

  bool only_reads() const { return method == "GET" || method == "HEAD"; }
  std::string_view path() const;   // before '?', undecoded
  std::string_view query() const;  // after '?', undecoded
};

/// What is still awaited from another descriptor: from a model that computes, say. The server asks
/// without waiting, so that nobody's thread is held; whoever may wait calls what comes after it.
class Wait {
 public:
  enum class Progress {
    waiting,  // nothing came yet: ask again when fd() is readable
    whole,    // all is here: going on takes no waiting
    partial,  // going on may wait: on a thread of its own
  };
  virtual ~Wait() = default;
  /// Takes in what has come.
  virtual Progress progress() = 0;
  /// Readable when there is something to take in; -1 when only waiting gets any further.
  virtual int fd() const = 0;
  /// Whether it is call() that tells, in the place of fd().
  virtual bool calls() const { return false; }
  /// Has `ready` called once, from any thread or at once, when there is something to take in.
  virtual void call(std::function<void()> ready) { (void)ready; }
  /// Until when it makes sense to wait (monotonic nanoseconds); `partial` from then on.
  virtual int64_t deadline() const = 0;
};

struct Response;

/// A response that is not there yet.
class PendingResponse : public Wait {
 public:
  /// Waits for what is missing. Throws as a handler does. Called once.
  virtual Response finish() = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;                    // used when `stream` is null
  std::unique_ptr<BodyReader> stream;  // sent as it is read
  std::optional<uint64_t> stream_length;  // without it the stream goes out chunked
  bool close = false;                  // end the connection after this response
  std::unique_ptr<PendingResponse> pending;  // when set, it brings the response
  /// Of a 101: the connection speaks the protocol in Upgrade from here on, and its bytes go to and
  /// from this socket untouched, `early` first to the client. Not inside of TLS.
  std::optional<Tunnel> tunnel;
  /// Kept until the response, its stream or tunnel included, is over: a place that it takes up.
  std::shared_ptr<void> held;
  /// Called once the response has gone out whole (true), or could not (false), on a thread that may
  /// wait.
  std::function<void(bool sent)> over;
};

Response text_response(int status, std::string text, std::string type = "text/plain");

/// Decoded name=value pairs of a query string, in order; a name without '=' has an empty value.
/// nullopt on a malformed escape.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace trainyard::http
