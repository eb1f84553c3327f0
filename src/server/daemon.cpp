#include "server/daemon.hpp"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "compute/local_executor.hpp"
#include "http/hosts.hpp"
#include "http/server.hpp"
#include "identity/identity.hpp"
#include "identity/managed.hpp"
#include "server/agent_door.hpp"
#include "server/data_plane.hpp"
#include "server/deliveries.hpp"
#include "server/door.hpp"
#include "server/egress.hpp"
#include "server/front.hpp"
#include "server/outside_calls.hpp"
#include "server/performer.hpp"
#include "server/pipeline.hpp"
#include "server/proxy.hpp"
#include "server/schema.hpp"
#include "services/s3/deliveries.hpp"
#include "services/sagemaker/attempts.hpp"
#include "services/states/deliveries.hpp"
#include "services/states/http_task.hpp"

namespace trainyard::server {
namespace {

constexpr std::chrono::milliseconds kStopGrace{2'000};
/// A program has 120 s after its SIGTERM; the rest is for uploads that were under way.
constexpr std::chrono::seconds kStopEverythingMax{140};
constexpr long kStopPollNanos = 20'000'000;

/// The folder, held by a lock that ends with the process; the lock's file names the holder.
class DataDir {
 public:
  explicit DataDir(const fs::path& dir) : dir_(dir) {
    std::error_code error;
    fs::create_directories(dir, error);
    if (error) throw SystemError("cannot create " + dir.string() + ": " + error.message());
    auto lock = try_lock_file(dir / "lock");
    if (!lock) throw SystemError(dir.string() + " is in use by another daemon");
    lock_ = std::move(*lock);
    std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock_.get(), 0) != 0) throw_errno("cannot write " + (dir / "lock").string());
    write_all(lock_.get(), pid, (dir / "lock").string());
    // Agents may run as users of their own and must reach their folders; the rest is closed.
    if (::chmod(dir.c_str(), 0711) != 0) throw_errno("cannot close " + dir.string());
  }
  ~DataDir() { ::unlink((dir_ / "endpoint").c_str()); }

 private:
  fs::path dir_;
  Fd lock_;
};

void write_credentials(const fs::path& dir, const identity::Credential& root) {
  std::string text = "[default]\naws_access_key_id = " + root.access_key +
                     "\naws_secret_access_key = " + root.secret + "\n";
  if (read_file_if_exists(dir / "credentials") == text) return;
  write_file_atomically(dir / "credentials", text, 0600, "credentials.rename");
}

/// Signals are taken by sigwait; every thread inherits the mask.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// SIGINT's part: jobs are asked to stop, and this waits until their ends have been taken in. A
/// second signal ends the patience.
void stop_everything(const Parts& parts, const sigset_t& signals) {
  auto kill_all = [&] {
    for (const auto& id : parts.executor.find()) parts.executor.kill(id);
  };
  try {
    parts.store.write([&](Txn& txn) {
      Caller caller = own_caller(parts.site);
      Call call = make_call(parts, txn, caller);
      sagemaker::stop_everything(call);
    });
  } catch (const SystemError& error) {  // a full disk, say: nothing is left running all the same
    log_error("jobs cannot be asked to stop ({}) and are killed", error.what());
    return kill_all();
  }
  Time deadline = parts.clock.now() + kStopEverythingMax;
  auto running = [&] {
    return parts.store.read([](Txn& txn) { return !sagemaker::live_attempts(txn).empty(); });
  };
  const timespec poll{0, kStopPollNanos};
  while (running()) {
    int signal = ::sigtimedwait(&signals, nullptr, &poll);
    if (parts.clock.now() > deadline || signal == SIGINT || signal == SIGTERM) {
      log_warning("some instances did not end in time and are killed");
      return kill_all();
    }
  }
}

/// What a browser may call this machine beside its loopback names: what its owner says, and the one
/// address that it listens at. No other site has that for its name (DNS rebinding).
std::vector<std::string> hosts_of(const ServeOptions& options) {
  std::vector<std::string> hosts = options.hosts;
  const bool any = options.host == "0.0.0.0" || options.host == "::";
  if (!any) hosts.push_back(options.host);
  return hosts;
}

/// Browsers take every name below "localhost" for their own machine. Names below another one lead
/// here where its owner says so.
std::string domain_of(const ServeOptions& options) {
  return options.hosts.empty() ? "localhost" : options.hosts.front();
}

}  // namespace

runtimes::Table runtimes_of(const fs::path& data_dir) {
  runtimes::Table table = runtimes::built_in();
  const fs::path own = data_dir / "runtimes.toml";
  if (const auto text = read_file_if_exists(own)) {
    table.put_before(runtimes::Table(*text, own.string()));
  }
  return table;
}

int run_daemon(const ServeOptions& options) {
  sigset_t signals = block_signals();
  fs::path dir = fs::absolute(options.data_dir);
  DataDir data_dir(dir);
  for (const std::string& pattern : options.http_allow) {
    if (auto fault = states::pattern_fault(pattern)) throw SystemError("--http-allow: " + *fault);
  }
  for (const auto& [name, version] : options.managed_policies) {
    identity::choose_managed_version(name, version);
  }

  // The parts, bottom up. Beyond this block nothing is built.
  SystemClock clock;
  SystemRandom random;
  Site site;
  site.data_dir = dir;
  const runtimes::Table table = runtimes_of(dir);
  site.runtimes = &table;
  site.http_allow = options.http_allow;
  Store store(dir, all_migrations());
  Blobs blobs(dir / "blobs");
  Segments segments(dir / "segments");
  compute::LocalExecutor::EgressOf egress;
  int own_port = 0;
  if (options.egress) {
    egress = [&own_port] { return host_egress(http::own_environment, "/etc", own_port); };
  }
  compute::LocalExecutor executor(
      dir, own_programs(),
      options.sandbox ? compute::SandboxMode::bwrap : compute::SandboxMode::none, egress);
  ServiceDoor door;
  Parts parts{store, clock, random, site, blobs, segments, door, executor};
  InvocationMeters meters(store, segments, clock);
  DataPlane data_plane(store, executor, random, site, meters);
  Pipeline pipeline(parts, data_plane);
  compute::ImageStore images(dir);
  Proxy proxy({dir, site.region, options.pass_through}, clock);
  AgentDoor agents(
      parts, images, [&](http::Request& request) { return pipeline.handle(request); },
      [&](const http::Request& request) { return proxy.connect_from_attempt(request); });
  OutsideCalls outside_calls(parts, data_plane);
  Performer performer(parts, all_deliveries(parts, agents, outside_calls));
  Front front(parts, pipeline, hosts_of(options));
  http::ServerOptions http_options;
  http_options.quick = [&](const http::Request& request) { return front.is_quick(request); };
  http_options.connect = [&](const http::Request& request) { return proxy.connect(request); };
  http::Server server(http_options, [&](http::Request& request) { return front.handle(request); });

  identity::Credential root = store.write([&](Txn& txn) {
    return identity::ensure_root(txn, site.account, random, clock.now());
  });
  write_credentials(dir, root);
  s3::sweep_orphans(store, blobs);

  store.on_outbox([&] { performer.wake(); });
  store.on_commit([&] { front.committed(); });
  server.listen_tcp(options.host, options.port, [&](int port) {
    site.url = "http://" + http::bracketed(options.host) + ":" + std::to_string(port);
    site.domain = domain_of(options) + ":" + std::to_string(port);
    own_port = port;
    proxy.set_port(port);
  });
  agents.start();
  store.write([&](Txn& txn) {
    Caller caller = own_caller(site);
    Call call = make_call(parts, txn, caller);
    sagemaker::restore(call);
    states::restore(call);
  });
  performer.start();
  write_file_atomically(dir / "endpoint", site.url + "\n", 0644, "endpoint.rename");
  std::printf("ready %s\n", site.url.c_str());
  std::fflush(stdout);

  int signal = 0;
  do {
    sigwait(&signals, &signal);
  } while (signal == SIGHUP);  // a closed terminal is no reason to end
  if (signal == SIGINT) stop_everything(parts, signals);
  front.stop();
  server.stop(kStopGrace);
  outside_calls.stop();
  meters.stop();
  performer.stop();
  agents.stop();
  return 0;
}

}  // namespace trainyard::server
