#include "server/agent_door.hpp"

#include <condition_variable>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "compute/attempt_paths.hpp"
#include "compute/processes.hpp"
#include "identity/identity.hpp"
#include "server/proxy.hpp"
#include "services/logs/append.hpp"
#include "services/monitoring/append.hpp"
#include "services/sagemaker/attempts.hpp"
#include "services/sagemaker/roles.hpp"

namespace trainyard::server {
namespace {

constexpr std::size_t kReportBytesMax = 8 * 1024 * 1024;
constexpr std::chrono::seconds kCommandWaitMax{25};
constexpr std::chrono::seconds kSessionDuration{6 * 3600};
constexpr std::chrono::milliseconds kObserveEvery{1'000};
constexpr std::chrono::milliseconds kStopGrace{1'000};
constexpr int kConnectionsPerAttempt = 128;

http::Response reply(int status, const json::object& body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = dump(body);
  return response;
}

http::Response refuse(int status, std::string_view message) {
  return reply(status, {{"message", message}});
}

/// /v1/attempts/{id}/instances/{host}/{what} or /v1/attempts/{id}/{what}.
struct Target {
  std::string attempt, host, what;
};

std::optional<Target> parse_target(std::string_view path) {
  auto parts = split(path, '/');
  if (parts.size() < 5 || parts[1] != "v1" || parts[2] != "attempts") return std::nullopt;
  if (parts.size() == 5) return Target{parts[3], "", parts[4]};
  if (parts.size() == 7 && parts[4] == "instances") return Target{parts[3], parts[5], parts[6]};
  return std::nullopt;
}

}  // namespace

struct AgentDoor::Impl {
  Parts parts;
  compute::ImageStore& images;
  http::Server::Handler aws;
  std::unique_ptr<http::Server> server;  // agents
  std::unique_ptr<http::Server> doors;   // programs: one door an attempt
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> open;  // attempts whose doors are open
  std::set<std::string> told_to_stop;
  bool stopping = false;
  std::thread observer;

  Impl(const Parts& p, compute::ImageStore& store, http::Server::Handler handler)
      : parts(p), images(store), aws(std::move(handler)) {}

  fs::path run_dir() const { return parts.site.data_dir / "run"; }
  fs::path door_path(const std::string& attempt) const {
    return run_dir() / "attempts" / (attempt + ".sock");
  }

  /// Runs `work(call)` in a write transaction as the daemon.
  template <class Work>
  void write(Work work) {
    parts.store.write([&](Txn& txn) {
      Caller caller = own_caller(parts.site);
      Call call = make_call(parts, txn, caller);
      work(call);
    });
  }

  bool token_holds(const http::Request& request, const std::string& attempt) {
    std::string header = request.headers.get("Authorization");
    constexpr std::string_view kBearer = "Bearer ";
    if (!header.starts_with(kBearer)) return false;
    std::string token = header.substr(kBearer.size());
    return parts.store.read(
        [&](Txn& txn) { return sagemaker::check_token(txn, attempt, token); });
  }

  http::Response handle(http::Request& request) {
    auto target = parse_target(request.path());
    if (!target) return refuse(404, "no such path");
    if (!token_holds(request, target->attempt)) return refuse(403, "wrong token for the attempt");
    if (request.method == "GET" && target->what == "commands") return commands(*target);
    if (request.method == "GET" && target->what == "credentials") return credentials(*target);
    if (request.method == "GET" && target->what == "image") return image(*target);
    if (request.method == "GET" && target->what == "files") return files();
    if (request.method != "POST") return refuse(405, "method not allowed");
    std::string error;
    auto body = parse_json(http::read_all(*request.body, kReportBytesMax), &error);
    if (!body || !body->is_object()) return refuse(400, "malformed report: " + error);
    return take_report(*target, body->get_object());
  }

  http::Response take_report(const Target& target, const json::object& body) {
    if (target.what == "report") {
      write([&](Call& call) {
        sagemaker::agent_report(call, target.attempt, target.host, body);
      });
      return reply(200, {{"command", must_stop(target.attempt) ? "stop" : "none"}});
    }
    if (target.what == "logs") {
      std::string group = find_string(body, "group").value_or("");
      std::string stream = find_string(body, "stream").value_or("");
      bool own = parts.store.read(
          [&](Txn& txn) { return sagemaker::owns_log(txn, target.attempt, group, stream); });
      if (!own) return refuse(403, "the log " + group + " " + stream + " is not the attempt's");
      logs::append_from_agent(parts.store, parts.segments, parts.clock.now(), body);
      return reply(200, {});
    }
    if (target.what == "metrics") {
      take_metrics(target, body);
      return reply(200, {});
    }
    if (target.what == "usage") {
      take_usage(target, body);
      return reply(200, {});
    }
    return refuse(404, "no such path");
  }

  /// The job's last values are rows, all of them are data of CloudWatch. Both take a repeat.
  void take_metrics(const Target& target, const json::object& body) {
    std::optional<sagemaker::JobMetrics> metrics;
    write([&](Call& call) {
      metrics = sagemaker::put_metrics(call, target.attempt, target.host, body);
    });
    if (!metrics) return;
    monitoring::append_from_agent(
        parts.store, parts.segments, parts.clock.now(),
        source_of(target, metrics->home, find_integer(body, "first")), metrics->values);
  }

  /// The instance's segment has both what was found in its lines and what it uses.
  static monitoring::Source source_of(const Target& target, const sagemaker::MetricsHome& home,
                                      std::optional<int64_t> first) {
    return {home.name_space, home.dimensions,
            "metrics/instance/" + target.attempt + "/" + target.host, first};
  }

  void take_usage(const Target& target, const json::object& body) {
    const json::array* values = find_array(body, "values");
    const auto home = parts.store.read(
        [&](Txn& txn) { return sagemaker::usage_home(txn, target.attempt, target.host); });
    if (values == nullptr || !home) return;
    monitoring::append_from_agent(parts.store, parts.segments, parts.clock.now(),
                                  source_of(target, *home, std::nullopt), *values, "Percent");
  }

  bool must_stop(const std::string& attempt) {
    std::lock_guard lock(mutex);
    return told_to_stop.contains(attempt);
  }

  http::Response commands(const Target& target) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kCommandWaitMax,
                     [&] { return stopping || told_to_stop.contains(target.attempt); });
    return reply(200, {{"command", told_to_stop.contains(target.attempt) ? "stop" : "none"}});
  }

  http::Response credentials(const Target& target) {
    auto credential = parts.store.write([&](Txn& txn) {
      identity::SessionRequest request;
      request.role_arn = sagemaker::role_of(txn, target.attempt);
      request.session_name = sagemaker::kSessionName;
      request.service = sagemaker::kPrincipal;
      request.duration = kSessionDuration;
      auto opened = identity::open_session(txn, request, parts.random, parts.clock.now());
      return std::pair(request.role_arn, opened);
    });
    const auto& [role_arn, opened] = credential;
    return reply(200, {{"AccessKeyId", opened.access_key},
                       {"SecretAccessKey", opened.secret},
                       {"Token", opened.session_token},
                       {"Expiration", iso8601_seconds(*opened.expires)},
                       {"RoleArn", role_arn}});
  }

  /// 202 while the image is fetched; 424 with one line when there is none.
  http::Response image(const Target& target) {
    const compute::AttemptPaths paths{parts.site.data_dir / "attempts" / target.attempt};
    auto plan = parse_json(compute::read_left_file(paths.plan()).value_or(""));
    const auto reference = plan && plan->is_object() ? find_string(plan->get_object(), "oci")
                                                     : std::nullopt;
    if (!reference) return refuse(404, "the attempt's plan names no image");
    try {
      const auto found = images.ask(target.attempt, *reference);
      return found ? reply(200, compute::to_json(*found)) : reply(202, {});
    } catch (const std::exception& error) {
      return refuse(424, error.what());
    }
  }

  /// What a shell gets by `trainyard env --proxy`, for programs that have no other part in this
  /// machine's files: whom to believe behind AWS's names, and which SDKs pip takes.
  http::Response files() const {
    json::object files;
    for (const auto& [name, path] : given_files(parts.site.data_dir)) files[name] = read_file(path);
    return reply(200, files);
  }

  http::Response guarded(http::Request& request) {
    try {
      return handle(request);
    } catch (const ApiError& error) {
      return refuse(error.http_status(), error.code() + ": " + error.message());
    }
  }

  void observe_once() {
    auto live = parts.store.read([](Txn& txn) { return sagemaker::live_attempts(txn); });
    if (live.empty()) return;
    for (const auto& [attempt, instances] : parts.executor.observe(live)) {
      for (const auto& instance : instances) take_observation(attempt, instance);
    }
  }

  void take_observation(const std::string& attempt, const compute::InstanceStatus& instance) {
    if (instance.state == compute::InstanceState::ended && instance.receipt) {
      json::object report{{"phase", "Ended"}, {"receipt", *instance.receipt}};
      write([&](Call& call) { sagemaker::agent_report(call, attempt, instance.host, report); });
    } else if (instance.state == compute::InstanceState::lost) {
      write([&](Call& call) {
        sagemaker::instance_lost(call, attempt, instance.host,
                                 "the instance's agent ended without leaving a result");
      });
    }
  }

  void observe_loop() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      try {
        observe_once();
      } catch (const std::exception& error) {
        log_error("observing attempts: {}", error.what());
      }
      lock.lock();
      changed.wait_for(lock, kObserveEvery, [&] { return stopping; });
    }
  }
};

AgentDoor::AgentDoor(const Parts& parts, compute::ImageStore& images, http::Server::Handler aws,
                     Connect connect)
    : impl_(std::make_unique<Impl>(parts, images, std::move(aws))) {
  impl_->server = std::make_unique<http::Server>(
      http::ServerOptions{}, [impl = impl_.get()](http::Request& r) { return impl->guarded(r); });
  // A server of their own, with a share for each: whatever runs inside an attempt cannot take the
  // connections of agents or of other attempts.
  http::ServerOptions options;
  options.connections_per_door = kConnectionsPerAttempt;
  options.connect = std::move(connect);
  impl_->doors = std::make_unique<http::Server>(options, impl_->aws);
}

AgentDoor::~AgentDoor() { stop(); }

void AgentDoor::start() {
  fs::create_directories(impl_->run_dir() / "attempts");
  // Agents may run as users of their own: the folder lets them through, the token decides.
  impl_->server->listen_unix(impl_->run_dir() / "agents.sock", 0666);
  for (const auto& attempt :
       impl_->parts.store.read([](Txn& txn) { return sagemaker::live_attempts(txn); })) {
    open_door(attempt);
  }
  impl_->observer = std::thread([impl = impl_.get()] { impl->observe_loop(); });
}

void AgentDoor::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  if (impl_->observer.joinable()) impl_->observer.join();
  impl_->server->stop(kStopGrace);
  impl_->doors->stop(kStopGrace);
}

void AgentDoor::open_door(const std::string& attempt) {
  // A submission that is repeated after a restart finds the door open already.
  std::lock_guard lock(impl_->mutex);
  if (impl_->open.contains(attempt)) return;
  impl_->doors->listen_unix(impl_->door_path(attempt), 0666, impl_->aws);
  impl_->open.insert(attempt);
}

void AgentDoor::close_door(const std::string& attempt) {
  impl_->images.forget(attempt);
  impl_->doors->close_unix(impl_->door_path(attempt));
  std::lock_guard lock(impl_->mutex);
  impl_->open.erase(attempt);
  impl_->told_to_stop.erase(attempt);
}

void AgentDoor::tell_stop(const std::string& attempt) {
  {
    std::lock_guard lock(impl_->mutex);
    // A cancellation that comes after the attempt's end must leave nothing behind.
    if (impl_->open.contains(attempt)) impl_->told_to_stop.insert(attempt);
  }
  impl_->changed.notify_all();
}

void AgentDoor::observe() { impl_->observe_once(); }

}  // namespace trainyard::server
