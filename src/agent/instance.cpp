#include "agent/instance.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <poll.h>

#include "agent/output.hpp"
#include "agent/results.hpp"
#include "agent/serving.hpp"
#include "agent/usage.hpp"
#include "agent/volume.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "compute/executor.hpp"
#include "compute/processes.hpp"
#include "http/channel.hpp"

namespace trainyard::agent {
namespace {

/// A sanitizer maps terabytes of shadow memory in every program built with it, the one inside the
/// sandbox too: no ceiling leaves room for that.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowMemory = true;
#else
constexpr bool kShadowMemory = false;
#endif

/// What a program left behind may hold its pipes open for as long.
constexpr std::chrono::milliseconds kOutputEndMax{2'000};
/// On top of the others' own grace, before the leader uploads what is there.
constexpr std::chrono::seconds kOthersSlack{10};
constexpr std::chrono::milliseconds kTermRetry{5};
/// How often the program's files are looked at.
constexpr std::chrono::seconds kVolumeEvery{1};
constexpr int64_t kGibibyte = int64_t{1} << 30;
constexpr int kDoorPort = 80;
constexpr const char* kLoopback = "127.0.0.1";
constexpr int kSignalBase = 128;

client::Config client_config(const AgentOptions& options, const Plan& plan, DaemonLink& link) {
  client::Config config;
  config.region = plan.region;
  config.endpoint_url = "unix:" + options.door.string();
  config.credentials = client::renewed_credentials([&link] { return link.credentials(); },
                                                   std::make_shared<SystemClock>());
  return config;
}

/// True once the program has ended; false after the time, or when a stop was asked for.
bool await_end(compute::SandboxedProgram& program, const StopSignal* stop,
               std::chrono::milliseconds time) {
  pollfd entries[2] = {{program.process(), POLLIN, 0}, {stop ? stop->fd() : -1, POLLIN, 0}};
  if (::poll(entries, 2, static_cast<int>(time.count())) < 0 && errno != EINTR) {
    throw_errno("poll");
  }
  return program.wait(0).has_value();
}

int free_port() {
  int port = 0;
  Fd probe = http::listen_tcp_socket(kLoopback, 0, port);
  return port;
}

}  // namespace

Instance::Instance(const AgentOptions& options, const Plan& plan, DaemonLink& link,
                   Reporter& reporter, StopSignal& stop, Clock& clock)
    : options_(options), plan_(plan), link_(link), reporter_(reporter), stop_(stop),
      clock_(clock), paths_{options.attempt}, opt_ml_{paths_.opt_ml(options.host)},
      shipper_(link, plan.log_group,
               plan.log_streams.contains(options.host) ? plan.log_streams.at(options.host)
                                                       : plan.name + "/" + options.host,
               paths_.host(options.host) / "log.spool", options.logs),
      scanner_(plan.metrics, metric_problems_), transport_(client_config(options, plan, link)) {
  receipt_.host = options.host;
}

Instance::~Instance() = default;

void Instance::fail(const std::string& kind, const std::string& reason) {
  receipt_.outcome = "failed";
  receipt_.error = kind;
  receipt_.reason = reason;
}

Receipt Instance::run() {
  try {
    work();
  } catch (const Stopped&) {
    receipt_.outcome = "stopped";
  } catch (const JobFailure& failure) {
    fail(failure.kind(), failure.reason());
  } catch (const std::exception& error) {
    fail(kInternalError, error.what());
  }
  if (receipt_.ended_ms == 0) receipt_.ended_ms = to_millis(clock_.now());
  forwarder_.reset();
  // The daemon forgets an instance once it knows the receipt: every line must be there before.
  shipper_.finish();
  return receipt_;
}

void Instance::work() {
  if (sandboxed()) {
    network_ = std::make_unique<compute::NetworkClient>(paths_.folder);
    network_->attach(options_.host);
    namespaces_ = network_->namespaces(options_.host);
  }
  if (stop_.triggered()) throw Stopped();
  reporter_.phase("Downloading");
  if (!plan_.oci.empty()) take_image();
  lay_out(opt_ml_, plan_, options_.host, sandboxed());
  fetch();
  open_doors();
  if (stop_.triggered()) throw Stopped();
  for (const std::string& problem : metric_problems_) {
    shipper_.line(to_millis(clock_.now()), "[trainyard] " + problem);
  }
  if (plan_.trains()) reporter_.phase("Training");
  receipt_.started_ms = to_millis(clock_.now());
  compute::SandboxedProgram program = start_program();
  if (!sandboxed()) {
    auto record = compute::record_of(program.pid());
    if (record) compute::write_record(paths_.program_record(options_.host), *record);
  }
  OutputPump pump(program.out(), program.err(), scanner_, shipper_, clock_);
  watch(program);
  receipt_.ended_ms = to_millis(clock_.now());
  pump.finish(kOutputEndMax);
  judge(*program.wait(-1), pump);
  if (plan_.trains() && receipt_.outcome != "failed") upload();
}

void Instance::take_image() {
  if (plan_.is_notebook()) {
    throw JobFailure(kClientError, "A notebook instance runs an interpreter of this host, and the "
                                   "runtimes table names the image " + plan_.oci + " for it.");
  }
  if (!sandboxed()) {
    throw JobFailure(kClientError, "The image " + plan_.oci +
                                       " runs from its own file system, which takes the sandbox; "
                                       "this daemon runs with --sandbox=none.");
  }
  image_ = await_image(link_, plan_, stop_);
  shipper_.line(to_millis(clock_.now()),
                fmt::format("[trainyard] Image {} (sha256:{}) runs `{}`{}", plan_.oci, image_->id,
                            join(command_line(*image_, plan_), " "),
                            image_->user.empty() ? "" : " as its user " + image_->user));
}

void Instance::fetch() {
  if (plan_.is_notebook()) {
    given_ = take_given(link_, stop_, paths_.scratch(options_.host) / "given");
    return;
  }
  Fetcher fetcher(transport_, stop_, plan_.volume_bytes);
  if (plan_.trains()) {
    Host host{0, plan_.hosts.size()};
    while (plan_.hosts[host.index] != options_.host) ++host.index;
    fetcher.channels(plan_.channels, host, opt_ml_.data());
    if (!plan_.code_uri.empty()) fetcher.archive(plan_.code_uri, opt_ml_.code());
    return;
  }
  if (plan_.model_data_url.ends_with('/')) {
    fetcher.prefix(plan_.model_data_url, opt_ml_.model());
  } else if (!plan_.model_data_url.empty()) {
    fetcher.archive(plan_.model_data_url, opt_ml_.model());
  }
  // SDKs repack the code into the model's archive and name that for both.
  const bool repacked = plan_.code_uri == plan_.model_data_url;
  if (!plan_.code_uri.empty() && !repacked) {
    fetcher.archive(plan_.code_uri, opt_ml_.model() / "code");
  }
}

void Instance::open_doors() {
  if (!sandboxed() && !plan_.trains()) {
    server_port_ = free_port();
    write_file_atomically(paths_.port(options_.host), std::to_string(server_port_));
  }
  // No calls, no credentials, no way out; a notebook keeps the first two.
  if (plan_.network_isolation && !plan_.is_notebook()) return;
  open_way_out();
  if (sandboxed()) {
    forwarder_ = std::make_unique<Forwarder>(link_, options_.door, "");
    forwarder_->listen(network_->listen(options_.host, kDoorPort));
  } else {
    SystemRandom random;
    door_token_ = random.hex(32);
    forwarder_ = std::make_unique<Forwarder>(link_, options_.door, door_token_);
    door_port_ = forwarder_->listen_on_loopback();
  }
}

void Instance::open_way_out() {
  const auto text =
      plan_.network_isolation ? std::nullopt : read_file_if_exists(paths_.egress());
  if (text) egress_ = compute::parse_egress(*text);
  if (!plan_.is_notebook() && (!egress_ || !sandboxed())) return;  // closed, or the host's network
  WaysOut ways{.internet = egress_};
  if (plan_.is_notebook()) ways.daemon = options_.door;
  // Without a sandbox it reaches all that this process does anyway.
  if (!sandboxed()) ways.bounds = [](const Ip&) { return std::string(); };
  way_out_ = std::make_unique<EgressProxy>(std::move(ways));
  way_out_->listen(sandboxed() ? network_->listen(options_.host, kEgressPort)
                               : http::listen_tcp_socket(kLoopback, 0, way_out_port_));
}

/// What every program has, and an image's own says otherwise.
std::map<std::string, std::string> Instance::base_environment() const {
  std::map<std::string, std::string> variables;
  if (image_) {
    variables = image_variables(*image_);
  } else {
    variables = {{"HOME", sandboxed() ? "/tmp" : paths_.scratch(options_.host).string()},
                 {"LANG", "C.UTF-8"}};
  }
  variables.emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  return variables;
}

std::map<std::string, std::string> Instance::environment() const {
  std::map<std::string, std::string> variables = base_environment();
  variables["AWS_REGION"] = variables["AWS_DEFAULT_REGION"] = plan_.region;
  variables["AWS_EC2_METADATA_DISABLED"] = "true";
  if (forwarder_) {
    const std::string url =
        sandboxed() ? std::string("http://") + compute::kDoorAddress
                    : "http://127.0.0.1:" + std::to_string(door_port_);
    variables["AWS_ENDPOINT_URL"] = variables["S3_ENDPOINT_URL"] = url;
    if (sandboxed()) {
      variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = kCredentialsPath;
    } else {
      variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url + kCredentialsPath;
      variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = door_token_;
    }
  }
  if (!sandboxed()) {
    // Names of other hosts do not resolve there; all of them are on this machine's loopback.
    if (plan_.hosts.size() > 1) variables["MASTER_ADDR"] = "127.0.0.1";
    variables["TMPDIR"] = paths_.scratch(options_.host).string();
  }
  if (egress_) variables.insert(egress_->environment.begin(), egress_->environment.end());
  variables.merge(in_both_spellings(way_out_variables(), plan_.environment));
  if (plan_.is_notebook()) {
    for (auto& [name, value] : notebook_variables(given_, options_.volume, sandboxed())) {
      variables[name] = value;
    }
  }
  for (const auto& [name, value] : plan_.environment) variables[name] = value;
  variables["SM_NUM_CPUS"] = std::to_string(plan_.cpus);
  variables["SM_NUM_GPUS"] = std::to_string(plan_.gpus);
  if (!sandboxed()) variables["SAGEMAKER_BASE_DIR"] = opt_ml_.base.string();
  if (server_port_ != 0) variables["SAGEMAKER_BIND_TO_PORT"] = std::to_string(server_port_);
  return variables;
}

std::map<std::string, std::string> Instance::way_out_variables() const {
  if (way_out_) {
    const std::string url =
        sandboxed() ? fmt::format("http://{}:{}", compute::kDoorAddress, kEgressPort)
                    : fmt::format("http://{}:{}", kLoopback, way_out_port_);
    return ways_out(url, plan_.hosts);
  }
  if (!egress_) return {};
  return ways_out_of_host(egress_->proxies);
}

/// Copies of the host's files that its way into the internet takes (certificates, pip's settings),
/// by their paths there. Without a sandbox the program sees the files themselves.
std::map<std::string, fs::path> Instance::host_files() const {
  std::map<std::string, fs::path> copies;
  if (!egress_ || !sandboxed()) return copies;
  const fs::path folder = paths_.scratch(options_.host) / "host-files";
  fs::create_directories(folder);
  for (const compute::HostFile& file : egress_->files) {
    const fs::path copy = folder / std::to_string(copies.size());
    write_file_atomically(copy, file.text);
    copies[file.path] = copy;
  }
  if (!image_) return copies;
  // Other programs see the host's certificates where they are.
  for (const auto& [name, value] : egress_->environment) {
    if (value.starts_with('/') && fs::is_regular_file(value)) copies.emplace(value, value);
  }
  return copies;
}

/// What the toolkit starts or reads lies beside it. The libraries are the host's (/usr).
std::vector<fs::path> Instance::programs_beside() const {
  const fs::path folder = options_.toolkit.parent_path();
  std::vector<fs::path> found{folder / "python", folder / "trainyard-model-server"};
  for (const fs::path& path : found) {
    if (!fs::exists(path)) throw SystemError(path.string() + ", which instances need, is missing");
  }
  // Built where libtorch is; the toolkit says so where it is asked for and is not there.
  const fs::path torch_server = folder / "trainyard-torch-server";
  if (fs::exists(torch_server)) found.push_back(torch_server);
  return found;
}

compute::SandboxedProgram Instance::start_program() {
  compute::SandboxSpec spec;
  spec.mode = options_.sandbox;
  spec.opt_ml = opt_ml_.base;
  spec.scratch = paths_.scratch(options_.host);
  fs::create_directories(spec.scratch);
  if (image_) {
    spec.root = {options_.images / image_->id / "rootfs", image_->uid, image_->gid,
                 image_->folder};
    spec.arguments = command_line(*image_, plan_);
  } else {
    take_toolkit(spec);
  }
  spec.files = host_files();
  for (const auto& [name, file] : given_) spec.files[std::string(kInsideGiven) + "/" + name] = file;
  if (plan_.is_notebook()) lay_out_home(spec, options_.volume);
  spec.environment = environment();
  spec.host = options_.host;
  spec.hosts = plan_.hosts;
  spec.namespaces = namespaces_ ? &*namespaces_ : nullptr;
  spec.gpus = plan_.gpus;
  if (!kShadowMemory) spec.memory_bytes = plan_.memory_bytes;
  return compute::run_in_sandbox(spec);
}

void Instance::take_toolkit(compute::SandboxSpec& spec) const {
  spec.program = options_.toolkit;
  spec.arguments = {name_of(plan_.kind)};
  spec.beside = programs_beside();
  for (const std::string& folder : plan_.folders) {
    if (!fs::is_directory(folder)) {
      throw SystemError("the folder " + folder + ", which the runtime of this job's image names, "
                        "is not on this host");
    }
    spec.folders.push_back(folder);
  }
}

void Instance::watch(compute::SandboxedProgram& program) {
  std::optional<UsageReporter> usage;
  if (!plan_.is_notebook()) usage.emplace(link_, plan_, program.pid(), clock_);
  if (plan_.trains()) {
    train(program);
  } else {
    serve(program);
  }
}

void Instance::train(compute::SandboxedProgram& program) {
  VolumeGuard volume({opt_ml_.base, paths_.scratch(options_.host)}, plan_.volume_bytes);
  while (!await_end(program, &stop_, kVolumeEvery)) {
    if (stop_.triggered()) {
      stop_program(program);
    } else if (volume.full()) {
      overfull_ = fmt::format("No space left on the instance's volume: its files take {:.2f} GiB, "
                              "and VolumeSizeInGB is {}. The program was ended.",
                              static_cast<double>(volume.used()) / kGibibyte,
                              plan_.volume_bytes / kGibibyte);
      program.kill();
      program.wait(-1);
    }
  }
}

/// SIGTERM, the plan's grace, SIGKILL. Returns once it has ended.
void Instance::stop_program(compute::SandboxedProgram& program) {
  stopping_ = true;
  const int64_t end = monotonic_nanos() + std::chrono::nanoseconds(plan_.stop_grace).count();
  bool told = program.terminate();
  for (;;) {
    auto left = std::chrono::nanoseconds(end - monotonic_nanos());
    if (left.count() <= 0) break;
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(left);
    if (!told) wait = std::min(wait, kTermRetry);  // it has not quite begun
    if (await_end(program, nullptr, wait)) return;
    if (!told) told = program.terminate();
  }
  program.kill();
  program.wait(-1);
}

Fd Instance::connect_server() {
  if (sandboxed()) return network_->connect(options_.host, compute::kContainerPort);
  return http::connect_tcp(kLoopback, server_port_, check().timeout);
}

bool Instance::is_well() {
  return ping(check(), [this] { return connect_server(); });
}

void Instance::serve(compute::SandboxedProgram& program) {
  if (!await_service(program)) return;
  reporter_.phase("InService");
  watch_service(program);
}

/// True once it answers; false when it has ended, or was ended because it does not.
bool Instance::await_service(compute::SandboxedProgram& program) {
  const int64_t end = monotonic_nanos() + std::chrono::nanoseconds(plan_.ping_timeout).count();
  StartPace pace;
  while (!await_end(program, &stop_, pace.next())) {
    if (stop_.triggered()) {
      stop_program(program);
      return false;
    }
    if (is_well()) return true;
    if (monotonic_nanos() > end) {
      unhealthy_ = fmt::format("did not answer GET {} with 200 within {} s of its start",
                               check().path, plan_.ping_timeout.count());
      stop_program(program);
      return false;
    }
  }
  return false;
}

void Instance::watch_service(compute::SandboxedProgram& program) {
  int failures = 0;
  while (!await_end(program, &stop_, options_.ping_every)) {
    if (stop_.triggered()) return stop_program(program);
    failures = is_well() ? 0 : failures + 1;
    if (failures < check().failures_max) continue;
    reporter_.phase("Unhealthy");
    unhealthy_ = fmt::format("failed {} health checks (GET {}) in a row", failures, check().path);
    return stop_program(program);
  }
}

void Instance::judge(int status, const OutputPump& pump) {
  receipt_.exit_code = status;
  if (status > kSignalBase) receipt_.signal = status - kSignalBase;
  if (!unhealthy_.empty()) return fail(kAlgorithmError, given_up());
  if (!overfull_.empty()) return fail(kAlgorithmError, overfull_);
  if (stopping_) {
    receipt_.outcome = "stopped";
    return;
  }
  // A notebook's user may shut Jupyter down; a model server has no end of its own.
  if (status == 0 && plan_.kind != Kind::serve) return;
  std::string reason = read_failure(opt_ml_, kReasonBytesMax);
  if (reason.empty() && status == 0) reason = "the model server ended by itself with exit code 0";
  if (reason.empty()) reason = program_failure(status, pump);
  fail(kAlgorithmError, reason);
}

std::string Instance::given_up() const {
  if (plan_.is_notebook()) return "JupyterLab " + unhealthy_ + ".";
  const auto stream = plan_.log_streams.find(options_.host);
  const std::string name = stream == plan_.log_streams.end() ? "" : stream->second;
  return "The primary container for production variant " + name.substr(0, name.find('/')) +
         " did not pass the ping health check: it " + unhealthy_ +
         ". Please check CloudWatch logs for this endpoint.";
}

/// Of a program that has not said by itself why it failed.
std::string Instance::program_failure(int status, const OutputPump& pump) const {
  if (image_) {
    return pump.tail() + (pump.tail().empty() ? "" : ", ") + "exit code: " + std::to_string(status);
  }
  if (plan_.is_notebook()) {
    return fmt::format("JupyterLab ended with exit code {}{}{}", status,
                       pump.tail().empty() ? "" : ": ", pump.tail());
  }
  return "ExecuteUserScriptError:\nExitCode " + std::to_string(status) + "\nErrorMessage \"" +
         pump.tail() + "\"\nCommand \"" + compute::kInsidePrograms + "/" +
         options_.toolkit.filename().string() + " " + name_of(plan_.kind) + "\"";
}

void Instance::upload() {
  mark_finished(paths_, options_.host);
  if (plan_.hosts.front() != options_.host) return;
  const bool was_stopped = stopping_;
  const bool complete = await_others(paths_, plan_, stop_, plan_.stop_grace + kOthersSlack);
  if (stop_.triggered() && !was_stopped && plan_.hosts.size() > 1) receipt_.outcome = "stopped";
  if (!complete) return;
  reporter_.phase("Uploading");
  upload_results(transport_, paths_, plan_, [&](const std::string& line) {
    shipper_.line(to_millis(clock_.now()), line);
  });
}

}  // namespace trainyard::agent
