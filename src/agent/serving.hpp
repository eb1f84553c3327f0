// Whether a server is well: a model's (SageMaker Developer Guide, "How Your Container Should
// Respond to Health Check (Ping) Requests"), or a notebook's.
#pragma once

#include <chrono>
#include <functional>

#include "base/files.hpp"

namespace trainyard::agent {

inline constexpr std::chrono::milliseconds kPingEvery{5'000};

/// What is asked for, and when the instance is given up.
struct HealthCheck {
  const char* path;
  std::chrono::milliseconds timeout;
  int failures_max;  // in a row
};
inline constexpr HealthCheck kModelServerCheck{"/ping", std::chrono::milliseconds(2'000), 3};
/// Jupyter's one thread may be busy for long (a large notebook is saved or exported), and giving up
/// loses its user's work: ten minutes of silence, five of refusals.
inline constexpr HealthCheck kNotebookCheck{"/api", std::chrono::milliseconds(5'000), 60};

/// One GET over a fresh connection: true for status 200 within the time.
bool ping(const HealthCheck& check, const std::function<Fd()>& connect);

/// How long to wait before the next ping of a server that has not answered yet: short at first,
/// since most start quickly.
class StartPace {
 public:
  std::chrono::milliseconds next();

 private:
  int count_ = 0;
};

}  // namespace trainyard::agent
