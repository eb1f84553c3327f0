#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "cli/asl_mocks.hpp"
#include "cli/asl_run.hpp"
#include "cli/asl_show.hpp"
#include "cli/cli.hpp"
#include "cli/interrupt.hpp"

namespace trainyard::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kJob = R"({"StartAt":"Work","States":{
  "Work":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createTrainingJob.sync",
          "TimeoutSeconds":60,"Next":"Rest",
          "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":5,"MaxAttempts":2}],
          "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Sorry"}]},
  "Rest":{"Type":"Wait","Seconds":3600,"Next":"Done"},
  "Done":{"Type":"Succeed"},
  "Sorry":{"Type":"Fail","Error":"E","CausePath":"$.Error"}}})";

struct Watcher final : RunObserver {
  void happened(const asl::HistoryEvent& event, const Subject&) override {
    types.push_back(event.type);
  }
  void will_retry(const Subject& subject, Duration after) override {
    retries.push_back(subject.label() + " in " + std::to_string(after.count()));
  }
  std::vector<std::string> types, retries;
};

/// A run on a clock that only leaps move.
class OneRun {
 public:
  explicit OneRun(const char* definition, const char* input = "{}") {
    asl::Parsed parsed = asl::parse_machine(definition);
    EXPECT_EQ(asl::to_text(parsed.problems), "");
    machine = std::move(parsed.machine);
    facts = {"arn", "run",       "role",       "machine arn", "machine",
             "us-east-1", clock.now(), *parse_json(input), input, {}, {}};
  }

  asl::Ended go(TaskRunner& tasks) {
    return LocalRun(machine, facts, pace, random, tasks, watcher).run();
  }
  asl::Ended go_with(const char* mocks) {
    NoTasks none;
    MockTasks tasks(parse_mocks("mocks", mocks, machine), none);
    return go(tasks);
  }
  int64_t seconds() { return (pace.now() - clock.now()).count() / 1000; }

  ManualClock clock;
  Pace pace{clock, true};
  SeededRandom random{1};
  asl::Machine machine;
  asl::Facts facts;
  Watcher watcher;
};

TEST(AslRun, MocksAnswerAndWaitsAreSkipped) {
  OneRun run(kJob);
  const asl::Ended ended = run.go_with(
      R"({"Work":[{"error":"Busy","cause":"full","seconds":2},{"result":{"n":1},"seconds":30}]})");
  EXPECT_EQ(ended.status, asl::Status::succeeded);
  EXPECT_EQ(ended.output, R"({"n":1})");
  EXPECT_EQ(run.seconds(), 2 + 5 + 30 + 3600);
  EXPECT_THAT(run.watcher.retries, ElementsAre("Work in 5000"));
  EXPECT_THAT(run.watcher.types,
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskSubmitted", "TaskFailed", "TaskScheduled", "TaskStarted",
                          "TaskSubmitted", "TaskSucceeded", "TaskStateExited", "WaitStateEntered",
                          "WaitStateExited", "SucceedStateEntered", "SucceedStateExited",
                          "ExecutionSucceeded"));
}

TEST(AslRun, TheLastAnswerStays) {
  OneRun run(kJob);
  const asl::Ended ended = run.go_with(R"({"Work":{"error":"Busy"}})");
  EXPECT_EQ(ended.status, asl::Status::failed);
  EXPECT_EQ(ended.error, "E");
  EXPECT_EQ(ended.cause, "Busy");
  EXPECT_THAT(run.watcher.retries, ElementsAre("Work in 5000", "Work in 10000"));
}

TEST(AslRun, AnAnswerThatComesTooLateIsATimeout) {
  OneRun run(kJob);
  const asl::Ended ended = run.go_with(R"({"Work":{"result":1,"seconds":61}})");
  EXPECT_EQ(ended.cause, "States.Timeout");
  EXPECT_EQ(run.seconds(), 60);
}

TEST(AslRun, WithoutAMockTheStateAndTheWaysOutAreNamed) {
  OneRun run(kJob);
  try {
    run.go_with("{}");
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_STREQ(error.what(),
                 "state 'Work' calls arn:aws:states:::sagemaker:createTrainingJob.sync: give its "
                 "answer with --mock FILE, or a daemon that does it with --endpoint URL");
  }
  EXPECT_EQ(run.watcher.types.back(), "ExecutionAborted");
}

TEST(AslRun, MockFilesThatAreWrongSayWhere) {
  const OneRun run(kJob);
  const std::pair<const char*, const char*> cases[] = {
      {"{", "mocks: incomplete JSON"},
      {"[]", "must be an object"},
      {R"({"Rest":{"result":1}})", "no Task state called 'Rest'"},
      {R"({"Wrok":{"result":1}})", "no Task state called 'Wrok'"},
      {R"({"Work":1})", "either \"result\" or \"error\""},
      {R"({"Work":{}})", "either \"result\" or \"error\""},
      {R"({"Work":{"result":1,"error":"E"}})", "either \"result\" or \"error\""},
      {R"({"Work":[]})", "'Work' has no answer"},
      {R"({"Work":{"error":1}})", "\"error\" of 'Work' must be text"},
      {R"({"Work":{"result":1,"cause":"c"}})", "belongs to an \"error\""},
      {R"({"Work":{"result":1,"after":3}})", "has \"after\""},
      {R"({"Work":{"result":1,"seconds":-1}})", "between 0 and 99999999"}};
  for (const auto& [text, why] : cases) {
    try {
      parse_mocks("mocks", text, run.machine);
      ADD_FAILURE() << text;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }
}

/// A job that runs elsewhere and ends at the third look.
struct FarTasks : TaskRunner {
  std::vector<Reaction> call(const Subject&, const asl::CallTask& task) override {
    open = task.call;
    return {{Duration{0}, asl::TaskSubmitted{task.call, json::object{}}}};
  }
  bool is_busy() const override { return open.has_value(); }
  std::vector<asl::Event> poll() override {
    if (!open || ++looks < 3) return {};
    const asl::CallId call = *std::exchange(open, std::nullopt);
    return {asl::TaskCompleted{call, {json::object{{"far", true}}, std::nullopt}}};
  }
  void cancel(const asl::CancelTask& task) override { cancelled.push_back(task.call.text()); }

  std::optional<asl::CallId> open;
  int looks = 0;
  std::vector<std::string> cancelled;
};

TEST(AslRun, NoTimeIsSkippedWhileAJobRunsElsewhere) {
  OneRun run(kJob);
  FarTasks tasks;
  const asl::Ended ended = run.go(tasks);
  EXPECT_EQ(ended.output, R"({"far":true})") << "its time of 60 s was not leapt over";
  EXPECT_EQ(run.seconds(), 3600);
}

// In a process of its own: whoever was interrupted once stays it.
TEST(AslRunDeathTest, InterruptedItStopsWhatItHasBegun) {
  struct Impatient final : FarTasks {
    std::vector<asl::Event> poll() override {
      if (open) ::raise(SIGINT);
      return {};
    }
  };
  EXPECT_EXIT(
      {
        catch_interrupts();
        OneRun run(kJob);
        Impatient tasks;
        const asl::Ended ended = run.go(tasks);
        std::fprintf(stderr, "%s, cancelled %zu", std::string(asl::name_of(ended.status)).c_str(),
                     tasks.cancelled.size());
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "ABORTED, cancelled 1");
}

/// What a run says on a screen that is no terminal.
std::string shown(const char* definition, const char* mocks, const char* input) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* file = ::open_memstream(&text, &size);
  {
    OneRun run(definition, input);
    Screen screen(file);
    RunProgress progress(run.machine, screen, run.pace.now());
    NoTasks none;
    MockTasks tasks(parse_mocks("mocks", mocks, run.machine), none);
    const asl::Ended ended =
        LocalRun(run.machine, run.facts, run.pace, run.random, tasks, progress).run();
    progress.ended(ended, run.pace.now());
  }
  std::fclose(file);
  std::string said(text, size);
  std::free(text);
  return said;
}

TEST(AslShow, TellsWhatHappensWithItsTime) {
  EXPECT_EQ(shown(kJob, R"({"Work":[{"error":"Busy","cause":"no\nroom"},
                                    {"result":{},"seconds":1.5}]})", "{}"),
            "     0.000 s  ▶ Work\n"
            "     0.000 s    ✗ TaskFailed Busy: no\uFFFDroom\n"
            "     0.000 s    ↻ Work again in 5.000 s\n"
            "     6.500 s  ✓ Work after 6.500 s\n"
            "     6.500 s  ▶ Rest\n"
            "  3606.500 s  ✓ Rest after 3600.000 s\n"
            "  3606.500 s  ✓ Done\n"
            "  3606.500 s  ✓ SUCCEEDED\n");
}

TEST(AslShow, PlacesStatesInTheirBranchesAndIterations) {
  const char* definition = R"({"StartAt":"Both","States":{
    "Both":{"Type":"Parallel","Next":"Bad","Branches":[
      {"StartAt":"Rest","States":{"Rest":{"Type":"Wait","Seconds":9,"End":true}}},
      {"StartAt":"Rows","States":{"Rows":{"Type":"Map","MaxConcurrency":1,"End":true,
        "ItemProcessor":{"StartAt":"Cells","States":{"Cells":{"Type":"Map","End":true,
          "ItemProcessor":{"StartAt":"Cell","States":{"Cell":{"Type":"Task","End":true,
             "Resource":"arn:aws:states:us-east-1:000000000000:activity:cell",
             "Retry":[{"ErrorEquals":["Dull"]}]}}}}}}}}}]},
    "Bad":{"Type":"Fail","Error":"E"}}})";
  EXPECT_EQ(shown(definition, R"m({"Cell":[{"error":"Dull"},{"result":2}],
                                   "Cell (Rows[0] Cells[0])":{"result":1,"seconds":2}})m",
                  "[[1],[2]]"),
            "     0.000 s  ▶ Both\n"
            "     0.000 s    ▶ Rest\n"
            "     0.000 s    ▶ Rows\n"
            "     0.000 s      ▶ Cells (Rows[0])\n"
            "     0.000 s        ▶ Cell (Rows[0] Cells[0])\n"
            "     2.000 s        ✓ Cell (Rows[0] Cells[0]) after 2.000 s\n"
            "     2.000 s      ✓ Cells (Rows[0]) after 2.000 s\n"
            "     2.000 s      ▶ Cells (Rows[1])\n"
            "     2.000 s        ▶ Cell (Rows[1] Cells[0])\n"
            "     2.000 s          ✗ ActivityFailed Dull\n"
            "     2.000 s          ↻ Cell (Rows[1] Cells[0]) again in 1.000 s\n"
            "     3.000 s        ✓ Cell (Rows[1] Cells[0]) after 1.000 s\n"
            "     3.000 s      ✓ Cells (Rows[1]) after 1.000 s\n"
            "     3.000 s    ✓ Rows after 3.000 s\n"
            "     9.000 s    ✓ Rest after 9.000 s\n"
            "     9.000 s  ✓ Both after 9.000 s\n"
            "     9.000 s  ✗ Bad\n"
            "     9.000 s  ✗ FAILED E\n");
}

/// The program, called with files in a folder of its own.
class Asl : public ::testing::Test {
 protected:
  std::string write(const char* name, const std::string& text) {
    write_file_atomically(folder_.path() / name, text);
    return (folder_.path() / name).string();
  }
  int call(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    arguments.insert(arguments.begin(), {"trainyard", "asl"});
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run(static_cast<int>(pointers.size()), pointers.data());
    std::fflush(stdout);
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
    return code;
  }

  TempDir folder_;
  std::string out, err;
};

TEST_F(Asl, ValidateSaysWhatIsWrongAndWhere) {
  EXPECT_EQ(call({"validate", write("good", kJob)}), 0);
  EXPECT_EQ(out, "");
  const std::string bad = write("bad", R"({"StartAt":"A","States":{"A":{"Type":"Pass"}}})");
  EXPECT_EQ(call({"validate", bad}), 1);
  EXPECT_EQ(out, "ERROR SCHEMA_VALIDATION_FAILED: One of these fields is required: [Next, End] at "
                 "/States/A\n");
  EXPECT_EQ(call({"validate", "--json", bad}), 1);
  const json::value answer = parse_own_json(out);
  EXPECT_EQ(answer.at("result"), "FAIL");
  EXPECT_EQ(answer.at("diagnostics").at(0).at("location"), "/States/A");
  EXPECT_EQ(call({"validate", "--json", write("good", kJob)}), 0);
  EXPECT_EQ(out, "{\"result\":\"OK\",\"diagnostics\":[],\"truncated\":false}\n");
  EXPECT_EQ(call({"validate"}), 2);
  EXPECT_EQ(call({"validate", (folder_.path() / "nothing").string()}), 1);
}

TEST_F(Asl, WhatTheSdksWriteIsValid) {
  EXPECT_EQ(call({"validate", TRAINYARD_SOURCE_DIR "/src/sdk/testdata/steps.json"}), 0) << out;
  EXPECT_EQ(call({"validate", TRAINYARD_SOURCE_DIR "/src/sdk/testdata/definition.json"}), 0) << out;
}

TEST_F(Asl, ValidateWarnsOfWhatIsOdd) {
  EXPECT_EQ(call({"validate", write("odd", R"({"StartAt":"A","States":{"A":{"Type":"Pass",
      "Parameters":{"a":"$.b"},"End":true}}})")}), 0);
  EXPECT_TRUE(out.starts_with("WARNING NO_DOLLAR: ")) << out;
}

TEST_F(Asl, ValidateChecksWhatTasksCall) {
  EXPECT_EQ(call({"validate", write("calls", R"({"StartAt":"A","States":{"A":{"Type":"Task",
      "Resource":"arn:aws:states:::aws-sdk:sagemaker:listModles","End":true}}})")}), 1);
  EXPECT_THAT(out, HasSubstr("listModles is not recognized"));
  EXPECT_THAT(out, HasSubstr("at /States/A/Resource"));
}

TEST_F(Asl, GraphDrawsOnTheTerminalOrAsSvg) {
  const std::string definition = write("job.asl.json", kJob);
  EXPECT_EQ(call({"graph", definition}), 0);
  EXPECT_THAT(out, HasSubstr("│ Work │"));
  EXPECT_EQ(out.find('\x1b'), std::string::npos) << "no terminal, no colours";
  const std::string svg = (folder_.path() / "x.svg").string();
  EXPECT_EQ(call({"graph", definition, "-o", svg}), 0);
  EXPECT_EQ(out, "");
  EXPECT_TRUE(read_file(svg).starts_with("<svg "));
  EXPECT_EQ(call({"graph", definition, "-o", "-"}), 0);
  EXPECT_EQ(out, read_file(svg));
  EXPECT_EQ(call({"graph", write("bad", "[]")}), 1);
  EXPECT_THAT(err, HasSubstr("no JSON object"));
}

TEST_F(Asl, RunPrintsTheOutputAloneOnStdout) {
  const std::string definition = write("job.asl.json", kJob);
  const std::string mocks = write("mocks.json", R"({"Work":{"result":{"n":1}}})");
  EXPECT_EQ(call({"run", definition, "--mock", mocks, "--skip-waits"}), 0);
  EXPECT_EQ(out, "{\"n\":1}\n");
  EXPECT_THAT(err, HasSubstr("SUCCEEDED"));
  EXPECT_EQ(call({"run", definition, "--mock", mocks, "--skip-waits", "--quiet", "--history"}), 0);
  EXPECT_EQ(err, "");
  const std::string last = out.substr(out.rfind('\n', out.size() - 2) + 1);
  const json::value event = parse_own_json(last.substr(0, last.size() - 1));
  EXPECT_EQ(event.at("type"), "ExecutionSucceeded");
  EXPECT_EQ(event.at("executionSucceededEventDetails").at("output"), R"({"n":1})");
  EXPECT_TRUE(event.as_object().contains("timestamp"));
}

TEST_F(Asl, TheExampleRunsAsTheReadmeHasIt) {
  const std::string folder = TRAINYARD_SOURCE_DIR "/examples/workflow/";
  EXPECT_EQ(call({"validate", folder + "candidates.asl.json"}), 0) << out;
  EXPECT_EQ(call({"run", folder + "candidates.asl.json", "--input", "@" + folder + "input.json",
                  "--mock", folder + "mocks.json", "--skip-waits"}), 0) << err;
  EXPECT_EQ(out, R"({"chosen":{"name":"candidate-2","model":"s3://models/2.tar.gz"}})" "\n");
}

TEST_F(Asl, RunTellsFailureFromWhatCouldNotBegin) {
  const std::string echo = write(
      "echo", R"({"StartAt":"A","States":{"A":{"Type":"Pass","OutputPath":"$.a","End":true}}})");
  EXPECT_EQ(call({"run", echo, "--input", R"({"a":[1]})"}), 0);
  EXPECT_EQ(out, "[1]\n");
  EXPECT_EQ(call({"run", echo, "--input", "@" + write("input", R"({"a":2})")}), 0);
  EXPECT_EQ(out, "2\n");
  EXPECT_EQ(call({"run", echo}), 1);  // the path leads nowhere
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("FAILED States.Runtime"));
  EXPECT_EQ(call({"run", echo, "--input", "{"}), 2);
  EXPECT_THAT(err, HasSubstr("--input is no JSON"));
  EXPECT_EQ(call({"run", "-", "--input", "-"}), 2);
  EXPECT_EQ(call({"run", (folder_.path() / "nothing").string()}), 2);
  EXPECT_EQ(call({"run", write("bad", "{}")}), 2);
  EXPECT_THAT(err, HasSubstr("SCHEMA_VALIDATION_FAILED"));
  EXPECT_EQ(call({"run", echo, "--mock", write("mocks", R"({"B":{"result":1}})")}), 2);
  EXPECT_THAT(err, HasSubstr("no Task state called 'B'"));
  EXPECT_EQ(call({"run", echo, "--endpoint", "nonsense"}), 2);
  EXPECT_THAT(err, HasSubstr("address nonsense"));
}

}  // namespace
}  // namespace trainyard::cli
