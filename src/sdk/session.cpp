#include "sdk/session.hpp"

#include <algorithm>
#include <optional>

#include "base/arn.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "client/config.hpp"
#include "client/s3_transfer.hpp"
#include "client/transport.hpp"
#include "generated/iam/client.hpp"
#include "generated/iam/types.hpp"
#include "generated/logs/client.hpp"
#include "generated/runtime/client.hpp"
#include "generated/s3/client.hpp"
#include "generated/s3/types.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/states/client.hpp"
#include "generated/sts/client.hpp"
#include "generated/sts/types.hpp"
#include "sdk/encoding.hpp"

namespace trainyard::sdk {
namespace {

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace

struct Session::Clients {
  explicit Clients(wire::Invoker& invoker)
      : invoker(invoker),
        s3(invoker),
        sts(invoker),
        iam(invoker),
        sagemaker(invoker),
        runtime(invoker),
        states(invoker),
        logs(invoker) {}

  wire::Invoker& invoker;
  trainyard::s3::Client s3;
  trainyard::sts::Client sts;
  trainyard::iam::Client iam;
  trainyard::sagemaker::Client sagemaker;
  trainyard::runtime::Client runtime;
  trainyard::states::Client states;
  trainyard::logs::Client logs;
};

Session::Session() : Session(client::load_config()) {}

Session::Session(client::Config config)
    : config_(std::make_unique<client::Config>(std::move(config))), clock_(system_clock()) {
  invoker_ = std::make_unique<client::Transport>(*config_);
  clients_ = std::make_unique<Clients>(*invoker_);
}

Session::Session(client::Config config, wire::Invoker& invoker, Clock& clock)
    : config_(std::make_unique<client::Config>(std::move(config))),
      clients_(std::make_unique<Clients>(invoker)),
      clock_(clock) {}

Session::~Session() = default;

const client::Config& Session::config() const { return *config_; }
const std::string& Session::region() const { return config_->region; }
Time Session::now() { return clock_.now(); }

trainyard::s3::Client& Session::s3() { return clients_->s3; }
trainyard::sts::Client& Session::sts() { return clients_->sts; }
trainyard::iam::Client& Session::iam() { return clients_->iam; }
trainyard::sagemaker::Client& Session::sagemaker() { return clients_->sagemaker; }
trainyard::runtime::Client& Session::runtime() { return clients_->runtime; }
trainyard::states::Client& Session::states() { return clients_->states; }
trainyard::logs::Client& Session::logs() { return clients_->logs; }

void Session::identify() {
  if (!account_.empty()) return;
  const auto identity = sts().get_caller_identity({});
  account_ = identity.account.value_or("");
  caller_arn_ = identity.arn.value_or("");
}

const std::string& Session::account() {
  identify();
  return account_;
}

const std::string& Session::caller_arn() {
  identify();
  return caller_arn_;
}

std::string Session::execution_role() {
  const std::optional<Arn> caller = parse_arn(caller_arn());
  const std::vector<std::string> parts = split(caller ? caller->resource : "", '/');
  if (parts.size() < 3 || parts[0] != "assumed-role") {
    throw SystemError("the current identity is not a role: " + caller_arn());
  }
  // The session's ARN lacks the role's path, which only IAM knows; without iam:GetRole the role is
  // taken to have none.
  try {
    return iam().get_role({.role_name = parts[1]}).role.arn;
  } catch (const ApiError&) {
    return Arn{caller->partition, "iam", "", caller->account, "role/" + parts[1]}.text();
  }
}

const std::string& Session::default_bucket() {
  if (!bucket_.empty()) return bucket_;
  const std::string name = "sagemaker-" + region() + "-" + account();
  const auto listed = s3().list_buckets({}).buckets.value_or(std::vector<trainyard::s3::Bucket>{});
  const bool exists = std::any_of(listed.begin(), listed.end(),
                                  [&](const auto& bucket) { return bucket.name == name; });
  if (!exists) make_bucket(name);
  bucket_ = name;
  return bucket_;
}

void Session::make_bucket(const std::string& name) {
  trainyard::s3::CreateBucketInput input;
  input.bucket = name;
  if (region() != "us-east-1") {
    input.create_bucket_configuration.emplace().location_constraint = region();
  }
  try {
    s3().create_bucket(input);
  } catch (const ApiError& error) {
    // Somebody else was making it at the same time.
    const bool raced = error.code() == "BucketAlreadyOwnedByYou" ||
                       (error.code() == "OperationAborted" &&
                        error.message().find("conflicting conditional operation") !=
                            std::string::npos);
    if (!raced) throw;
  }
}

std::string Session::upload_data(const fs::path& path, const std::string& bucket,
                                 const std::string& key_prefix, const Progress& progress) {
  const std::string& target = bucket.empty() ? default_bucket() : bucket;
  std::vector<std::pair<fs::path, std::string>> files;
  const bool folder = fs::is_directory(path);
  if (folder) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      files.emplace_back(entry.path(), entry.path().lexically_relative(path).generic_string());
    }
    std::sort(files.begin(), files.end());
  } else if (fs::is_regular_file(path)) {
    files.emplace_back(path, path.filename().string());
  } else {
    throw SystemError(path.string() + " is neither a file nor a folder");
  }
  uint64_t total = 0;
  for (const auto& [file, name] : files) total += fs::file_size(file);
  uint64_t before = 0;
  for (const auto& [file, name] : files) {
    const std::string key = key_prefix.empty() ? name : join_uri(key_prefix, name);
    send(file, target, key, [&](uint64_t done) {
      if (progress) progress(before + done, total);
    });
    before += fs::file_size(file);
  }
  if (progress) progress(total, total);
  const std::string uri = "s3://" + target + (key_prefix.empty() ? "" : "/" + key_prefix);
  return folder ? uri : join_uri(uri, files[0].second);
}

void Session::send(const fs::path& file, const std::string& bucket, const std::string& key,
                   const std::function<void(uint64_t done)>& progress) {
  client::upload_file(clients_->invoker, file, bucket, key, progress);
}

void Session::upload_file(const fs::path& path, const std::string& bucket,
                          const std::string& key) {
  send(path, bucket, key, {});
}

}  // namespace trainyard::sdk
