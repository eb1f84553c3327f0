#include "http/channel.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

constexpr int kBacklog = 1024;
constexpr int kUnixConnectSeconds = 5;

/// Waits for `events`; false when the time is over.
bool wait_for(int fd, short events, milliseconds timeout) {
  int64_t deadline = monotonic_nanos() + std::chrono::nanoseconds(timeout).count();
  for (;;) {
    int64_t left = (deadline - monotonic_nanos() + 999'999) / 1'000'000;
    if (left < 0) left = 0;
    pollfd entry{fd, events, 0};
    int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;  // the transfer that follows reports it
  }
}

class PlainChannel final : public Channel {
 public:
  PlainChannel(Fd socket, milliseconds usual) : socket_(std::move(socket)), usual_(usual) {
    timeval tv{};
    tv.tv_sec = usual.count() / 1000;
    tv.tv_usec = (usual.count() % 1000) * 1000;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
  }

  IoResult read(char* data, std::size_t size, milliseconds timeout) override {
    if (timeout != usual_) return socket_read(socket_.get(), data, size, timeout);
    for (;;) {
      ssize_t count = ::recv(socket_.get(), data, size, 0);
      if (count > 0) return {IoStatus::ok, static_cast<std::size_t>(count)};
      if (count == 0) return {IoStatus::closed};
      if (errno == EINTR) continue;
      return {errno == EAGAIN || errno == EWOULDBLOCK ? IoStatus::timed_out : IoStatus::failed};
    }
  }
  IoResult write(std::string_view head, std::string_view body, milliseconds timeout) override {
    return socket_write(socket_.get(), head, body, timeout);
  }
  bool readable() override { return socket_readable(socket_.get()); }
  int fd() const override { return socket_.get(); }

 private:
  Fd socket_;
  milliseconds usual_;
};

/// A Unix address that also reaches paths longer than sun_path, through the folder's descriptor.
class UnixAddress {
 public:
  explicit UnixAddress(const fs::path& path) {
    address_.sun_family = AF_UNIX;
    std::string text = path.string();
    if (text.size() >= sizeof address_.sun_path) {
      fs::path folder = path.parent_path();
      folder_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!folder_) throw_errno("cannot open " + folder.string());
      text = "/proc/self/fd/" + std::to_string(folder_.get()) + "/" + path.filename().string();
      if (text.size() >= sizeof address_.sun_path) {
        throw SystemError("socket name too long: " + path.string());
      }
    }
    std::memcpy(address_.sun_path, text.c_str(), text.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return sizeof address_; }

 private:
  sockaddr_un address_{};
  Fd folder_;
};

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

void resolve(const std::string& host, int port, int flags, AddressList& list) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  std::string service = std::to_string(port);
  int failure = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints,
                              &list.first);
  if (failure != 0) {
    throw SystemError("cannot resolve " + host + ": " + ::gai_strerror(failure));
  }
}

void set_no_delay(int fd) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Connects to one address; errno tells why not.
Fd try_connect(const SocketAddress& address, milliseconds timeout) {
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) !=
      0) {
    if (errno != EINPROGRESS) return {};
    if (!wait_for(fd.get(), POLLOUT, timeout)) {
      errno = ETIMEDOUT;
      return {};
    }
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) {
      errno = failure;
      return {};
    }
  }
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  set_no_delay(fd.get());
  return fd;
}

}  // namespace

IoResult socket_read(int fd, char* data, std::size_t size, milliseconds timeout) {
  for (;;) {
    ssize_t count = ::recv(fd, data, size, MSG_DONTWAIT);
    if (count > 0) return {IoStatus::ok, static_cast<std::size_t>(count)};
    if (count == 0) return {IoStatus::closed};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoStatus::failed};
    if (timeout.count() <= 0 || !wait_for(fd, POLLIN, timeout)) return {IoStatus::timed_out};
  }
}

IoResult socket_write(int fd, std::string_view head, std::string_view body,
                      milliseconds timeout) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  std::size_t written = 0;
  const std::size_t total = head.size() + body.size();
  while (written < total) {
    msghdr message{};
    int first = parts[0].iov_len == 0 ? 1 : 0;
    message.msg_iov = parts + first;
    message.msg_iovlen = static_cast<std::size_t>(2 - first);
    ssize_t count = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE || errno == ECONNRESET) return {IoStatus::closed, written};
      if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoStatus::failed, written};
      if (!wait_for(fd, POLLOUT, timeout)) return {IoStatus::timed_out, written};
      continue;
    }
    written += static_cast<std::size_t>(count);
    std::size_t left = static_cast<std::size_t>(count);
    for (iovec& part : parts) {
      std::size_t step = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + step;
      part.iov_len -= step;
      left -= step;
    }
  }
  return {IoStatus::ok, written};
}

bool socket_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

std::unique_ptr<Channel> plain_channel(Fd socket, milliseconds usual_read_timeout) {
  return std::make_unique<PlainChannel>(std::move(socket), usual_read_timeout);
}

std::vector<SocketAddress> resolve_tcp(const std::string& host, int port) {
  AddressList list;
  resolve(host, port, AI_ADDRCONFIG, list);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list.first; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

Fd connect_first(const std::vector<SocketAddress>& addresses, const std::string& name,
                 milliseconds timeout) {
  errno = EHOSTUNREACH;
  for (const SocketAddress& address : addresses) {
    if (Fd fd = try_connect(address, timeout)) return fd;
  }
  throw_errno("cannot connect to " + name);
}

Fd connect_tcp(const std::string& host, int port, milliseconds timeout) {
  return connect_first(resolve_tcp(host, port), host + ":" + std::to_string(port), timeout);
}

Fd connect_unix(const fs::path& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("cannot make a socket");
  timeval limit{kUnixConnectSeconds, 0};  // a listener whose queue is full
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  UnixAddress address(path);
  while (::connect(fd.get(), address.get(), address.size()) != 0) {
    if (errno != EINTR) throw_errno("cannot connect to " + path.string());
  }
  return fd;
}

Fd listen_tcp_socket(const std::string& host, int port, int& bound_port) {
  AddressList list;
  resolve(host, port, AI_PASSIVE, list);
  const std::string name = host + ":" + std::to_string(port);
  Fd fd;
  for (const addrinfo* address = list.first; address != nullptr; address = address->ai_next) {
    fd.reset(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    set_no_delay(fd.get());  // accepted sockets inherit it
    if (::bind(fd.get(), address->ai_addr, address->ai_addrlen) == 0 &&
        ::listen(fd.get(), kBacklog) == 0) {
      break;
    }
    int failure = errno;
    fd.reset();
    errno = failure;
  }
  if (!fd && errno == EADDRINUSE) {
    throw SystemError("cannot listen on " + name + ": address already in use");
  }
  if (!fd) throw_errno("cannot listen on " + name);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  bound_port = ntohs(bound.ss_family == AF_INET6
                         ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                         : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return fd;
}

Fd listen_unix_socket(const fs::path& path, int mode) {
  const std::string what = "cannot listen on " + path.string();
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw_errno(what);
  UnixAddress address(path);
  // The mode is set before the name exists, so that it is never wider than asked for.
  ::fchmod(fd.get(), static_cast<mode_t>(mode));
  if (::bind(fd.get(), address.get(), address.size()) != 0) {
    if (errno != EADDRINUSE) throw_errno(what);
    Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), address.get(), address.size()) == 0) {
      throw SystemError(what + ": another process listens there");
    }
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
      throw SystemError(what + ": a file of that name exists");
    }
    ::unlink(path.c_str());
    if (::bind(fd.get(), address.get(), address.size()) != 0) throw_errno(what);
  }
  ::chmod(path.c_str(), static_cast<mode_t>(mode));
  if (::listen(fd.get(), kBacklog) != 0) throw_errno(what);
  return fd;
}

}  // namespace trainyard::http
