#include "base/points.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace trainyard {
namespace {

struct Plan {
  std::string crash_name;
  long passages_left = 0;
  int log = -1;
  std::mutex mutex;

  Plan() {
    if (const char* path = std::getenv("TRAINYARD_POINTS_LOG")) {
      log = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    if (const char* text = std::getenv("TRAINYARD_CRASH_AT")) {
      if (const char* colon = std::strrchr(text, ':')) {
        crash_name.assign(text, colon);
        passages_left = std::strtol(colon + 1, nullptr, 10);
      }
    }
  }
  bool idle() const { return log < 0 && crash_name.empty(); }
};

}  // namespace

void crash_point(const char* name) {
  static Plan plan;
  if (plan.idle()) return;
  std::lock_guard lock(plan.mutex);
  if (plan.log >= 0) {
    std::string line = std::string(name) + "\n";
    [[maybe_unused]] auto written = ::write(plan.log, line.data(), line.size());
  }
  if (plan.crash_name == name && --plan.passages_left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace trainyard
