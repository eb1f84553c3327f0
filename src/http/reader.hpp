// Messages off a channel, one after the other: heads, then bodies by their framing.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "http/channel.hpp"
#include "http/parser.hpp"

namespace trainyard::http {

enum class HeadStatus {
  complete,
  none,       // the peer closed, or nothing came in time: no byte of a message was seen
  idle,       // `none` because of the time
  slow,       // began, but did not end in time
  cut,        // began, and the peer closed
  malformed,  // what() says why
  too_large,
};

enum class BodyStatus { more, complete, timed_out, cut, malformed };

class MessageReader {
 public:
  MessageReader(Channel& channel, Parser::Kind kind, std::size_t head_bytes_max);

  /// Reads the next head. The body of the message before must be complete.
  HeadStatus read_head(Head& head, std::chrono::milliseconds idle_timeout,
                       std::chrono::milliseconds head_timeout, bool no_body = false);
  /// Reads a piece of the body: `complete` only with nothing left, together with 0 bytes.
  std::size_t read_body(char* data, std::size_t size, std::chrono::milliseconds timeout,
                        BodyStatus& status);

  /// Takes in what has come, without waiting: `timed_out` when that is nothing.
  IoStatus take_in() { return fill(std::chrono::milliseconds(0)); }
  /// Whether the next head is here to its end: read_head() does not wait then.
  bool head_buffered();
  /// Whether the rest of the body is here: read_body() does not wait then.
  bool body_buffered() const;
  /// Whether the rest of the body can be taken in before it is read.
  bool body_fits() const;

  bool body_complete() const { return framing_ == Framing::none; }
  /// What Content-Length still promises; nullopt when the framing does not tell.
  std::optional<uint64_t> body_left() const;
  /// Bytes that were read but not used yet.
  std::size_t buffered() const { return end_ - begin_; }
  /// Takes them away: what follows is no message.
  std::string take_buffered();
  const std::string& what() const { return parser_.what(); }

 private:
  enum class Framing { none, length, chunked, until_close };

  IoStatus fill(std::chrono::milliseconds timeout);
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t count);
  void skip_blank_lines();
  HeadStatus head_status(IoStatus io, bool begun) const;
  std::size_t read_raw(char* data, std::size_t size, std::chrono::milliseconds timeout,
                       BodyStatus& status);
  std::size_t read_chunked(char* data, std::size_t size, std::chrono::milliseconds timeout,
                           BodyStatus& status);

  Channel& channel_;
  Parser parser_;
  std::vector<char> buffer_;
  std::size_t buffer_max_;
  std::size_t begin_ = 0, end_ = 0;
  Framing framing_ = Framing::none;
  uint64_t left_ = 0;
};

}  // namespace trainyard::http
