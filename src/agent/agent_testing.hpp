// For tests: the daemon as an agent sees it, with an S3 that holds what the test puts there.
#pragma once

#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/agent.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "compute/archive.hpp"
#include "compute/network_testing.hpp"
#include "http/channel.hpp"
#include "http/server.hpp"

namespace trainyard::agent {

inline http::Response answer_json(const json::object& body, int status = 200) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = dump(body);
  return response;
}

/// A shell script in the place of the toolkit, and what has to lie beside it.
inline void install_toolkit(const fs::path& toolkit, const std::string& script) {
  write_file_atomically(toolkit, "#!/bin/sh\n" + script + "\n", 0755);
  fs::create_directories(toolkit.parent_path() / "python");
  write_file_atomically(toolkit.parent_path() / "trainyard-model-server", "", 0755);
}

/// S3's path-style REST, as far as agents use it.
class FakeS3 {
 public:
  void put(const std::string& path, std::string content) {
    std::lock_guard lock(mutex_);
    objects_[path] = std::move(content);
    buckets_.insert(path.substr(0, path.find('/')));
  }
  std::string get(const std::string& path) {
    std::lock_guard lock(mutex_);
    return objects_.contains(path) ? objects_.at(path) : "(no such object)";
  }
  int requests = 0, ranges = 0, parts = 0;

  http::Response handle(http::Request& request) {
    std::string body = http::read_all(*request.body, 1u << 30);
    std::lock_guard lock(mutex_);
    ++requests;
    std::string path = *percent_decode(request.path().substr(1));
    std::map<std::string, std::string> query;
    const auto pairs = http::parse_query(request.query());
    for (const auto& [name, value] : *pairs) query[name] = value;
    if (!buckets_.contains(path.substr(0, path.find('/')))) {
      return error(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    if (request.method == "GET" && query.contains("list-type")) return list(path, query["prefix"]);
    if (request.method == "GET") return read(path, request.headers.get("Range"));
    if (request.method == "POST" && query.contains("uploads")) {
      return xml("<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
                 "</InitiateMultipartUploadResult>");
    }
    if (request.method == "PUT" && query.contains("partNumber")) {
      ++parts;
      uploads_[std::stoi(query["partNumber"])] = std::move(body);
      return tagged();
    }
    if (request.method == "POST" && query.contains("uploadId")) {
      std::string whole;
      for (auto& [number, part] : uploads_) whole += part;
      objects_[path] = std::move(whole);
      return xml("<CompleteMultipartUploadResult><ETag>\"e\"</ETag>"
                 "</CompleteMultipartUploadResult>");
    }
    if (request.method == "PUT") {
      objects_[path] = std::move(body);
      return tagged();
    }
    return error(405, "MethodNotAllowed", request.method);
  }

 private:
  static http::Response xml(const std::string& text, int status = 200) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/xml");
    response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + text;
    return response;
  }
  static http::Response error(int status, const std::string& code, const std::string& message) {
    return xml("<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>",
               status);
  }
  static http::Response tagged() {
    http::Response response;
    response.headers.set("ETag", "\"e\"");
    return response;
  }
  http::Response list(std::string bucket, const std::string& prefix) {
    bucket = bucket.substr(0, bucket.find('/')) + "/";
    std::string text = "<ListBucketResult><IsTruncated>false</IsTruncated>";
    for (const auto& [path, content] : objects_) {
      if (!path.starts_with(bucket + prefix)) continue;
      text += "<Contents><Key>" + path.substr(bucket.size()) + "</Key><Size>" +
              std::to_string(content.size()) + "</Size><ETag>\"e\"</ETag></Contents>";
    }
    return xml(text + "</ListBucketResult>");
  }
  http::Response read(const std::string& path, const std::string& range) {
    auto object = objects_.find(path);
    if (object == objects_.end()) {
      return error(404, "NoSuchKey", "The specified key does not exist.");
    }
    http::Response response = tagged();
    response.body = object->second;
    if (range.empty()) return response;
    ++ranges;
    auto bounds = split(std::string_view(range).substr(6), '-');
    const std::size_t begin = std::stoul(bounds[0]), end = std::stoul(bounds[1]);
    response.body = object->second.substr(begin, end - begin + 1);
    response.status = 206;
    return response;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> objects_;  // "bucket/key"
  std::set<std::string> buckets_;
  std::map<int, std::string> uploads_;
};

/// A machine may be busy with other tests.
inline constexpr std::chrono::seconds kAwaitMax{120};

class FakeDaemon {
 public:
  static constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

  explicit FakeDaemon(const fs::path& folder) : folder_(folder) { start(); }
  fs::path reports() const { return folder_ / "agents.sock"; }
  fs::path door() const { return folder_ / "door.sock"; }

  void start() {
    http::ServerOptions options;
    options.connect = [this](const http::Request& request) { return connect(request); };
    server_ = std::make_unique<http::Server>(
        options, [this](http::Request& request) { return handle(request); });
    server_->listen_unix(reports(), 0666);
    server_->listen_unix(door(), 0666, [this](http::Request& request) {
      return s3.handle(request);
    });
  }
  void stop() { server_.reset(); }

  void tell_stop() {
    std::lock_guard lock(mutex_);
    stop_told_ = true;
    changed_.notify_all();
  }
  std::vector<std::string> phases(const std::string& host = "algo-1") {
    std::lock_guard lock(mutex_);
    return phases_[host];
  }
  /// Waits until the host is in the phase; false when it never is.
  bool await_phase(const std::string& phase, const std::string& host = "algo-1") {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAwaitMax, [&] {
      const auto& seen = phases_[host];
      return std::find(seen.begin(), seen.end(), phase) != seen.end();
    });
  }
  std::vector<std::string> lines(const std::string& stream = "job/algo-1") {
    std::lock_guard lock(mutex_);
    return lines_[stream];
  }
  bool await_line(const std::string& line, const std::string& stream = "job/algo-1") {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAwaitMax, [&] {
      const auto& seen = lines_[stream];
      return std::find(seen.begin(), seen.end(), line) != seen.end();
    });
  }

  FakeS3 s3;
  json::object files;                // what notebooks are given
  std::vector<std::string> metrics;  // "name=value"
  json::object receipt;              // the last one heard
  int refused = 0;                   // requests without the token

 private:
  /// AWS's names lead to this daemon itself; all others are not its to answer.
  http::ConnectAnswer connect(const http::Request& request) {
    http::ConnectAnswer answer;
    if (request.target.ends_with(".amazonaws.com:443")) {
      answer.upstream = http::connect_unix(door());
    } else {
      answer.status = 421;
      answer.text = "Not an AWS host.";
    }
    return answer;
  }
  http::Response handle(http::Request& request) {
    if (request.headers.get("Authorization") != std::string("Bearer ") + kToken) {
      ++refused;
      return answer_json({{"message", "wrong token"}}, 403);
    }
    auto parts = split(request.path(), '/');  // "", v1, attempts, id, …
    const std::string& what = parts.back();
    std::unique_lock lock(mutex_);
    if (what == "commands") {
      changed_.wait_for(lock, std::chrono::milliseconds(200), [&] { return stop_told_; });
      return answer_json({{"command", stop_told_ ? "stop" : "none"}});
    }
    if (what == "credentials") {
      return answer_json({{"AccessKeyId", "ASIAEXAMPLE"}, {"SecretAccessKey", "s"}, {"Token", "t"},
                          {"Expiration", "2999-01-01T00:00:00Z"}});
    }
    if (what == "files") return answer_json(files);
    json::object body = parse_own_json(http::read_all(*request.body, 8u << 20)).as_object();
    if (what == "report") take_report(parts[5], body);
    if (what == "logs") take_lines(body);
    if (what == "metrics") take_metrics(body);
    changed_.notify_all();
    return answer_json({{"command", "none"}});
  }
  void take_report(const std::string& host, const json::object& body) {
    phases_[host].push_back(*find_string(body, "phase"));
    if (const json::object* given = find_object(body, "receipt")) receipt = *given;
  }
  void take_lines(const json::object& body) {
    auto& seen = lines_[*find_string(body, "stream")];
    std::size_t index = static_cast<std::size_t>(*find_integer(body, "first"));
    ASSERT_LE(index, seen.size()) << "lines are missing";
    for (const auto& event : body.at("events").as_array()) {
      if (index++ == seen.size()) seen.push_back(*find_string(event.as_object(), "message"));
    }
  }
  void take_metrics(const json::object& body) {
    for (const auto& value : body.at("metrics").as_array()) {
      metrics.push_back(*find_string(value.as_object(), "name") + "=" +
                        fmt::format("{}", value.as_object().at("value").to_number<double>()));
    }
  }

  const fs::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_told_ = false;
  std::map<std::string, std::vector<std::string>> phases_, lines_;
  std::unique_ptr<http::Server> server_;
};

using Files = std::map<std::string, std::string>;

/// A tar.gz of these files, by path.
inline std::string pack(const Files& files) {
  TempDir folder;
  for (const auto& [name, content] : files) {
    fs::create_directories((folder.path() / name).parent_path());
    write_file_atomically(folder.path() / name, content, 0755);
  }
  compute::PackedFolders packed({folder.path()});
  std::string text(64u << 20, '\0');
  std::size_t size = 0;
  while (std::size_t count = packed.read(text.data() + size, text.size() - size)) size += count;
  text.resize(size);
  return text;
}

/// What a tar.gz holds, by path.
inline Files unpacked(const std::string& archive) {
  TempDir folder;
  std::size_t at = 0;
  compute::unpack(
      [&](char* data, std::size_t size) {
        size = std::min(size, archive.size() - at);
        std::memcpy(data, archive.data() + at, size);
        at += size;
        return size;
      },
      folder.path(), 1u << 30);
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(folder.path()).string()] = read_file(entry.path());
  }
  return files;
}

/// Whole agents in this process: real sandboxes and networks, a script in the place of the toolkit.
class AgentTest : public testing::Test {
 protected:
  AgentTest() : daemon_(folder_.path()), attempt_(folder_.path() / "attempt") {
    fs::create_directories(attempt_);
    plan_ = {{"version", 1},
             {"kind", "train"},
             {"attempt", "job-1"},
             {"token", FakeDaemon::kToken},
             {"region", "us-east-1"},
             {"name", "job"},
             {"hosts", {"algo-1"}},
             {"log_group", "/aws/sagemaker/TrainingJobs"},
             {"log_streams", {{"algo-1", "job/algo-1"}, {"algo-2", "job/algo-2"}}},
             {"environment", {{"TRAINING_JOB_NAME", "job"}}},
             {"hyperparameters", {{"epochs", "6"}}},
             {"outputs", {{"model", "s3://out/m.tar.gz"},
                          {"data", "s3://out/o.tar.gz"}}},
             {"stop_grace_seconds", 30},
             {"cpus", 3}};
    daemon_.s3.put("out/here", "");
    daemon_.s3.put("in/here", "");
  }

  void program(const std::string& script) {
    install_toolkit(folder_.path() / "toolkit", script);
  }
  std::vector<std::string> hosts() const {
    return json::value_to<std::vector<std::string>>(plan_.at("hosts"));
  }
  /// Everything that an agent finds when it is started.
  void prepare() {
    write_file_atomically(attempt_ / "plan.json", dump(plan_));
    for (const auto& host : hosts()) fs::create_directories(attempt_ / host);
    network_ = std::make_unique<compute::HeldNetwork>(attempt_, hosts());
    ASSERT_EQ(network_->answer(), "ok");
  }
  json::object run_host(const std::string& host, StopSignal& stop) {
    AgentOptions options;
    options.attempt = attempt_;
    options.host = host;
    options.reports = daemon_.reports();
    options.door = daemon_.door();
    options.toolkit = folder_.path() / "toolkit";
    options.volume = volume_;
    options.sandbox = sandbox_;
    options.ping_every = std::chrono::milliseconds(5);
    options.logs.gather = std::chrono::milliseconds(5);
    SystemClock clock;
    run_agent(options, stop, clock);
    return parse_own_json(read_file(attempt_ / host / "receipt.json")).as_object();
  }
  json::object run(const std::string& script) {
    program(script);
    prepare();
    return run_host("algo-1", stop_);
  }
  static std::string text(const json::object& receipt, const char* name) {
    return find_string(receipt, name).value_or("(none)");
  }
  std::string log(const std::string& stream = "job/algo-1") {
    return join(daemon_.lines(stream), "\n");
  }
  void add_channel(const std::string& name, const std::string& uri,
                   const std::string& type = "S3Prefix",
                   const std::string& distribution = "FullyReplicated") {
    if (!plan_.contains("channels")) plan_["channels"] = json::array{};
    plan_["channels"].as_array().push_back({{"name", name},
                                            {"s3_uri", uri},
                                            {"s3_data_type", type},
                                            {"distribution", distribution}});
  }

  TempDir folder_;
  FakeDaemon daemon_;
  const fs::path attempt_;
  json::object plan_;
  StopSignal stop_;
  fs::path volume_;  // of a notebook
  compute::SandboxMode sandbox_ = compute::SandboxMode::bwrap;
  std::unique_ptr<compute::HeldNetwork> network_;
};

}  // namespace trainyard::agent
