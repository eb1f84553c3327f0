#include "compute/network.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.hpp"
#include "compute/network_wire.hpp"

namespace trainyard::compute {
namespace {

constexpr int kConnectTimeoutMs = 5'000;
constexpr timeval kAnswerTimeout{10, 0};

/// Connects a fresh socket within the time; it blocks again afterwards.
void connect_within(int fd, const sockaddr_in& address, const std::string& what) {
  int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINPROGRESS) throw_errno(what);
    pollfd entry{fd, POLLOUT, 0};
    int ready = 0;
    while ((ready = ::poll(&entry, 1, kConnectTimeoutMs)) < 0 && errno == EINTR) {
    }
    if (ready == 0) throw SystemError(what + ": no answer in time");
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    if (error != 0) throw_errno(what);
  }
  ::fcntl(fd, F_SETFL, flags);
}

}  // namespace

std::string host_address(std::size_t index) { return "10.77.0." + std::to_string(index + 1); }

sockaddr_un socket_address(int folder) {
  // Through the descriptor, since a data folder's path may be longer than a socket's may.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + kSocketName;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

void send_message(int fd, std::string_view text, std::span<const int> descriptors) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsMax)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  while ((sent = ::sendmsg(fd, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  if (sent < 0) throw_errno("cannot write to the network holder's socket");
}

std::optional<std::string> receive_message(int fd, std::vector<Fd>& descriptors) {
  std::string text(kMessageBytesMax, '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsMax)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  while ((size = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (size < 0 && errno == ECONNRESET) return std::nullopt;
  if (size < 0) throw_errno("cannot read the network holder's socket");
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int received = -1;
      std::memcpy(&received, CMSG_DATA(head) + i * sizeof(int), sizeof received);
      descriptors.emplace_back(received);
    }
  }
  if (size == 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(size));
  return text;
}

NetworkClient::NetworkClient(const fs::path& folder)
    : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  if (!socket_) throw_errno("cannot make a socket");
  Fd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) throw_errno("cannot open " + folder.string());
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
  sockaddr_un address = socket_address(place.get());
  if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("the network of " + folder.filename().string() + " is not there");
  }
}

std::string NetworkClient::ask(const std::string& request, std::vector<Fd>& descriptors) {
  send_message(socket_.get(), request, {});
  auto answer = receive_message(socket_.get(), descriptors);
  if (!answer) throw SystemError("the network holder ended");
  if (!answer->starts_with("ok")) throw SystemError(*answer);
  return *answer;
}

Fd NetworkClient::connect(const std::string& host, int port) {
  std::vector<Fd> descriptors;
  std::string answer = ask("socket " + host, descriptors);
  const std::string what = "cannot connect to " + host + ":" + std::to_string(port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (descriptors.size() != 1 || answer.size() < 4 ||
      ::inet_pton(AF_INET, answer.c_str() + 3, &address.sin_addr) != 1) {
    throw SystemError(what + ": the network holder's answer is malformed");
  }
  connect_within(descriptors[0].get(), address, what);
  return std::move(descriptors[0]);
}

Fd NetworkClient::listen(const std::string& host, int port) {
  std::vector<Fd> descriptors;
  ask("listen " + host + " " + std::to_string(port), descriptors);
  if (descriptors.size() != 1) throw SystemError("the network holder's answer is malformed");
  return std::move(descriptors[0]);
}

Namespaces NetworkClient::namespaces(const std::string& host) {
  std::vector<Fd> descriptors;
  ask("enter " + host, descriptors);
  if (descriptors.size() != 2) throw SystemError("the network holder's answer is malformed");
  return {std::move(descriptors[0]), std::move(descriptors[1])};
}

void NetworkClient::attach(const std::string& host) {
  std::vector<Fd> descriptors;
  ask("attach " + host, descriptors);
}

}  // namespace trainyard::compute
