#include "hosting/frame.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace trainyard::hosting {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;

void put_number(std::string& out, uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
}

uint64_t number_at(const std::string& text, std::size_t offset, std::size_t bytes) {
  uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(text[offset + i]);
  }
  return number;
}

/// A file without a name that holds the two.
Fd file_of(std::string_view first, std::string_view second) {
  Fd file(::memfd_create("request", MFD_CLOEXEC));
  if (!file) throw_errno("cannot make a memory file");
  write_all(file.get(), first, "a memory file");
  write_all(file.get(), second, "a memory file");
  return file;
}

}  // namespace

std::string frame_start(uint64_t number, std::string_view head, std::size_t body_size) {
  std::string start;
  start.reserve(kFramePrefixBytes + head.size());
  put_number(start, number, 8);
  put_number(start, head.size(), 4);
  put_number(start, body_size, 4);
  return start.append(head);
}

bool FrameReader::sound() const {
  return bytes_.size() - begin_ < kFramePrefixBytes ||
         (number_at(bytes_, begin_ + 8, 4) <= kFrameHeadBytesMax &&
          number_at(bytes_, begin_ + 12, 4) <= kPayloadBytesMax);
}

/// Of the first frame; 0 when it is whole.
std::size_t FrameReader::missing() const {
  const std::size_t size = bytes_.size() - begin_;
  if (size < kFramePrefixBytes) return kFramePrefixBytes - size;
  const std::size_t whole = kFramePrefixBytes + number_at(bytes_, begin_ + 8, 4) +
                            number_at(bytes_, begin_ + 12, 4);
  return whole - std::min(whole, size);
}

bool FrameReader::take(int socket) {
  for (;;) {
    if (!sound()) return false;
    const std::size_t size = bytes_.size();
    const std::size_t space = std::max(kReadBytes, missing());
    bytes_.resize(size + space);
    const ssize_t count = ::recv(socket, bytes_.data() + size, space, MSG_DONTWAIT);
    const int error = errno;
    bytes_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(0, count)));
    if (count < 0 && error == EINTR) continue;
    if (count < 0) return error == EAGAIN || error == EWOULDBLOCK;
    if (count == 0) return false;
    if (static_cast<std::size_t>(count) < space) return sound();
  }
}

std::optional<Frame> FrameReader::next() {
  if (!sound() || missing() > 0) {
    if (begin_ == bytes_.size()) {
      bytes_.clear();
      begin_ = 0;
    }
    return std::nullopt;
  }
  const std::size_t head = number_at(bytes_, begin_ + 8, 4);
  const std::size_t body = number_at(bytes_, begin_ + 12, 4);
  const std::size_t at = begin_ + kFramePrefixBytes;
  Frame frame{number_at(bytes_, begin_, 8), bytes_.substr(at, head),
              bytes_.substr(at + head, body)};
  begin_ = at + head + body;
  return frame;
}

std::optional<uint64_t> first_request(int socket) {
  std::string number(8, '\0');
  const ssize_t count = ::recv(socket, number.data(), number.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count != static_cast<ssize_t>(number.size())) return std::nullopt;
  return number_at(number, 0, number.size());
}

bool send_request(int socket, std::string_view start, std::string_view body) {
  Fd file;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  if (start.size() + body.size() > kMessageBytesMax) {
    file = file_of(start.substr(kFramePrefixBytes), body);
    start = start.substr(0, kFramePrefixBytes);
    body = {};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = file.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  iovec pieces[2] = {{const_cast<char*>(start.data()), start.size()},
                     {const_cast<char*>(body.data()), body.size()}};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  for (;;) {
    if (::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return false;
    if (errno != EINTR) throw_errno("cannot hand a request to the workers");
  }
}

}  // namespace trainyard::hosting
