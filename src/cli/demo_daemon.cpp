#include "cli/demo_daemon.hpp"

#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <sys/wait.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/paths.hpp"
#include "cli/process.hpp"
#include "http/client.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kReady = "ready ";
constexpr std::chrono::seconds kStopTimeout{150};  // a job has 120 s after its SIGTERM
constexpr std::size_t kHealthMax = 64 * 1024;

}  // namespace

bool is_trainyard(const std::string& url) {
  try {
    http::ClientOptions options;
    options.connect_timeout = std::chrono::seconds(2);
    options.read_timeout = std::chrono::seconds(5);
    const http::Address address = http::Address::parse(url);
    http::Connection connection(address, options);
    http::Outgoing request;
    request.target = "/_health";
    request.headers.set("Host", address.host_header());
    const http::Response response = connection.exchange(request, kHealthMax);
    return response.status == 200 && parse_json(response.body) &&
           to_lower(response.body).find("trainyard") != std::string::npos;
  } catch (const std::exception&) {
    return false;  // nobody there, or somebody who speaks otherwise
  }
}

DemoDaemon::DemoDaemon(const DemoOptions& options)
    : data_(fs::absolute(options.data.empty() ? default_data_dir() : fs::path(options.data))),
      config_(client::load_config()) {
  if (take(running_endpoint(data_))) {
    use_root_keys();
  } else if (options.data.empty() && take(config_.endpoint_url)) {
    has_folder_ = false;
  } else {
    start(options.listen);
    use_root_keys();
  }
  config_.endpoint_url = url_;
  config_.service_endpoints.clear();
}

bool DemoDaemon::take(const std::string& url) {
  if (url.empty() || !is_trainyard(url)) return false;
  url_ = url;
  return true;
}

void DemoDaemon::use_root_keys() {
  const RootKeys keys = read_root_keys(data_);
  config_.credentials = client::fixed_credentials({keys.access_key, keys.secret, ""});
  config_.region = "us-east-1";
}

void DemoDaemon::start(const std::string& listen) {
  fs::create_directories(data_);
  std::string line;
  pid_ = start_detached({own_program().string(), "serve", "--data", data_.string(), "--listen",
                         listen},
                        data_ / "daemon.log", line);
  started_ = true;
  if (!line.starts_with(kReady)) {
    stop();
    throw SystemError("the daemon said '" + line + "' instead of that it is ready");
  }
  url_ = std::string(trim(line.substr(std::string_view(kReady).size())));
}

void DemoDaemon::stop() {
  if (!started_) return;
  started_ = false;
  ::kill(pid_, SIGINT);
  SystemClock clock;
  const Time deadline = clock.now() + kStopTimeout;
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (clock.now() > deadline) throw SystemError("the daemon is still stopping its jobs");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace trainyard::cli
