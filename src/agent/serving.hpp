// Whether a model server is well (SageMaker Developer Guide, "How Your Container Should Respond to
// Health Check (Ping) Requests").
#pragma once

#include <chrono>
#include <functional>

#include "base/files.hpp"

namespace trainyard::agent {

inline constexpr std::chrono::milliseconds kPingTimeout{2'000};
inline constexpr std::chrono::milliseconds kPingEvery{5'000};
inline constexpr int kPingFailuresMax = 3;  // in a row: then the instance is given up
inline constexpr int kServerPort = 8080;

/// One GET /ping over a fresh connection: true for status 200 within the time.
bool ping(const std::function<Fd()>& connect);

/// How long to wait before the next ping of a server that has not answered yet: short at first,
/// since most start quickly.
class StartPace {
 public:
  std::chrono::milliseconds next();

 private:
  int count_ = 0;
};

}  // namespace trainyard::agent
