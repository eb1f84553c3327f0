#include "toolkit/hosts.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <netdb.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{1000};

bool resolves(const std::string& host) {
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, nullptr, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

}  // namespace

void wait_for_hosts(const std::vector<std::string>& hosts, std::chrono::milliseconds limit,
                    const Resolves& resolves, const Sleep& sleep) {
  std::vector<std::string> missing = hosts;
  std::chrono::milliseconds waited{0};
  std::chrono::milliseconds pause = kFirstPause;
  for (;;) {
    std::erase_if(missing, resolves);
    if (missing.empty()) return;
    if (waited >= limit) {
      throw SystemError(fmt::format("These hosts of the job have no address after {} s: {}",
                                    limit.count() / 1000, join(missing, ", ")));
    }
    sleep(pause);
    waited += pause;
    pause = std::min(2 * pause, kLongestPause);
  }
}

void wait_for_hosts(const std::vector<std::string>& hosts, std::chrono::milliseconds limit) {
  wait_for_hosts(hosts, limit, resolves,
                 [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); });
}

}  // namespace trainyard::toolkit
