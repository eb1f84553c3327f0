#include "http/tunnel.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/channel.hpp"
#include "http/client.hpp"
#include "http/hosts.hpp"
#include "http/reader.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kAnswerBytesMax = 16 * 1024;
constexpr std::size_t kLineBytesMax = 1024;

/// One direction of a tunnel.
struct Flow {
  int from, to;
  std::vector<char> buffer;
  std::size_t begin = 0, end = 0;
  bool read_ended = false;
  bool ended = false;  // and the other side has been told

  Flow(int source, int target, std::string_view early) : from(source), to(target), buffer(kPiece) {
    if (early.size() > buffer.size()) buffer.resize(early.size());
    std::copy(early.begin(), early.end(), buffer.begin());
    end = early.size();
  }
  bool holds() const { return begin < end; }
  bool reads() const { return !read_ended && !holds(); }

  /// Takes in and passes on what can be without waiting; false when a side has broken off.
  bool move() {
    if (reads()) {
      ssize_t count = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
      if (count == 0) read_ended = true;
      if (count > 0) {
        begin = 0;
        end = static_cast<std::size_t>(count);
      }
    }
    while (holds()) {
      ssize_t count = ::send(to, buffer.data() + begin, end - begin, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
      begin += static_cast<std::size_t>(count);
    }
    if (read_ended && !ended) {
      ::shutdown(to, SHUT_WR);
      ended = true;
    }
    return true;
  }
};

/// The first line of a message's body, as far as it comes.
std::string first_line(MessageReader& reader, milliseconds timeout) {
  std::string text(kLineBytesMax, '\0');
  std::size_t size = 0;
  BodyStatus status = BodyStatus::more;
  while (status == BodyStatus::more && size < text.size() && !reader.body_complete()) {
    size += reader.read_body(text.data() + size, text.size() - size, timeout, status);
  }
  text.resize(size);
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

ProxyAnswer ask_proxy(const Fd& socket, const std::string& authority,
                      const std::string& authorization, milliseconds timeout) {
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!authorization.empty()) request += "Proxy-Authorization: " + authorization + "\r\n";
  request += "\r\n";
  Fd copy(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw_errno("cannot copy a socket");
  auto channel = plain_channel(std::move(copy), timeout);
  MessageReader reader(*channel, Parser::Kind::response, kAnswerBytesMax);
  Head head;
  if (channel->write(request, {}, timeout).status != IoStatus::ok ||
      reader.read_head(head, timeout, timeout) != HeadStatus::complete) {
    throw SystemError("no answer");
  }
  ProxyAnswer answer{.status = head.status};
  if (head.status / 100 == 2) {
    answer.early = reader.take_buffered();
  } else {
    answer.text = first_line(reader, timeout);
  }
  return answer;
}

Tunnel open_tunnel(const std::string& host, int port, const std::optional<ForwardProxy>& via,
                   milliseconds timeout) {
  Tunnel tunnel;
  if (!via) {
    tunnel.socket = connect_tcp(host, port, timeout);
    return tunnel;
  }
  tunnel.socket = connect_tcp(via->host, via->port, timeout);
  const std::string name = "the proxy " + via->host + ":" + std::to_string(via->port);
  const std::string authority = bracketed(host) + ":" + std::to_string(port);
  ProxyAnswer answer;
  try {
    answer = ask_proxy(tunnel.socket, authority, via->authorization, timeout);
  } catch (const SystemError& error) {
    throw SystemError(name + ": " + error.what());
  }
  if (answer.status / 100 != 2) {
    throw SystemError(name + " refused with status " + std::to_string(answer.status));
  }
  tunnel.early = std::move(answer.early);
  return tunnel;
}

void relay(int client, int upstream, std::string_view early,
           const std::function<bool()>& goes_on, milliseconds idle) {
  Flow out(client, upstream, early), in(upstream, client, {});
  const milliseconds wait = goes_on ? std::min<milliseconds>(idle, kAskEvery) : idle;
  int64_t moved = monotonic_nanos(), asked = moved;
  for (;;) {
    if (!out.move() || !in.move()) return;
    if (out.ended && in.ended) return;
    short at_client = static_cast<short>((out.reads() ? POLLIN : 0) | (in.holds() ? POLLOUT : 0));
    short at_upstream = static_cast<short>((in.reads() ? POLLIN : 0) | (out.holds() ? POLLOUT : 0));
    // The client's end is watched in any case: when it is gone, nothing is left to do. A negative
    // descriptor is passed over.
    pollfd entries[] = {{client, at_client, 0}, {at_upstream != 0 ? upstream : -1, at_upstream, 0}};
    int ready = ::poll(entries, 2, static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && (entries[0].revents & (POLLHUP | POLLERR)) != 0) return;
    const int64_t now = monotonic_nanos();
    if (ready > 0) moved = now;
    if (now - moved >= std::chrono::nanoseconds(idle).count()) return;
    if (!goes_on || now - asked < std::chrono::nanoseconds(kAskEvery).count()) continue;
    asked = now;
    if (!goes_on()) return;
  }
}

}  // namespace trainyard::http
