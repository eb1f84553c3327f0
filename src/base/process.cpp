#include "base/process.hpp"

#include <cstring>

#include <sched.h>
#include <unistd.h>

#include "base/error.hpp"

extern char** environ;

namespace trainyard {

EnvironmentVariables own_variables() {
  EnvironmentVariables variables;
  for (char** line = environ; *line != nullptr; ++line) {
    if (const char* equals = std::strchr(*line, '=')) {
      variables[std::string(*line, equals - *line)] = equals + 1;
    }
  }
  return variables;
}

std::string value_of(const EnvironmentVariables& variables, const std::string& name,
                     std::string otherwise) {
  const auto found = variables.find(name);
  const bool none = found == variables.end() || found->second.empty();
  return none ? std::move(otherwise) : found->second;
}

int cpus_online() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

fs::path own_program() {
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) throw SystemError("cannot read /proc/self/exe: " + error.message());
  return self;
}

fs::path own_programs() { return own_program().parent_path(); }

}  // namespace trainyard
