#include "http/reader.hpp"

#include <cstring>

#include "base/clock.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBufferFirst = 8 * 1024;

BodyStatus body_status(IoStatus io) {
  return io == IoStatus::timed_out ? BodyStatus::timed_out : BodyStatus::cut;
}

}  // namespace

MessageReader::MessageReader(Channel& channel, Parser::Kind kind, std::size_t head_bytes_max)
    : channel_(channel),
      parser_(kind, head_bytes_max),
      buffer_(kBufferFirst),
      buffer_max_(head_bytes_max + kBufferFirst) {}

IoStatus MessageReader::fill(milliseconds timeout) {
  if (begin_ > 0 && end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::min(buffer_.size() * 2, buffer_max_));
  if (end_ == buffer_.size()) return IoStatus::failed;
  IoResult result = channel_.read(buffer_.data() + end_, buffer_.size() - end_, timeout);
  end_ += result.size;
  return result.status;
}

void MessageReader::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

std::string MessageReader::take_buffered() {
  std::string taken(unread());
  consume(taken.size());
  return taken;
}

/// RFC 9112, 2.2: a server should ignore an empty line before a request.
void MessageReader::skip_blank_lines() {
  std::size_t count = 0;
  std::string_view text = unread();
  while (count < text.size() && (text[count] == '\r' || text[count] == '\n')) ++count;
  consume(count);
}

HeadStatus MessageReader::head_status(IoStatus io, bool begun) const {
  if (io == IoStatus::timed_out) return begun ? HeadStatus::slow : HeadStatus::idle;
  return begun ? HeadStatus::cut : HeadStatus::none;
}

HeadStatus MessageReader::read_head(Head& head, milliseconds idle_timeout,
                                    milliseconds head_timeout, bool no_body) {
  parser_.start(head, no_body);
  int64_t deadline = 0;  // set by the first byte
  bool begun = false;
  for (;;) {
    if (!begun) skip_blank_lines();
    if (buffered() > 0) {
      begun = true;
      ParseStatus status = ParseStatus::need_more;
      consume(parser_.head(unread(), status));
      if (status == ParseStatus::malformed) return HeadStatus::malformed;
      if (status == ParseStatus::too_large) return HeadStatus::too_large;
      if (status == ParseStatus::complete) break;
    }
    milliseconds timeout = idle_timeout;
    if (begun) {
      int64_t now = monotonic_nanos();
      if (deadline == 0) deadline = now + std::chrono::nanoseconds(head_timeout).count();
      if (now >= deadline) return HeadStatus::slow;
      timeout = milliseconds((deadline - now) / 1'000'000 + 1);
    }
    IoStatus io = fill(timeout);
    if (io != IoStatus::ok) return head_status(io, begun);
  }
  left_ = head.length.value_or(0);
  framing_ = head.chunked ? Framing::chunked
             : head.until_close ? Framing::until_close
             : left_ > 0 && !no_body ? Framing::length
                                     : Framing::none;
  return HeadStatus::complete;
}

bool MessageReader::head_buffered() {
  skip_blank_lines();
  return unread().find("\r\n\r\n") != std::string_view::npos;
}

bool MessageReader::body_buffered() const {
  return framing_ == Framing::none || (framing_ == Framing::length && left_ <= buffered());
}

bool MessageReader::body_fits() const {
  return body_buffered() || (framing_ == Framing::length && left_ <= buffer_max_ / 2);
}

std::optional<uint64_t> MessageReader::body_left() const {
  if (framing_ == Framing::none) return 0;
  if (framing_ == Framing::length) return left_;
  return std::nullopt;
}

std::size_t MessageReader::read_body(char* data, std::size_t size, milliseconds timeout,
                                     BodyStatus& status) {
  status = framing_ == Framing::none ? BodyStatus::complete : BodyStatus::more;
  if (status == BodyStatus::complete || size == 0) return 0;
  return framing_ == Framing::chunked ? read_chunked(data, size, timeout, status)
                                      : read_raw(data, size, timeout, status);
}

std::size_t MessageReader::read_raw(char* data, std::size_t size, milliseconds timeout,
                                    BodyStatus& status) {
  if (framing_ == Framing::length) size = std::min<uint64_t>(size, left_);
  std::size_t count = std::min(size, buffered());
  if (count > 0) {
    std::memcpy(data, buffer_.data() + begin_, count);
    consume(count);
  } else {
    IoResult result = channel_.read(data, size, timeout);
    if (result.status == IoStatus::closed && framing_ == Framing::until_close) {
      framing_ = Framing::none;
      status = BodyStatus::complete;
      return 0;
    }
    if (result.status != IoStatus::ok) {
      status = body_status(result.status);
      return 0;
    }
    count = result.size;
  }
  if (framing_ == Framing::length) {
    left_ -= count;
    if (left_ == 0) framing_ = Framing::none;
  }
  return count;
}

std::size_t MessageReader::read_chunked(char* data, std::size_t size, milliseconds timeout,
                                        BodyStatus& status) {
  for (;;) {
    if (buffered() > 0) {
      std::size_t produced = 0;
      ParseStatus parsed = ParseStatus::need_more;
      std::size_t used = parser_.chunks(unread(), data, size, produced, parsed);
      consume(used);
      if (parsed == ParseStatus::complete) framing_ = Framing::none;
      if (produced > 0) return produced;
      if (parsed == ParseStatus::complete) {
        status = BodyStatus::complete;
        return 0;
      }
      if (parsed != ParseStatus::need_more || buffered() >= buffer_max_) {
        status = BodyStatus::malformed;
        return 0;
      }
    }
    IoStatus io = fill(timeout);
    if (io != IoStatus::ok) {
      status = body_status(io);
      return 0;
    }
  }
}

}  // namespace trainyard::http
