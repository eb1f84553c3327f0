// The other instances of a job appear in the order in which they start.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace trainyard::toolkit {

using Resolves = std::function<bool(const std::string& host)>;
using Sleep = std::function<void(std::chrono::milliseconds)>;

/// Returns once every name resolves; SystemError that names those which do not within `limit`.
void wait_for_hosts(const std::vector<std::string>& hosts, std::chrono::milliseconds limit,
                    const Resolves& resolves, const Sleep& sleep);
/// By the machine's own resolver and clock.
void wait_for_hosts(const std::vector<std::string>& hosts, std::chrono::milliseconds limit);

}  // namespace trainyard::toolkit
