// One account and region as the SDK talks to it, here or at AWS.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"

namespace trainyard::client {
struct Config;
}
namespace trainyard::wire {
class Invoker;
}
namespace trainyard::s3 {
class Client;
}
namespace trainyard::sts {
class Client;
}
namespace trainyard::iam {
class Client;
}
namespace trainyard::sagemaker {
class Client;
}
namespace trainyard::runtime {
class Client;
}
namespace trainyard::states {
class Client;
}
namespace trainyard::logs {
class Client;
}

namespace trainyard::sdk {

/// Bytes sent so far and in all; may be called from several threads, one at a time.
using Progress = std::function<void(uint64_t done, uint64_t total)>;

/// Not safe for use from several threads at once, except for the clients that it hands out.
/// What fails at the service is thrown as ApiError with AWS's code; what fails on the way as
/// http::TransportError or SystemError.
class Session {
 public:
  /// Region, endpoint and credentials from the environment and the AWS profile files, as AWS's own
  /// command line finds them.
  Session();
  explicit Session(client::Config config);
  /// Calls go through `invoker`, time is `clock`'s; both must outlive the session.
  Session(client::Config config, wire::Invoker& invoker, Clock& clock);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const client::Config& config() const;
  const std::string& region() const;
  Time now();

  /// Twelve digits, asked of STS once.
  const std::string& account();
  /// ARN of who signs (sts:GetCallerIdentity).
  const std::string& caller_arn();
  /// The role that this program runs as, for `role` arguments. SystemError when it is no role.
  std::string execution_role();

  /// sagemaker-REGION-ACCOUNT; made when it does not exist yet.
  const std::string& default_bucket();
  /// Takes another bucket, which must exist, as the default.
  void set_default_bucket(std::string bucket) { bucket_ = std::move(bucket); }

  /// Uploads a file, or every file below a folder under its relative path. `bucket` "": the default
  /// one. Large files go up in parts. Returns s3://bucket/key_prefix, for one file with its name.
  std::string upload_data(const fs::path& path, const std::string& bucket = "",
                          const std::string& key_prefix = "data", const Progress& progress = {});
  /// Uploads one file under exactly that key.
  void upload_file(const fs::path& path, const std::string& bucket, const std::string& key);

  /// Prints the job's status changes and its log lines as they come, until the job has ended (when
  /// `wait`) or once. SystemError with the FailureReason when the job did not complete.
  void logs_for_job(const std::string& job_name, bool wait, std::ostream& out);

  trainyard::s3::Client& s3();
  trainyard::sts::Client& sts();
  trainyard::iam::Client& iam();
  trainyard::sagemaker::Client& sagemaker();
  trainyard::runtime::Client& runtime();
  trainyard::states::Client& states();
  trainyard::logs::Client& logs();

 private:
  struct Clients;

  void identify();
  void make_bucket(const std::string& name);
  void send(const fs::path& file, const std::string& bucket, const std::string& key,
            const std::function<void(uint64_t done)>& progress);

  std::unique_ptr<client::Config> config_;
  std::unique_ptr<wire::Invoker> invoker_;  // null when the caller brought one
  std::unique_ptr<Clients> clients_;
  Clock& clock_;
  std::string account_;
  std::string caller_arn_;
  std::string bucket_;
};

/// One line that a training job's program printed.
struct LogLine {
  std::string host;  // "algo-1"
  Time time;
  std::string text;
};

/// Follows the log streams of a job: each poll returns what is new, ordered by time.
class JobLogs {
 public:
  JobLogs(Session& session, std::string job_name, int instance_count);
  std::vector<LogLine> poll();

 private:
  struct Stream {
    std::string host;
    std::string token;
  };

  void find_streams();

  Session& session_;
  std::string job_name_;
  int instance_count_;
  std::map<std::string, Stream> streams_;
};

}  // namespace trainyard::sdk
