// The stations of the demonstration, each of which can be undone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo_daemon.hpp"
#include "cli/roles.hpp"
#include "cli/demo_show.hpp"
#include "cli/screen.hpp"
#include "sdk/training_pipeline.hpp"

namespace trainyard::cli {

struct DemoResult {
  double accuracy = 0;  // share of the test images that were recognised
  std::string execution_status;
  std::string endpoint_status;
  std::string console_url;
};

class DemoRun {
 public:
  DemoRun(const DemoOptions& options, Screen& screen);

  /// From the daemon to the drawn digits. Throws what went wrong, or Interrupted.
  DemoResult run();
  /// Ends and deletes what run() started. Never throws: what cannot be removed is said.
  void remove();
  /// How to end what stays up; "" when that is nothing of ours.
  std::string how_to_end() const;

 private:
  void upload();
  void build_pipeline();
  void follow_execution();
  void print_new_events(std::size_t& printed);
  void follow_training(sdk::JobLogs& logs, std::map<std::string, TrainingProgress>& hosts);
  void wait_for_endpoint();
  double recognise();
  void draw_some(const std::vector<std::size_t>& predictions);
  void attempt(const char* what, const std::function<void()>& action);

  const DemoOptions& options_;
  Screen& screen_;
  std::unique_ptr<DemoDaemon> daemon_;
  std::unique_ptr<sdk::Session> session_;
  std::unique_ptr<sdk::PyTorch> estimator_;
  std::unique_ptr<sdk::TrainingPipeline> pipeline_;
  std::optional<sdk::Execution> execution_;
  bool created_ = false;
  bool served_ = false;  // there is an endpoint
  fs::path data_;       // MNIST's folder
  std::string inputs_;  // where it lies in S3
  Digits test_;
  Roles roles_;
};

}  // namespace trainyard::cli
