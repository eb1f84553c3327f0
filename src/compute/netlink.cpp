#include "compute/netlink.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.hpp"

namespace trainyard::compute {

/// One request: header, fixed part, then attributes that may nest.
class Netlink::Message {
 public:
  template <class Fixed>
  Message(uint16_t type, uint16_t flags, const Fixed& fixed) : data_(NLMSG_HDRLEN) {
    header()->nlmsg_type = type;
    header()->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(&fixed, sizeof fixed);
  }

  void append(const void* bytes, std::size_t size) {
    const auto* begin = static_cast<const char*>(bytes);
    data_.insert(data_.end(), begin, begin + size);
    data_.resize(NLMSG_ALIGN(data_.size()));
  }
  void add(uint16_t type, const void* bytes, std::size_t size) {
    rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    append(&attribute, sizeof attribute);
    append(bytes, size);
  }
  void add(uint16_t type, const std::string& text) { add(type, text.c_str(), text.size() + 1); }
  void add(uint16_t type, uint32_t value) { add(type, &value, sizeof value); }

  std::size_t begin(uint16_t type) {
    rtattr attribute{0, type};
    std::size_t at = data_.size();
    append(&attribute, sizeof attribute);
    return at;
  }
  void end(std::size_t at) {
    reinterpret_cast<rtattr*>(data_.data() + at)->rta_len =
        static_cast<unsigned short>(data_.size() - at);
  }

  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(data_.data()); }
  std::size_t size() const { return data_.size(); }

 private:
  std::vector<char> data_;
};

Netlink::Netlink() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  if (!socket_) throw_errno("cannot open a netlink socket");
}

void Netlink::ask(Message& message, const std::string& what) {
  message.header()->nlmsg_len = static_cast<uint32_t>(message.size());
  message.header()->nlmsg_seq = ++sequence_;
  if (::send(socket_.get(), message.header(), message.size(), 0) < 0) throw_errno(what);
  alignas(nlmsghdr) char buffer[8192];
  for (;;) {
    ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_errno(what);
    auto* header = reinterpret_cast<nlmsghdr*>(buffer);
    if (header->nlmsg_seq != sequence_ || header->nlmsg_type != NLMSG_ERROR) continue;
    errno = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
    if (errno != 0) throw_errno(what);
    return;
  }
}

int Netlink::index_of(const std::string& link) {
  // A socket of any kind asks in the namespace where it was made.
  ifreq request{};
  std::strncpy(request.ifr_name, link.c_str(), sizeof request.ifr_name - 1);
  if (::ioctl(socket_.get(), SIOCGIFINDEX, &request) != 0) throw_errno("no network link " + link);
  return request.ifr_ifindex;
}

void Netlink::add_bridge(const std::string& name) {
  ifinfomsg info{};
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, info);
  message.add(IFLA_IFNAME, name);
  std::size_t link = message.begin(IFLA_LINKINFO);
  message.add(IFLA_INFO_KIND, std::string("bridge"));
  message.end(link);
  ask(message, "cannot make a network bridge");
}

void Netlink::add_veth(const std::string& name, const std::string& bridge, const std::string& peer,
                       int peer_namespace) {
  ifinfomsg info{};
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, info);
  message.add(IFLA_IFNAME, name);
  message.add(IFLA_MASTER, static_cast<uint32_t>(index_of(bridge)));
  std::size_t link = message.begin(IFLA_LINKINFO);
  message.add(IFLA_INFO_KIND, std::string("veth"));
  std::size_t data = message.begin(IFLA_INFO_DATA);
  std::size_t peer_info = message.begin(VETH_INFO_PEER);
  ifinfomsg peer_head{};
  message.append(&peer_head, sizeof peer_head);
  message.add(IFLA_IFNAME, peer);
  message.add(IFLA_NET_NS_FD, static_cast<uint32_t>(peer_namespace));
  message.end(peer_info);
  message.end(data);
  message.end(link);
  ask(message, "cannot make a virtual network link");
}

void Netlink::set_up(const std::string& link) {
  ifinfomsg info{};
  info.ifi_index = index_of(link);
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, 0, info);
  ask(message, "cannot set " + link + " up");
}

void Netlink::add_address(const std::string& link, uint32_t address, int prefix_length) {
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  head.ifa_prefixlen = static_cast<unsigned char>(prefix_length);
  head.ifa_index = static_cast<unsigned>(index_of(link));
  Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, head);
  const uint32_t network_order = htonl(address);
  message.add(IFA_LOCAL, network_order);
  message.add(IFA_ADDRESS, network_order);
  ask(message, "cannot give " + link + " an address");
}

}  // namespace trainyard::compute
