// For tests: an attempt's networks, held by a child of the test. A process of its own, since a
// sanitizer's threads would keep a forked one from making a user namespace.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "compute/network.hpp"

namespace trainyard::compute {

class HeldNetwork {
 public:
  HeldNetwork(const fs::path& folder, const std::vector<std::string>& hosts) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    Fd read_end(ends[0]);
    std::vector<std::string> words{std::string(TRAINYARD_BIN_DIR) + "/trainyard-agent", "network",
                                   "--folder", folder.string(), "--ready",
                                   std::to_string(ends[1])};
    words.insert(words.end(), hosts.begin(), hosts.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    holder_ = ::fork();
    if (holder_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::fcntl(ends[1], F_SETFD, 0);
      ::execv(words[0].c_str(), arguments.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    char text[512];
    ssize_t size = ::read(read_end.get(), text, sizeof text);
    answer_.assign(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  ~HeldNetwork() {
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
  }
  const std::string& answer() const { return answer_; }

 private:
  pid_t holder_ = -1;
  std::string answer_;
};

}  // namespace trainyard::compute
