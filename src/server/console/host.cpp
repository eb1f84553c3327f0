#include "server/console/host.hpp"

#include <charconv>
#include <cstdlib>

#include "base/error.hpp"
#include "base/process.hpp"

namespace trainyard::server::console {
namespace {

/// Of a line "NAME:   N kB", in bytes.
int64_t bytes_of(std::string_view meminfo, std::string_view name) {
  const std::size_t line = meminfo.find(name);
  if (line != meminfo.npos) {
    const std::size_t digits = meminfo.find_first_not_of(' ', line + name.size());
    int64_t kibibytes = 0;
    if (digits != meminfo.npos) {
      const char* end = meminfo.data() + meminfo.size();
      if (std::from_chars(meminfo.data() + digits, end, kibibytes).ec == std::errc()) {
        return kibibytes * 1024;
      }
    }
  }
  throw SystemError("/proc/meminfo has no " + std::string(name));
}

double load_of_last_minute() {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) throw SystemError("the system tells no load");
  return load;
}

}  // namespace

Memory parse_memory(std::string_view meminfo) {
  return {bytes_of(meminfo, "MemTotal:"), bytes_of(meminfo, "MemAvailable:")};
}

json::object describe_host(const fs::path& data_dir) {
  const Memory memory = parse_memory(read_file("/proc/meminfo"));
  const fs::space_info disk = fs::space(data_dir);
  return {{"cpus", cpus_online()},
          {"load", load_of_last_minute()},
          {"memory", {{"total", memory.total}, {"available", memory.available}}},
          {"disk", {{"total", disk.capacity}, {"free", disk.available}}}};
}

}  // namespace trainyard::server::console
