// Parts of the server's tests.
#pragma once

#include <string>
#include <vector>

#include "compute/executor.hpp"

namespace trainyard::server {

/// Notes what it is asked for.
class NotingExecutor final : public compute::Executor {
 public:
  void submit(const compute::AttemptSpec& spec) override { asked.push_back("submit " + spec.id); }
  void cancel(const std::string& id) override { asked.push_back("cancel " + id); }
  void kill(const std::string&) override {}
  void forget(const std::string&) override {}
  void remove_volume(const std::string& id) override { asked.push_back("remove_volume " + id); }
  std::vector<std::string> find() override { return {}; }
  std::map<std::string, std::vector<compute::InstanceStatus>> observe(
      std::span<const std::string>) override {
    return {};
  }
  Fd connect(const std::string&, const std::string&, int) override { return {}; }

  std::vector<std::string> asked;
};

}  // namespace trainyard::server
