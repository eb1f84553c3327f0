// A connected byte stream with timeouts: a socket, or TLS over one.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "base/files.hpp"

namespace trainyard::http {

enum class IoStatus { ok, closed, timed_out, failed };

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t size = 0;
};

class Channel {
 public:
  virtual ~Channel() = default;
  /// At least one byte, within `timeout`; `closed` when the peer has ended its side.
  virtual IoResult read(char* data, std::size_t size, std::chrono::milliseconds timeout) = 0;
  /// All of `head` and `body`; `timeout` bounds the time without progress.
  virtual IoResult write(std::string_view head, std::string_view body,
                         std::chrono::milliseconds timeout) = 0;
  /// True when a read would return at once: data, the end, or an error.
  virtual bool readable() = 0;
  virtual int fd() const = 0;
};

/// Plain socket. Reads whose timeout equals `usual_read_timeout` take one system call.
std::unique_ptr<Channel> plain_channel(Fd socket, std::chrono::milliseconds usual_read_timeout);

/// Raw transfers on a socket, used by both kinds.
IoResult socket_read(int fd, char* data, std::size_t size, std::chrono::milliseconds timeout);
IoResult socket_write(int fd, std::string_view head, std::string_view body,
                      std::chrono::milliseconds timeout);
bool socket_readable(int fd);

/// An address that a host's name has, with the port.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Every address of `host`, in the order in which they are to be tried. SystemError when the name
/// has none.
std::vector<SocketAddress> resolve_tcp(const std::string& host, int port);
/// Connects to the first of `addresses` that answers, `timeout` for each; SystemError "cannot
/// connect to `name`: …" with the last one's reason.
Fd connect_first(const std::vector<SocketAddress>& addresses, const std::string& name,
                 std::chrono::milliseconds timeout);
/// Both together; SystemError with the reason.
Fd connect_tcp(const std::string& host, int port, std::chrono::milliseconds timeout);
Fd connect_unix(const fs::path& path);

/// Listening sockets; SystemError "cannot listen on …: …".
Fd listen_tcp_socket(const std::string& host, int port, int& bound_port);
Fd listen_unix_socket(const fs::path& path, int mode);

}  // namespace trainyard::http
