// The daemon that the demonstration talks to: one that runs already, or one of its own.
#pragma once

#include <string>

#include "client/config.hpp"
#include "cli/demo.hpp"

namespace trainyard::cli {

class DemoDaemon {
 public:
  /// Takes the daemon on the options' folder; or, without --data, the one that AWS_ENDPOINT_URL
  /// names; or starts one on the folder. Only an endpoint whose /_health names Trainyard counts.
  explicit DemoDaemon(const DemoOptions& options);

  const client::Config& config() const { return config_; }
  const std::string& url() const { return url_; }
  const fs::path& data() const { return data_; }
  bool started() const { return started_; }
  /// Whether data() is its folder; not for one that AWS_ENDPOINT_URL names.
  bool has_folder() const { return has_folder_; }
  /// Ends the daemon with its jobs and endpoints, and waits until it is gone. Only one that was
  /// started here is ever ended.
  void stop();

 private:
  bool take(const std::string& url);
  void use_root_keys();
  void start(const std::string& listen);

  fs::path data_;
  std::string url_;
  client::Config config_;
  bool started_ = false;
  bool has_folder_ = true;
  int pid_ = 0;
};

/// Whether a Trainyard answers at this URL's /_health.
bool is_trainyard(const std::string& url);

}  // namespace trainyard::cli
