#include "server/console/reads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trainyard::server::console {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Nanos = Cadence::Nanos;

json::object object(std::string_view text) { return parse_json(text)->as_object(); }

std::vector<Read> one_read(const char* more = "") {
  return parse_reads(object(std::string(R"({"reads": [{"id": "a", "service": "logs",
      "operation": "GetLogEvents", "input": {"logStreamName": "s"})") +
                            more + "}]}"));
}

TEST(ParseReadsTest, TakesWhatAWatcherAsksFor) {
  const auto reads = one_read(R"(, "follow": {"nextToken": "nextForwardToken"})");
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(reads[0].id, "a");
  EXPECT_EQ(reads[0].service, "logs");
  EXPECT_EQ(reads[0].operation, "GetLogEvents");
  EXPECT_EQ(dump(reads[0].input), R"({"logStreamName":"s"})");
  EXPECT_EQ(reads[0].follow.at("nextToken"), "nextForwardToken");
}

TEST(ParseReadsTest, SaysWhatIsWrong) {
  const std::string good = R"({"id":"a","service":"states","operation":"ListActivities"})";
  std::string many = good;
  for (int i = 0; i < 64; ++i) many += "," + good;
  const std::pair<std::string, const char*> cases[] = {
      {"{}", "from 1 to 64 reads"},
      {R"({"reads": {}})", "from 1 to 64 reads"},
      {R"({"reads": []})", "from 1 to 64 reads"},
      {R"({"reads": [)" + many + "]}", "from 1 to 64 reads"},
      {R"({"reads": [1]})", "must be an object"},
      {R"({"reads": [{"service":"s","operation":"o"}]})", "as its id"},
      {R"({"reads": [{"id":"a","operation":"o"}]})", "as its service"},
      {R"({"reads": [{"id":"a","service":"s","operation":3}]})", "as its operation"},
      {R"({"reads": [{"id":")" + std::string(129, 'x') + R"(","service":"s","operation":"o"}]})",
       "at most 128 characters"},
      {R"({"reads": [{"id":"a","service":"s","operation":"o","input":[]}]})", "input must be"},
      {R"({"reads": [{"id":"a","service":"s","operation":"o","follow":[]}]})", "follow must be"},
      {R"({"reads": [{"id":"a","service":"s","operation":"o","follow":{"x":1}}]})",
       "follow must be"},
      {R"({"reads": [)" + good + "," + good + "]}", "Two reads have the id a"},
  };
  for (const auto& [text, part] : cases) {
    try {
      parse_reads(object(text));
      ADD_FAILURE() << text;
    } catch (const ApiError& error) {
      EXPECT_EQ(error.code(), "InvalidParameterException");
      EXPECT_EQ(error.http_status(), 400);
      EXPECT_THAT(error.message(), HasSubstr(part)) << text;
    }
  }
}

TEST(ChangedLinesTest, AnAnswerIsToldOnceUntilItIsAnother) {
  auto reads = one_read();
  int value = 1;
  auto run = [&](const Read&) { return json::object{{"value", value}}; };
  EXPECT_EQ(changed_lines(reads, run), "{\"id\":\"a\",\"output\":{\"value\":1}}\n");
  EXPECT_EQ(changed_lines(reads, run), "");
  value = 2;
  EXPECT_EQ(changed_lines(reads, run), "{\"id\":\"a\",\"output\":{\"value\":2}}\n");
  value = 1;
  EXPECT_NE(changed_lines(reads, run), "");
}

TEST(ChangedLinesTest, AnErrorIsAnAnswer) {
  auto reads = one_read();
  bool denied = true;
  auto run = [&](const Read&) -> json::object {
    if (denied) throw ApiError("AccessDeniedException", 403, "no");
    return {};
  };
  EXPECT_EQ(changed_lines(reads, run),
            "{\"id\":\"a\",\"error\":{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}}\n");
  EXPECT_EQ(changed_lines(reads, run), "");
  denied = false;
  EXPECT_EQ(changed_lines(reads, run), "{\"id\":\"a\",\"output\":{}}\n");
}

TEST(ChangedLinesTest, AReadThatFollowsGoesOnBehindItsAnswer) {
  auto reads = one_read(R"(, "follow": {"nextToken": "nextForwardToken"})");
  std::vector<std::string> inputs;
  int token = 0;
  auto run = [&](const Read& read) {
    inputs.push_back(dump(read.input));
    return json::object{{"events", json::array{}},
                        {"nextForwardToken", "f/" + std::to_string(token)}};
  };
  changed_lines(reads, run);
  token = 1;
  changed_lines(reads, run);
  changed_lines(reads, run);
  EXPECT_THAT(inputs, testing::ElementsAre(R"({"logStreamName":"s"})",
                                           R"({"logStreamName":"s","nextToken":"f/0"})",
                                           R"({"logStreamName":"s","nextToken":"f/1"})"));
}

TEST(CadenceTest, TheFirstRunIsAtOnce) {
  Cadence cadence;
  EXPECT_TRUE(cadence.due(Nanos(0), 0));
  EXPECT_EQ(cadence.rest(Nanos(5), 3), Nanos(0));
}

TEST(CadenceTest, ACommitAfterARestIsLookedAtAtOnce) {
  Cadence cadence;
  cadence.ran(Nanos(0), milliseconds(1), 7);
  EXPECT_FALSE(cadence.due(milliseconds(500), 7));
  EXPECT_TRUE(cadence.due(milliseconds(500), 8));
}

TEST(CadenceTest, CommitsThatFollowCloselyAreTakenTogether) {
  Cadence cadence;
  cadence.ran(Nanos(0), milliseconds(1), 7);
  EXPECT_FALSE(cadence.due(milliseconds(50), 8));
  EXPECT_EQ(cadence.rest(milliseconds(50), 8), milliseconds(1));
  EXPECT_TRUE(cadence.due(milliseconds(51), 8));
}

TEST(CadenceTest, SlowReadsRestForAsLongAsTheyTook) {
  Cadence cadence;
  cadence.ran(Nanos(0), milliseconds(300), 7);
  EXPECT_FALSE(cadence.due(milliseconds(599), 8));
  EXPECT_TRUE(cadence.due(milliseconds(600), 8));
}

TEST(CadenceTest, SlowReadsRestAsLongWithoutACommit) {
  Cadence cadence;
  cadence.ran(Nanos(0), seconds(4), 7);
  EXPECT_FALSE(cadence.due(milliseconds(7999), 7));
  EXPECT_TRUE(cadence.due(seconds(8), 7));
}

TEST(CadenceTest, WithoutCommitsThereIsALookASecond) {
  Cadence cadence;
  cadence.ran(Nanos(0), milliseconds(1), 7);
  EXPECT_EQ(cadence.rest(milliseconds(1), 7), seconds(1));
  EXPECT_FALSE(cadence.due(milliseconds(1000), 7));
  EXPECT_TRUE(cadence.due(milliseconds(1001), 7));
}

}  // namespace
}  // namespace trainyard::server::console
