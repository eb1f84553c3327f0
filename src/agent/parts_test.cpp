// The parts of an agent that need neither a daemon nor a sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/image.hpp"
#include "agent/lines.hpp"
#include "agent/log_queue.hpp"
#include "agent/metrics.hpp"
#include "agent/plan.hpp"
#include "agent/receipt.hpp"
#include "agent/shipper.hpp"
#include "agent/volume.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace trainyard::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  LineSplitter splitter;
  auto take = [&](std::string_view line) { lines.emplace_back(line); };
  for (const auto& piece : pieces) splitter.feed(piece, take);
  splitter.finish(take);
  return lines;
}

TEST(Lines, AreCutAtTheirEnds) {
  EXPECT_THAT(lines_of({"a\nb", "c\r\n", "\nlast"}), ElementsAre("a", "bc", "", "last"));
  EXPECT_THAT(lines_of({}), IsEmpty());
  EXPECT_THAT(lines_of({"\n"}), ElementsAre(""));
  // However the stream is cut, the lines are the same.
  SeededRandom random(3);
  const std::string text = "one\ntwo\r\n\nthree, which is longer\nend";
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      pieces.push_back(text.substr(at, 1 + random.below(9)));
      at += pieces.back().size();
    }
    EXPECT_THAT(lines_of(pieces), ElementsAre("one", "two", "", "three, which is longer", "end"));
  }
}

TEST(Lines, LongOnesAreSplitBetweenCharacters) {
  const std::string euro = "\xE2\x82\xAC";
  std::string text(kLineBytesMax - 1, 'x');
  for (const auto& pieces :
       {std::vector{text + euro + "tail\n"}, std::vector{text, euro + "tail"}}) {
    auto lines = lines_of(pieces);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0], text);
    EXPECT_EQ(lines[1], euro + "tail");
  }
}

std::vector<std::string> drain(LogQueue& queue) {
  std::vector<std::string> texts;
  for (auto batch = queue.take(); !batch.empty(); batch = queue.take()) {
    for (const LogEvent& event : batch) texts.push_back(event.text);
  }
  return texts;
}

std::vector<LogEvent> events(int begin, int end) {
  std::vector<LogEvent> made;
  for (int i = begin; i < end; ++i) made.push_back({i, "line " + std::to_string(i)});
  return made;
}

TEST(Image, ItsProgramIsAsDockerWouldHaveIt) {
  using Words = std::vector<std::string>;
  struct {
    Words image, entrypoint, arguments;
    Kind kind;
    Words expected;
  } rows[] = {
      {{}, {}, {}, Kind::train, {"train"}},
      {{}, {}, {}, Kind::serve, {"serve"}},
      {{"python", "m.py"}, {}, {}, Kind::train, {"python", "m.py", "train"}},
      {{"python", "m.py"}, {}, {"--fast"}, Kind::train, {"python", "m.py", "--fast"}},
      {{"python", "m.py"}, {"sh", "-c"}, {"echo"}, Kind::train, {"sh", "-c", "echo"}},
      {{"python", "m.py"}, {"/run"}, {}, Kind::train, {"/run"}},
  };
  for (const auto& row : rows) {
    compute::Image image;
    image.entrypoint = row.image;
    image.command = {"bash"};
    Plan plan;
    plan.kind = row.kind;
    plan.entrypoint = row.entrypoint;
    plan.arguments = row.arguments;
    EXPECT_EQ(command_line(image, plan), row.expected);
  }
  compute::Image image;
  image.home = "/root";
  EXPECT_EQ(image_variables(image).at("HOME"), "/root");
  image.environment = {{"HOME", "/elsewhere"}, {"A", "b"}};
  EXPECT_EQ(image_variables(image).at("HOME"), "/elsewhere");
  EXPECT_EQ(image_variables(image).at("A"), "b");
}

TEST(LogQueue, KeepsTheOrderThroughMemoryAndSpool) {
  TempDir folder;
  LogQueueLimits limits;
  limits.memory_bytes = 2'000;
  limits.batch_bytes = 900;
  limits.gather = std::chrono::milliseconds(0);
  std::vector<std::string> expected, seen;
  {
    LogQueue queue(folder.path() / "spool", limits);
    SeededRandom random(5);
    int pushed = 0;
    for (int round = 0; round < 60; ++round) {
      const int count = static_cast<int>(random.below(120));
      queue.push(events(pushed, pushed + count));
      pushed += count;
      for (int takes = static_cast<int>(random.below(6)); takes > 0; --takes) {
        if (static_cast<int>(seen.size()) == pushed) break;
        for (const LogEvent& event : queue.take()) seen.push_back(event.text);
      }
    }
    queue.close();
    for (auto& text : drain(queue)) seen.push_back(text);
    for (int i = 0; i < pushed; ++i) expected.push_back("line " + std::to_string(i));
    EXPECT_TRUE(fs::exists(folder.path() / "spool"));
  }
  EXPECT_EQ(seen, expected);
  EXPECT_FALSE(fs::exists(folder.path() / "spool"));
}

TEST(LogQueue, SaysHowManyItDropped) {
  TempDir folder;
  LogQueueLimits limits;
  limits.memory_bytes = 500;
  limits.spool_bytes = 1'000;
  limits.gather = std::chrono::milliseconds(0);
  LogQueue queue(folder.path() / "spool", limits);
  queue.push(events(0, 200));
  queue.close();
  auto texts = drain(queue);
  ASSERT_GT(texts.size(), 10u);
  EXPECT_EQ(texts.back(), "[trainyard] " + std::to_string(201 - texts.size()) +
                              " lines are missing here: the daemon was away for too long");
}

TEST(LogQueue, ASpoolThatCannotBeWrittenLosesLinesAndNothingElse) {
  TempDir folder;
  fs::create_symlink("/dev/full", folder.path() / "full");
  for (const fs::path& spool : {folder.path() / "full", folder.path() / "no-folder/spool"}) {
    LogQueueLimits limits;
    limits.memory_bytes = 2'000;
    limits.gather = std::chrono::milliseconds(0);
    LogQueue queue(spool, limits);
    constexpr int kLines = 60'000;  // several writes of the spool
    for (int i = 0; i < kLines; i += 100) queue.push(events(i, i + 100));
    queue.close();
    int missing = 0, lines = 0;
    for (const std::string& text : drain(queue)) {
      if (!text.starts_with("[trainyard] ")) {
        EXPECT_EQ(text, "line " + std::to_string(lines++));
        continue;
      }
      EXPECT_THAT(text, testing::HasSubstr(" lines are missing here: the log spool cannot be "
                                           "written: No s"));  // … space, … such file
      missing += std::stoi(text.substr(text.find(' ') + 1));
    }
    EXPECT_GT(lines, 0);
    EXPECT_EQ(lines + missing, kLines) << spool;
  }
}

TEST(LogQueue, AMillionLinesAreReportedFast) {
  TempDir folder;
  LogQueue queue(folder.path() / "spool", {});
  std::thread writer([&] {
    for (int i = 0; i < 1'000'000; i += 1'000) queue.push(events(i, i + 1'000));
    queue.close();
  });
  std::size_t count = 0, bytes = 0;
  for (auto batch = queue.take(); !batch.empty(); batch = queue.take()) {
    bytes += log_report("group", "stream", count, batch).size();
    count += batch.size();
  }
  writer.join();
  EXPECT_EQ(count, 1'000'000u);
  EXPECT_GT(bytes, count * 30);
}

TEST(LogReport, IsJsonWhateverALineHolds) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  auto report = parse_own_json(log_report("g\"", "s", 7, {{5, all}, {6, "\xC3\xA9"}})).as_object();
  EXPECT_EQ(find_string(report, "group"), "g\"");
  EXPECT_EQ(find_integer(report, "first"), 7);
  const auto& events = report.at("events").as_array();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(find_string(events[0].as_object(), "message"), all);
  EXPECT_EQ(find_integer(events[1].as_object(), "timestamp"), 6);
}

TEST(Metrics, AreTheFirstGroupOfTheFirstMatch) {
  std::vector<std::string> problems;
  MetricScanner scanner({{"loss", "Loss: ([0-9.eE+-]+)"},
                         {"broken", "("},
                         {"whole", "[0-9]+%"},
                         {"accuracy", "(?<=Accuracy: )\\d+"},
                         {"slow", "(a+)+$"}},
                        problems);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("metric broken: missing closing parenthesis")));
  auto found = [&](std::string_view line) {
    std::vector<MetricValue> values;
    scanner.scan(line, 9, values);
    std::vector<std::string> texts;
    for (const auto& value : values) texts.push_back(fmt::format("{}={}", value.name, value.value));
    return texts;
  };
  EXPECT_THAT(found("Train Epoch: 1 (21%) Loss: 2.25 Loss: 9"), ElementsAre("loss=2.25"));
  EXPECT_THAT(found("Loss: -1e-3, Accuracy: 93"), ElementsAre("loss=-0.001", "accuracy=93"));
  EXPECT_THAT(found("Loss: nan"), IsEmpty());
  EXPECT_THAT(found("Loss: 1.2.3"), IsEmpty());
  EXPECT_THAT(found("Loss: +5"), ElementsAre("loss=5"));
  EXPECT_THAT(found(""), IsEmpty());
  EXPECT_THAT(found(std::string(100, 'a') + "b"), IsEmpty());  // given up, not waited for
}

json::object small_plan() {
  return {{"version", 1},         {"kind", "train"},        {"attempt", "a-1"},
          {"token", "t"},         {"region", "us-east-1"},  {"name", "job"},
          {"hosts", {"algo-1"}},  {"log_group", "g"}};
}

TEST(Plan, ErrorsNameTheMember) {
  EXPECT_EQ(parse_plan(dump(small_plan())).stop_grace, std::chrono::seconds(120));
  struct Case {
    const char* member;
    json::value value;
    const char* words;
  };
  const Case cases[] = {
      {"version", 2, "version is not 1"},
      {"kind", "sing", "kind is not train, serve or notebook"},
      {"kind", "notebook", "arn is not a text"},
      {"token", nullptr, "token is not a text"},
      {"hosts", json::array{}, "hosts is not an array of at least one host"},
      {"hosts", {1}, "hosts is not an array of texts"},
      {"environment", {{"A", 1}}, "environment is not an object of texts"},
      {"channels", {"x"}, "channels is not an array of objects"},
      {"channels", {{{"name", "n"}}}, "channels[].s3_uri is not a text"},
      {"stop_grace_seconds", -1, "stop_grace_seconds is not a number"},
      {"network_isolation", "yes", "network_isolation is not true or false"},
      {"outputs", {{"model", 1}}, "outputs.model is not a text"},
  };
  for (const Case& test : cases) {
    json::object plan = small_plan();
    plan[test.member] = test.value;
    try {
      parse_plan(dump(plan));
      ADD_FAILURE() << test.words;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr(test.words));
    }
  }
  EXPECT_THROW(parse_plan("{"), SystemError);
}

TEST(Plan, HasOneOfThreeKinds) {
  for (Kind kind : {Kind::train, Kind::serve, Kind::notebook}) {
    json::object plan = small_plan();
    plan["kind"] = name_of(kind);
    plan["arn"] = "arn:of:it";
    const Plan parsed = parse_plan(dump(plan));
    EXPECT_EQ(parsed.kind, kind);
    EXPECT_EQ(parsed.trains(), kind == Kind::train);
    EXPECT_EQ(parsed.arn, parsed.is_notebook() ? "arn:of:it" : "");
  }
}

TEST(Receipt, SaysWhatIsKnownAndNoMore) {
  Receipt receipt;
  receipt.host = "algo-1";
  receipt.reason = std::string(5'000, 'x');
  json::object written = to_json(receipt);
  EXPECT_TRUE(written.at("exit_code").is_null());
  EXPECT_TRUE(written.at("started").is_null());
  EXPECT_EQ(find_string(written, "reason")->size(), kReasonBytesMax);
  receipt.exit_code = 137;
  receipt.signal = 9;
  EXPECT_EQ(find_integer(to_json(receipt), "exit_code"), 137);
}

TEST(VolumeGuard, CountsWhatIsOnDisk) {
  const TempDir folder;
  const fs::path inner = folder.path() / "a/b";
  fs::create_directories(inner);
  write_file_atomically(inner / "file", std::string(100'000, 'x'));
  fs::create_symlink("/usr", inner / "link");  // is not followed
  VolumeGuard guard({folder.path()}, 1'000'000);
  EXPECT_FALSE(guard.full());
  EXPECT_GE(guard.used(), 100'000u);
  EXPECT_LT(guard.used(), 200'000u);
  EXPECT_TRUE(VolumeGuard({folder.path()}, 50'000).full());
  EXPECT_FALSE(VolumeGuard({folder.path()}, 0).full());
  EXPECT_FALSE(VolumeGuard({folder.path(), "/none"}, 1'000'000).full());
}

}  // namespace
}  // namespace trainyard::agent
