#include "agent/agent.hpp"

#include "agent/instance.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace trainyard::agent {
namespace {

/// The last report is not worth waiting for longer: the daemon looks for receipts by itself.
constexpr std::chrono::milliseconds kLastReportMax{30'000};

}  // namespace

void run_agent(const AgentOptions& options, StopSignal& stop, Clock& clock) {
  compute::AttemptPaths paths{options.attempt};
  if (fs::exists(paths.receipt(options.host))) return;
  Plan plan = parse_plan(read_file(paths.plan()));
  if (std::find(plan.hosts.begin(), plan.hosts.end(), options.host) == plan.hosts.end()) {
    throw SystemError("the plan has no host " + options.host);
  }
  if (fs::exists(paths.stop())) stop.trigger();
  DaemonLink link(options.reports, plan.attempt, options.host, plan.token, paths.plan());
  CommandListener commands(link, stop);
  Reporter reporter(link, stop, clock);
  Instance instance(options, plan, link, reporter, stop, clock);
  Receipt receipt = instance.run();
  json::object written = to_json(receipt);
  log_info("ended: {}", dump(written));
  write_file_atomically(paths.receipt(options.host), dump(written), 0644, "receipt.rename");
  reporter.ended(written, kLastReportMax);
}

}  // namespace trainyard::agent
