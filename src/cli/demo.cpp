#include "cli/demo.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/demo_run.hpp"
#include "cli/interrupt.hpp"
#include "http/client.hpp"

namespace trainyard::cli {
namespace {

constexpr int kEpochsForAccuracy = 6;
// What the tutorial's settings reach on the test set; shorter training is held to less.
constexpr double kAccuracyMin = 0.96;
constexpr double kShortAccuracyMin = 0.80;

int succeed(const DemoOptions& options, DemoRun& run, const DemoResult& result, int64_t started,
            Screen& screen) {
  const double wanted =
      options.epochs >= kEpochsForAccuracy ? kAccuracyMin : kShortAccuracyMin;
  if (result.accuracy < wanted) {
    throw SystemError(fmt::format("accuracy {:.4f} is below {:.2f}", result.accuracy, wanted));
  }
  if (options.remove) {
    run.remove();
  } else {
    screen.say(run.how_to_end());
  }
  const int64_t seconds = (monotonic_nanos() - started) / 1'000'000'000;
  screen.settle();
  screen.say(fmt::format("demo: ok accuracy={:.4f} execution={} endpoint={} seconds={} console={}",
                         result.accuracy, result.execution_status, result.endpoint_status, seconds,
                         result.console_url));
  return 0;
}

}  // namespace

void add_demo_options(CLI::App& demo, DemoOptions& options) {
  demo.require_subcommand(1);
  CLI::App* mnist =
      demo.add_subcommand("mnist", "Train and serve MNIST through a Step Functions pipeline");
  mnist->add_option("--data", options.data, "Folder of the daemon's data")->type_name("DIR");
  mnist->add_option("--listen", options.listen, "Where a daemon that has to be started listens")
      ->type_name("HOST:PORT")->capture_default_str();
  mnist->add_option("--program", options.program, "What trains and serves; default: mnist beside "
                    "this program")->type_name("FILE");
  mnist->add_option("--epochs", options.epochs, "Passes over the training images")
      ->check(CLI::Range(1, 100))->capture_default_str();
  mnist->add_option("--instances", options.instances, "Instances that train and serve")
      ->check(CLI::Range(1, 8))->capture_default_str();
  mnist->add_option("--instance-type", options.instance_type, "Their type")->capture_default_str();
  mnist->add_flag("--rm", options.remove, "Leave nothing running");
}

int run_demo(const DemoOptions& options) {
  const int64_t started = monotonic_nanos();
  Screen screen(stdout);
  catch_interrupts();
  DemoRun run(options, screen);
  std::string failure;
  try {
    return succeed(options, run, run.run(), started, screen);
  } catch (const Interrupted&) {
    screen.settle();
    screen.say("stopping what was started …");
    run.remove();
    screen.say("demo: failed: interrupted");
    return kInterruptedCode;
  } catch (const ApiError& error) {
    failure = error.code() + ": " + error.message();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  screen.settle();
  if (options.remove) {
    run.remove();
  } else if (const std::string how = run.how_to_end(); !how.empty()) {
    screen.say(how);
  }
  screen.say("demo: failed: " + failure);
  return 1;
}

}  // namespace trainyard::cli
