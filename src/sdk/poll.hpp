// Waiting by asking again: quickly at first, then with ever longer pauses.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace trainyard::sdk {

class Poll {
 public:
  explicit Poll(std::chrono::milliseconds longest = std::chrono::seconds(5)) : longest_(longest) {}
  void pause() {
    std::this_thread::sleep_for(pause_);
    pause_ = std::min(longest_, pause_ * 3 / 2);
  }

 private:
  std::chrono::milliseconds pause_{100};
  std::chrono::milliseconds longest_;
};

}  // namespace trainyard::sdk
