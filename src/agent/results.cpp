#include "agent/results.hpp"

#include "agent/failure.hpp"
#include "agent/layout.hpp"
#include "agent/upload.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "compute/archive.hpp"
#include "compute/processes.hpp"

namespace trainyard::agent {
namespace {

constexpr std::chrono::milliseconds kPollFirst{5};
constexpr std::chrono::milliseconds kPollMax{250};

enum class Other { running, finished, gone };

Other look_at(const compute::AttemptPaths& paths, const std::string& host) {
  if (fs::exists(paths.finished(host))) return Other::finished;
  if (fs::exists(paths.receipt(host))) return Other::gone;
  auto record = compute::read_record(paths.agent_record(host));
  if (!record || compute::is_alive(*record)) return Other::running;
  // It may have finished just before it ended.
  return fs::exists(paths.finished(host)) ? Other::finished : Other::gone;
}

void upload(client::Transport& invoker, compute::PackedFolders& folders, const std::string& uri,
            const std::function<void(const std::string&)>& note) {
  std::string bucket, key;
  if (!parse_s3_uri(uri, bucket, key)) {
    throw JobFailure(kClientError, "\"" + uri + "\" is not an S3 URI");
  }
  for (const std::string& name : folders.left_out()) {
    note("[trainyard] " + name + " is not in " + uri + ": a link that leads outside, or no file");
  }
  try {
    upload_stream(
        invoker, [&](char* data, std::size_t size) { return folders.read(data, size); }, bucket,
        key);
  } catch (const ApiError& error) {
    throw JobFailure(kClientError, "Upload failed:" + error.code() + " (" +
                                       std::to_string(error.http_status()) +
                                       "): " + error.message() + ", " + uri);
  }
}

}  // namespace

void mark_finished(const compute::AttemptPaths& paths, const std::string& host) {
  write_file_atomically(paths.finished(host), "", 0644, "finished.rename");
}

bool await_others(const compute::AttemptPaths& paths, const Plan& plan, const StopSignal& stop,
                  std::chrono::milliseconds after_stop) {
  auto poll = kPollFirst;
  std::optional<int64_t> end;
  for (;;) {
    bool all = true;
    for (std::size_t i = 1; i < plan.hosts.size(); ++i) {
      Other other = look_at(paths, plan.hosts[i]);
      // After a stop what the others have is uploaded whatever became of them.
      if (other == Other::gone && !stop.triggered()) return false;
      all = all && other != Other::running;
    }
    if (all) return true;
    if (end) {
      if (monotonic_nanos() > *end) return true;
      std::this_thread::sleep_for(poll);
    } else if (stop.wait_for(poll)) {
      end = monotonic_nanos() + std::chrono::nanoseconds(after_stop).count();
    }
    poll = std::min(poll * 2, kPollMax);
  }
}

void upload_results(client::Transport& s3, const compute::AttemptPaths& paths, const Plan& plan,
                    const std::function<void(const std::string&)>& note) {
  std::vector<fs::path> models, outputs;
  for (const std::string& host : plan.hosts) {
    OptMl opt_ml{paths.opt_ml(host)};
    if (fs::is_directory(fs::symlink_status(opt_ml.model()))) models.push_back(opt_ml.model());
    const bool is_folder = fs::is_directory(fs::symlink_status(opt_ml.base / "output")) &&
                           fs::is_directory(fs::symlink_status(opt_ml.output_data()));
    if (is_folder) outputs.push_back(opt_ml.output_data());
  }
  if (!plan.model_output.empty()) {
    compute::PackedFolders packed(models);
    upload(s3, packed, plan.model_output, note);
  }
  if (!plan.data_output.empty()) {
    compute::PackedFolders packed(outputs);
    if (packed.has_files()) upload(s3, packed, plan.data_output, note);
  }
}

}  // namespace trainyard::agent
