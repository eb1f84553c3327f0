// How much of the daemon's machine is in use, for whoever looks at the console.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/files.hpp"
#include "base/json.hpp"

namespace trainyard::server::console {

struct Memory {
  int64_t total = 0, available = 0;  // bytes
};

/// `meminfo`: the text of /proc/meminfo. SystemError when it does not say both.
Memory parse_memory(std::string_view meminfo);

/// {"cpus", "load", "memory": {"total", "available"}, "disk": {"path", "total", "free"}}, in bytes:
/// the CPUs that the daemon may use, the load of the last minute, the disk that `data_dir` is on
/// (free: for the daemon's user). SystemError or fs::filesystem_error when that cannot be had.
json::object describe_host(const fs::path& data_dir);

}  // namespace trainyard::server::console
