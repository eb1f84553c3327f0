#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "compute/netlink.hpp"
#include "compute/network.hpp"
#include "compute/network_wire.hpp"

namespace trainyard::compute {
namespace {

constexpr int kPrefixLength = 24;
constexpr int kBacklog = 128;
constexpr int kLookEveryMs = 10'000;
constexpr std::size_t kClientsMax = 512;
constexpr const char* kWayOut =
    " (this machine does not allow it; `trainyard serve --sandbox=none` runs programs as plain "
    "processes without a network of their own)";

void write_proc(const char* path, const std::string& text) {
  Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file) throw_errno(std::string("cannot open ") + path);
  write_all(file.get(), text, path);
}

void make_namespace(int flag, const char* what) {
  if (::unshare(flag) == 0) return;
  throw SystemError(std::string("cannot make a ") + what + " namespace: " + std::strerror(errno) +
                    kWayOut);
}

Fd open_namespace(const char* path) {
  Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno(std::string("cannot open ") + path);
  return fd;
}

void enter(const Fd& net) {
  if (::setns(net.get(), CLONE_NEWNET) != 0) throw_errno("cannot enter a network namespace");
}

uint32_t parse_address(const std::string& text) {
  in_addr address{};
  TRAINYARD_ASSERT(::inet_pton(AF_INET, text.c_str(), &address) == 1);
  return ntohl(address.s_addr);
}

struct Host {
  std::string name;
  std::string address;
  Fd net;
  bool attached = false;  // at least once
};

struct Client {
  Fd socket;
  bool agent = false;
};

class Holder {
 public:
  Holder(const fs::path& folder, const std::vector<std::string>& hosts) : folder_(folder) {
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      hosts_.push_back({hosts[i], host_address(i), Fd(), false});
    }
  }

  void set_up() {
    if (hosts_.size() > kHostsMax) throw SystemError("too many hosts for one network");
    // Root inside is us outside; nobody else exists.
    const std::string uid = "0 " + std::to_string(::geteuid()) + " 1\n";
    const std::string gid = "0 " + std::to_string(::getegid()) + " 1\n";
    make_namespace(CLONE_NEWUSER, "user");
    write_proc("/proc/self/setgroups", "deny");
    write_proc("/proc/self/uid_map", uid);
    write_proc("/proc/self/gid_map", gid);
    make_namespace(CLONE_NEWNET, "network");
    user_ = open_namespace("/proc/self/ns/user");
    Fd outer = open_namespace("/proc/self/ns/net");
    for (Host& host : hosts_) {
      make_namespace(CLONE_NEWNET, "network");
      host.net = open_namespace("/proc/self/ns/net");
    }
    enter(outer);
    Netlink bridge;
    bridge.add_bridge("br0");
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      bridge.add_veth("v" + std::to_string(i + 1), "br0", "eth0", hosts_[i].net.get());
    }
    for (Host& host : hosts_) set_up_host(host);
    enter(outer);
  }

  void listen() {
    Fd place(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) throw_errno("cannot open " + folder_.string());
    ::unlinkat(place.get(), kSocketName, 0);
    listening_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address = socket_address(place.get());
    ::umask(0177);
    if (!listening_ ||
        ::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listening_.get(), kBacklog) != 0) {
      throw_errno("cannot listen in " + folder_.string());
    }
  }

  /// Until every agent has come and gone.
  void serve() {
    while (!done()) {
      std::vector<pollfd> waiting{{listening_.get(), POLLIN, 0}};
      for (const Client& client : clients_) waiting.push_back({client.socket.get(), POLLIN, 0});
      const int ready = ::poll(waiting.data(), waiting.size(), kLookEveryMs);
      if (ready < 0 && errno != EINTR) throw_errno("poll");
      // Without its folder nobody can ask; perhaps no agent ever came.
      if (ready == 0 && !fs::exists(folder_ / kSocketName)) return;
      for (std::size_t i = clients_.size(); i > 0; --i) {
        if (waiting[i].revents != 0 && !answer(clients_[i - 1])) {
          clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i - 1));
        }
      }
      if (waiting[0].revents != 0) accept();
    }
  }

 private:
  void set_up_host(const Host& host) {
    enter(host.net);
    Netlink link;
    link.set_up("lo");
    link.add_address("lo", parse_address(kDoorAddress), 32);
    link.add_address("eth0", parse_address(host.address), kPrefixLength);
    link.set_up("eth0");
  }

  bool done() const {
    for (const Host& host : hosts_) {
      if (!host.attached) return false;
    }
    return std::none_of(clients_.begin(), clients_.end(), [](const auto& c) { return c.agent; });
  }

  void accept() {
    Fd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket && clients_.size() < kClientsMax) clients_.push_back({std::move(socket), false});
  }

  /// False when the client is gone.
  bool answer(Client& client) {
    std::vector<Fd> received;
    try {
      auto request = receive_message(client.socket.get(), received);
      if (!request) return false;
      std::vector<Fd> made;
      std::string text;
      try {
        text = perform(split(*request, ' '), client, made);
      } catch (const SystemError& error) {
        made.clear();
        text = error.what();
      }
      std::vector<int> numbers;
      for (const Fd& fd : made) numbers.push_back(fd.get());
      send_message(client.socket.get(), text, numbers);
      return true;
    } catch (const SystemError& error) {
      log_warning("a client of the network holder is gone: {}", error.what());
      return false;
    }
  }

  std::string perform(const std::vector<std::string>& words, Client& client,
                      std::vector<Fd>& made) {
    if (words.size() < 2) return "malformed request";
    auto host = std::find_if(hosts_.begin(), hosts_.end(),
                             [&](const Host& h) { return h.name == words[1]; });
    if (host == hosts_.end()) return "no host " + words[1];
    if (words[0] == "attach") {
      host->attached = client.agent = true;
      return "ok";
    }
    if (words[0] == "enter") {
      made.emplace_back(::dup(user_.get()));
      made.emplace_back(::dup(host->net.get()));
      return "ok";
    }
    enter(host->net);
    if (words[0] == "socket") {
      made.push_back(make_socket());
      return "ok " + host->address;
    }
    if (words[0] == "listen" && words.size() == 3) {
      made.push_back(listen_inside(words[2]));
      return "ok";
    }
    return "malformed request";
  }

  Fd make_socket() {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) throw_errno("cannot make a socket");
    return socket;
  }

  Fd listen_inside(const std::string& port) {
    Fd socket = make_socket();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(parse_address(kDoorAddress));
    uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    address.sin_port = htons(number);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), kBacklog) != 0) {
      throw_errno("cannot listen on " + std::string(kDoorAddress) + ":" + port);
    }
    return socket;
  }

  fs::path folder_;
  std::vector<Host> hosts_;
  Fd user_;
  Fd listening_;
  std::vector<Client> clients_;
};

/// Whoever started us may be gone: the next one finds the socket.
void tell(Fd& report, std::string_view word) {
  if (report && ::write(report.get(), word.data(), word.size()) < 0) {
    log_info("nobody waits for the network holder any more");
  }
  report.reset();
}

}  // namespace

int run_network_holder(const fs::path& folder, const std::vector<std::string>& hosts, int ready) {
  Fd report(ready);
  try {
    Holder holder(folder, hosts);
    holder.set_up();
    holder.listen();
    tell(report, "ok");
    holder.serve();
    return 0;
  } catch (const SystemError& error) {
    log_error("network holder: {}", error.what());
    tell(report, error.what());
    return 1;
  }
}

}  // namespace trainyard::compute
