// The few rtnetlink(7) requests that an attempt's networks are made of. A process for `ip` a step
// would cost more than all of them together.
#pragma once

#include <cstdint>
#include <string>

#include "base/files.hpp"

namespace trainyard::compute {

/// Speaks to the network namespace in which it was made.
class Netlink {
 public:
  Netlink();

  void add_bridge(const std::string& name);
  /// A veth pair: `name` here, up, a port of the bridge; `peer` in the other namespace.
  void add_veth(const std::string& name, const std::string& bridge, const std::string& peer,
                int peer_namespace);
  void set_up(const std::string& link);
  /// `address` in host byte order.
  void add_address(const std::string& link, uint32_t address, int prefix_length);

 private:
  int index_of(const std::string& link);
  class Message;
  void ask(Message& message, const std::string& what);

  Fd socket_;
  uint32_t sequence_ = 0;
};

}  // namespace trainyard::compute
