// What an instance needs from S3, as the job's role: channels, code, models.
#pragma once

#include <string>
#include <vector>

#include "agent/plan.hpp"
#include "agent/stop.hpp"
#include "base/files.hpp"
#include "client/transport.hpp"

namespace trainyard::agent {

struct Host {
  std::size_t index = 0;  // in the attempt
  std::size_t count = 1;
};

/// What S3 refuses or lacks is a JobFailure of the kind ClientError that says what and where; a
/// stop throws Stopped.
class Fetcher {
 public:
  /// `bytes_max`: of all objects, and of what an archive may unpack to; 0 is no bound.
  Fetcher(client::Transport& invoker, const StopSignal& stop, uint64_t bytes_max);

  /// All channels below `data`, a folder each (CreateTrainingJob, InputDataConfig, File mode).
  void channels(const std::vector<Channel>& channels, const Host& host, const fs::path& data);
  /// An archive's content into `folder`.
  void archive(const std::string& uri, const fs::path& folder);
  /// Every object below a prefix into `folder`.
  void prefix(const std::string& uri, const fs::path& folder);

 private:
  struct Object;
  std::vector<Object> list(const std::string& what, const std::string& uri,
                           const fs::path& folder);
  std::vector<Object> read_manifest(const std::string& what, const std::string& uri,
                                    const fs::path& folder);
  void download(const std::vector<Object>& objects);

  client::Transport& invoker_;
  const StopSignal& stop_;
  const uint64_t bytes_max_;
};

}  // namespace trainyard::agent
