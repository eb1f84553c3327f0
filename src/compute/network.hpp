// The networks of one attempt: a user namespace, in it a bridge and a network namespace a host, all
// kept by one process, the holder. Sockets that cross the border are made by the holder inside and
// handed out as descriptors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace trainyard::compute {

/// What SDKs accept as a container's credentials host (AWS SDKs and Tools Reference Guide,
/// "Container credential provider"). On each host's loopback; agents serve it.
inline constexpr const char* kDoorAddress = "169.254.170.2";
inline constexpr const char* kSocketName = "network.sock";
inline constexpr std::size_t kHostsMax = 200;

/// The address of the host at `index` on the bridge: 10.77.0.1 on.
std::string host_address(std::size_t index);

/// The holder's main: makes namespaces for `hosts`, listens on FOLDER/network.sock, writes "ok" or
/// one line of what failed to `ready` and closes it. Ends once every host's agent has attached and
/// gone again. Returns the exit status.
int run_network_holder(const fs::path& folder, const std::vector<std::string>& hosts, int ready);

/// Descriptors of a host's namespaces, for setns(2): the user namespace first.
struct Namespaces {
  Fd user, net;
};

/// Asks the holder of an attempt. SystemError when it is not there or refuses.
class NetworkClient {
 public:
  explicit NetworkClient(const fs::path& folder);

  /// A TCP connection to `port` of `host`, made in the host's own namespace.
  Fd connect(const std::string& host, int port);
  /// A listening socket on kDoorAddress:`port` of `host`.
  Fd listen(const std::string& host, int port);
  Namespaces namespaces(const std::string& host);
  /// Tells that the host's agent lives for as long as this client does.
  void attach(const std::string& host);

 private:
  std::string ask(const std::string& request, std::vector<Fd>& descriptors);
  Fd socket_;
};

}  // namespace trainyard::compute
