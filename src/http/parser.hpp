// HTTP/1.1 message syntax: heads and chunked bodies, over bytes that the caller has read. The only
// user of Beast's parser, so that its headers are compiled once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace trainyard::http {

/// What stands before a body, and how the body is delimited.
struct Head {
  std::string method;  // requests
  std::string target;
  int status = 0;      // responses
  Headers headers;
  bool http_1_0 = false;
  bool keep_alive = false;
  bool chunked = false;
  bool until_close = false;            // a response that ends with the connection
  std::optional<uint64_t> length;      // Content-Length
};

enum class ParseStatus { complete, need_more, malformed, too_large };

class Parser {
 public:
  enum class Kind { request, response };
  Parser(Kind kind, std::size_t head_bytes_max);
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  /// Begins a new message. `no_body`: the response to a HEAD request.
  void start(Head& head, bool no_body = false);
  /// Parses the head from `data`, which begins with what an earlier call left unconsumed. Returns
  /// how much was consumed. On `malformed`, what() says why.
  std::size_t head(std::string_view data, ParseStatus& status);
  /// Decodes a chunked body into `out`; `produced` says how much. `complete` after the last chunk
  /// and its trailer (which is dropped). Same rule about unconsumed data.
  std::size_t chunks(std::string_view data, char* out, std::size_t size, std::size_t& produced,
                     ParseStatus& status);
  const std::string& what() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard::http
