// Carries bytes between connections and an instance without looking at them: what any proxy in
// front of an instance costs at least. One thread, one epoll, one send for what one receive
// brought.
//   bench-relay LISTENING PORT     LISTENING: descriptor of a listening socket, of any network;
//                                  PORT: of the instance, on loopback of the network it runs in
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace {

constexpr int kEventsMax = 64;
constexpr std::size_t kPiece = 64 * 1024;

int connect_to(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

class Relay {
 public:
  Relay(int listening, int port) : listening_(listening), port_(port) { watch(listening); }

  void run() {
    epoll_event events[kEventsMax];
    for (;;) {
      const int count = ::epoll_wait(epoll_, events, kEventsMax, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listening_) {
          accept();
        } else {
          carry(events[i].data.fd);
        }
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept() {
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int instance = connect_to(port_);
    for (const int fd : {client, instance}) {
      const int yes = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      watch(fd);
    }
    others_[client] = instance;
    others_[instance] = client;
  }

  void carry(int from) {
    const auto found = others_.find(from);
    if (found == others_.end()) return;  // closed in this turn
    const int to = found->second;
    static char piece[kPiece];
    const ssize_t count = ::recv(from, piece, sizeof piece, 0);
    if (count > 0 && ::send(to, piece, static_cast<std::size_t>(count), MSG_NOSIGNAL) == count) {
      return;
    }
    others_.erase(from);
    others_.erase(to);
    ::close(from);
    ::close(to);
  }

  const int listening_, port_;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::unordered_map<int, int> others_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench-relay LISTENING PORT\n");
    return 2;
  }
  Relay(std::atoi(argv[1]), std::atoi(argv[2])).run();
}
