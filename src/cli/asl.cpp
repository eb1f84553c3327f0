#include "cli/asl.hpp"

#include <cstdio>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "asl/machine.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "cli/asl_mocks.hpp"
#include "cli/asl_run.hpp"
#include "cli/asl_show.hpp"
#include "cli/asl_tasks.hpp"
#include "cli/interrupt.hpp"
#include "cli/screen.hpp"
#include "client/config.hpp"
#include "client/transport.hpp"
#include "graph/graph.hpp"
#include "http/client.hpp"
#include "server/door.hpp"
#include "services/states/validate.hpp"
#include "wire/json.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kAccount = "000000000000";
constexpr const char* kRegion = "us-east-1";

/// A file's text, or all of standard input for "-".
std::string read_source(const std::string& name) {
  if (name != "-") return read_file(name);
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

/// TEXT, "@file" or "-".
std::string read_input(const std::string& source) {
  if (source == "-") return read_source(source);
  return source.starts_with('@') ? read_source(source.substr(1)) : source;
}

/// What a definition is called in what is said about it: the file's name without its ending.
std::string name_of_source(const std::string& source) {
  return source == "-" ? "stdin" : fs::path(source).stem().string();
}

int validate(const AslOptions& options) {
  states::ValidateStateMachineDefinitionInput input;
  input.definition = read_source(options.definition);
  input.severity = "WARNING";  // and what is worse
  input.max_results = std::numeric_limits<int32_t>::max();
  const auto answer = states::validate_definition(server::ServiceDoor(), input);
  if (options.json) {
    fmt::print("{}\n", dump(wire::to_json(answer)));
  } else {
    for (const auto& problem : answer.diagnostics) {
      fmt::print("{} {}: {}{}\n", problem.severity, problem.code, problem.message,
                 problem.location ? " at " + *problem.location : "");
    }
  }
  return answer.result == "OK" ? 0 : 1;
}

int draw(const AslOptions& options) {
  std::string error;
  const auto definition = parse_json(read_source(options.definition), &error);
  if (!definition) throw SystemError("the definition is no JSON: " + error);
  if (!definition->is_object()) throw SystemError("the definition is no JSON object");
  const graph::Graph graph = graph::from_definition(definition->get_object());
  if (options.drawing.empty()) {
    const Screen screen(stdout);
    fmt::print("{}", graph::to_text(graph, {}, screen.colour()));
  } else if (options.drawing == "-") {
    fmt::print("{}\n", graph::to_svg(graph));
  } else {
    write_file_atomically(options.drawing, graph::to_svg(graph) + "\n");
  }
  return 0;
}

/// Passes on what happens: to standard output, to whoever shows progress, and for the drawing at
/// the end.
class Watcher final : public RunObserver {
 public:
  Watcher(bool prints, bool keeps, RunProgress* progress)
      : prints_(prints), keeps_(keeps), progress_(progress) {}

  void happened(const asl::HistoryEvent& event, const Subject& subject) override {
    if (prints_) {
      json::object object{{"timestamp", iso8601(event.at)}};
      for (const auto& member : asl::to_json(event)) object[member.key()] = member.value();
      fmt::print("{}\n", dump(object));
      std::fflush(stdout);
    }
    if (keeps_) events_.push_back(asl::to_json(event));
    if (progress_ != nullptr) progress_->happened(event, subject);
  }
  void will_retry(const Subject& subject, Duration after) override {
    if (progress_ != nullptr) progress_->will_retry(subject, after);
  }
  const json::array& events() const { return events_; }

 private:
  bool prints_;
  bool keeps_;
  RunProgress* progress_;
  json::array events_;
};

struct Prepared {
  json::object definition;
  asl::Machine machine;
  asl::Facts facts;
  Mocks mocks;
  std::shared_ptr<TaskRunner> others;
};

Prepared prepare(const AslOptions& options, Time now, Random& random) {
  if (options.definition == "-" && (options.input == "-" || options.input == "@-")) {
    throw SystemError("the definition and the input cannot both come from standard input");
  }
  const std::string definition = read_source(options.definition);
  asl::Parsed parsed = asl::parse_machine(definition);
  if (asl::has_errors(parsed.problems)) throw SystemError(asl::to_text(parsed.problems));
  const std::string input = read_input(options.input);
  std::string error;
  const auto value = parse_json(input, &error);
  if (!value) throw SystemError("--input is no JSON: " + error);
  Mocks mocks;
  if (!options.mocks.empty()) {
    mocks = parse_mocks(options.mocks, read_source(options.mocks), parsed.machine);
  }
  const std::string machine = name_of_source(options.definition);
  const std::string name = random.uuid();
  const std::string states = fmt::format("arn:aws:states:{}:{}", kRegion, kAccount);
  asl::Facts facts{fmt::format("{}:execution:{}:{}", states, machine, name),
                   name,
                   fmt::format("arn:aws:iam::{}:role/{}", kAccount, machine),
                   fmt::format("{}:stateMachine:{}", states, machine),
                   machine,
                   kRegion,
                   now,
                   *value,
                   input,
                   {},
                   {}};
  return {parse_own_json(definition).as_object(), std::move(parsed.machine), std::move(facts),
          std::move(mocks), nullptr};
}

/// Tasks done by the daemon at an endpoint, as whoever the environment says we are.
struct EndpointTasks {
  EndpointTasks(client::Config config, const asl::Facts& facts, Random& random, Screen& screen)
      : transport(std::move(config)),
        tasks(transport, facts.id, clock, random,
              [&screen](const std::string& line) { screen.say(line); }) {}

  client::Transport transport;
  SystemClock clock;
  DaemonTasks tasks;
};

/// Who does the tasks that have no mock. SystemError for an endpoint that is none, and for nobody's
/// credentials.
std::shared_ptr<TaskRunner> tasks_of(const AslOptions& options, const asl::Facts& facts,
                                     Random& random, Screen& screen) {
  if (options.endpoint.empty()) return std::make_shared<NoTasks>();
  client::Config config = client::load_config();
  config.endpoint_url = options.endpoint;
  config.service_endpoints.clear();
  http::Address::parse(config.endpoint_url);
  if (config.credentials) config.credentials->get();
  auto endpoint = std::make_shared<EndpointTasks>(std::move(config), facts, random, screen);
  return {endpoint, &endpoint->tasks};
}

int run_prepared(const AslOptions& options, Prepared& prepared, Pace& pace, Random& random,
                 Screen& screen) {
  const bool draws = screen.terminal() && !options.quiet;
  RunProgress progress(prepared.machine, screen, prepared.facts.started);
  Watcher watcher(options.history, draws, options.quiet ? nullptr : &progress);
  MockTasks tasks(std::move(prepared.mocks), *prepared.others);
  LocalRun run(prepared.machine, prepared.facts, pace, random, tasks, watcher);
  catch_interrupts();
  const asl::Ended ended = run.run();
  if (!options.quiet) progress.ended(ended, pace.now());
  if (draws) {
    screen.say("\n" + graph::to_text(graph::from_definition(prepared.definition),
                                     graph::statuses(watcher.events()), screen.colour()));
  }
  if (ended.status != asl::Status::succeeded) return 1;
  if (!options.history) fmt::print("{}\n", ended.output);
  return 0;
}

int run(const AslOptions& options) {
  SystemClock clock;
  SystemRandom random;
  Pace pace(clock, options.skip_waits);
  Screen screen(stderr);
  Prepared prepared;
  try {
    prepared = prepare(options, pace.now(), random);
    prepared.others = tasks_of(options, prepared.facts, random, screen);
  } catch (const SystemError& error) {
    fmt::print(stderr, "trainyard: {}\n", error.what());
    return kUsageCode;
  }
  return run_prepared(options, prepared, pace, random, screen);
}

void add_definition(CLI::App& command, AslOptions& options) {
  command.add_option("definition", options.definition, "The definition; - is standard input")
      ->type_name("FILE")->required();
}

}  // namespace

void add_asl_options(CLI::App& asl, AslOptions& options) {
  asl.require_subcommand(1);
  CLI::App* validate = asl.add_subcommand(
      "validate", "Check a definition: one line a problem, and 1 when it has errors");
  add_definition(*validate, options);
  validate->add_flag("--json", options.json,
                     "Print what ValidateStateMachineDefinition would answer");

  CLI::App* graph = asl.add_subcommand("graph", "Draw a definition, on the terminal or as SVG");
  add_definition(*graph, options);
  graph->add_option("-o,--output", options.drawing, "Write an SVG there; - is standard output")
      ->type_name("FILE");

  CLI::App* run = asl.add_subcommand(
      "run", "Run a definition in this process: what it does on stderr, its output on stdout");
  add_definition(*run, options);
  run->add_option("--input", options.input, "The execution's input: JSON, @FILE, or - for "
                  "standard input")->type_name("TEXT")->capture_default_str();
  run->add_option("--mock", options.mocks,
                  "Answers of tasks by state: {\"State\": {\"result\": …}}, or a list of them, one "
                  "a call; {\"error\": …, \"cause\": …} fails; \"seconds\" is how long it takes")
      ->type_name("FILE");
  run->add_option("--endpoint", options.endpoint,
                  "A running daemon that does the tasks that are not mocked, for real and as you")
      ->type_name("URL");
  run->add_flag("--skip-waits", options.skip_waits,
                "Let no time pass in waits, retries and the seconds of mocks");
  run->add_flag("--history", options.history,
                "Print the history's events on stdout, one JSON a line, instead of the output");
  run->add_flag("-q,--quiet", options.quiet, "Say nothing on the way");
}

int run_asl(const CLI::App& asl, const AslOptions& options) {
  if (asl.got_subcommand("validate")) return validate(options);
  if (asl.got_subcommand("graph")) return draw(options);
  return run(options);
}

}  // namespace trainyard::cli
