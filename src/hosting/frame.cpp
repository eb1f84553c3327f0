#include "hosting/frame.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace trainyard::hosting {
namespace {

constexpr std::size_t kFirstRead = 16 * 1024;

void put_length(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift & 0xff);
}

std::size_t length_at(const std::string& bytes, std::size_t offset) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return length;
}

}  // namespace

std::string frame_start(std::string_view head, std::size_t body_size) {
  std::string start;
  start.reserve(kFramePrefixBytes + head.size());
  put_length(start, head.size());
  put_length(start, body_size);
  return start.append(head);
}

std::size_t FrameReader::wanted() const {
  return size_ < kFramePrefixBytes ? kFirstRead : kFramePrefixBytes + head_ + body_;
}

FrameReader::Status FrameReader::take(int socket) {
  for (;;) {
    bytes_.resize(std::max(wanted(), size_));
    if (size_ >= kFramePrefixBytes && size_ == bytes_.size()) return Status::whole;
    const ssize_t count =
        ::recv(socket, bytes_.data() + size_, bytes_.size() - size_, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Status::waiting;
    if (count <= 0) return Status::ended;
    const bool begun = size_ >= kFramePrefixBytes;
    size_ += static_cast<std::size_t>(count);
    if (begun || size_ < kFramePrefixBytes) continue;
    head_ = length_at(bytes_, 0);
    body_ = length_at(bytes_, 4);
    if (head_ > kFrameHeadBytesMax || body_ > kPayloadBytesMax || size_ > wanted()) {
      return Status::ended;
    }
  }
}

Frame FrameReader::release() {
  Frame frame{bytes_.substr(kFramePrefixBytes, head_), {}};
  bytes_.erase(0, kFramePrefixBytes + head_);
  frame.body = std::move(bytes_);
  *this = {};
  return frame;
}

bool send_some(int socket, std::string_view start, std::string_view body, std::size_t& sent) {
  while (sent < start.size() + body.size()) {
    const std::string_view first = start.substr(std::min(sent, start.size()));
    const std::string_view second =
        body.substr(sent > start.size() ? sent - start.size() : 0);
    iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                       {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    const ssize_t count = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace trainyard::hosting
