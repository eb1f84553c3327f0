#include "graph/graph.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/canvas.hpp"
#include "graph/far.hpp"

namespace trainyard::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

json::object parse(const char* text) { return parse_own_json(text).as_object(); }

// Goldens begin on a line of their own.
std::string golden(const char* text) { return text + 1; }

json::object pipeline() {
  return parse(R"({"StartAt":"Training","States":{
    "Training":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Next":"Create Model"},
    "Create Model":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createModel",
                    "Next":"Configure Endpoint"},
    "Configure Endpoint":{"Type":"Task",
        "Resource":"arn:aws:states:::sagemaker:createEndpointConfig","Next":"Deploy"},
    "Deploy":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createEndpoint","End":true}}})");
}

json::object with_everything() {
  return parse(R"({"StartAt":"Check","States":{
    "Check":{"Type":"Choice","Choices":[
        {"And":[{"Variable":"$.n","NumericGreaterThan":3},{"Variable":"$.a","IsPresent":true}],
         "Next":"Both"},
        {"Variable":"$.name","StringEqualsPath":"$.other","Next":"Again"}],
      "Default":"Stop"},
    "Both":{"Type":"Parallel","Next":"Good","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Stop"}],
      "Branches":[
        {"StartAt":"Left","States":{"Left":{"Type":"Pass","End":true}}},
        {"StartAt":"Right","States":{"Right":{"Type":"Map","End":true,"ItemProcessor":
            {"StartAt":"Item","States":{"Item":{"Type":"Pass","End":true}}}}}}]},
    "Again":{"Type":"Wait","Seconds":5,"Next":"Check"},
    "Good":{"Type":"Succeed"},
    "Stop":{"Type":"Fail","Error":"Nope"}}})");
}

TEST(Text, DrawsTheTutorialsPipeline) {
  EXPECT_EQ(to_text(from_definition(pipeline())), golden(R"(
        ╭───────╮
        │ Start │
        ╰───┬───╯
            ▼
      ┌──────────┐
      │ Training │
      └─────┬────┘
            ▼
    ┌──────────────┐
    │ Create Model │
    └───────┬──────┘
            ▼
 ┌────────────────────┐
 │ Configure Endpoint │
 └──────────┬─────────┘
            ▼
       ┌────────┐
       │ Deploy │
       └────┬───┘
            ▼
         ╭─────╮
         │ End │
         ╰─────╯
)"));
}

TEST(Text, BranchesAndLoops) {
  EXPECT_EQ(to_text(from_definition(with_everything())), golden(R"(
                                         ╭───────╮
                                         │ Start │
                                         ╰───┬───╯
                                             ▼
                                        ┌─────────┐
                                        │ ◇ Check │
                                        └────┬────┘
                                             │ ▲
              ┌────────────────────────┬─────┴─┼───────┐
              │                        │       └───┐   │
              │                        │           │   │
 $.n > 3 and $.a is present    $.name == $.other   │   │
              │                        │ ┌─────────┘ ┌─┘
              ▼                        ▼ │           │
             ┌──────┐                ┌───┴───┐       │
             │ Both │                │ Again │    default
             └───┬──┘                └───────┘       │
             ┌───┴───┬┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┐            ┌──┘
             │       ▼               ┆            │
             │   ┌───────┐           ┆            │
             │   │ Right │   catch States.ALL     │
             │   └───┬───┘           ┆            │
             │       │               ├────────────┘
             │       ▼               ▼
             │     ┌──────┐      ┌──────┐
             │     │ Item │      │ Stop │
             │     └───┬──┘      └──┬───┘
             │         └──┐         │
             ▼            │         │
         ┌──────┐         │         │
         │ Left │   end of Right    │
         └───┬──┘         │         │
             └────────────┤         │
                          │         │
                     end of Both    │
                          │        ┌┘
                          ▼        │
                       ┌──────┐    │
                       │ Good │    │
                       └───┬──┘    │
                           └───┬───┘
                               ▼
                            ╭─────╮
                            │ End │
                            ╰─────╯
)"));
}

TEST(Text, MarksAndColoursByStatus) {
  const Statuses statuses = {{"Training", Status::succeeded}, {"Create Model", Status::running}};
  const std::string plain = to_text(from_definition(pipeline()), statuses);
  EXPECT_THAT(plain, HasSubstr("✓ Training"));
  EXPECT_THAT(plain, HasSubstr("● Create Model"));
  EXPECT_THAT(plain, HasSubstr("○ Deploy"));
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_text(from_definition(pipeline()), statuses, true),
              HasSubstr("\x1b[32m│ ✓ Training │"));
}

TEST(Text, NamesCannotDriveTheTerminal) {
  const json::object machine = {
      {"StartAt", "a\x1b[2J"},
      {"States", {{"a\x1b[2J", {{"Type", "Pass"}, {"Comment", "c"}, {"End", true}}}}}};
  EXPECT_THAT(to_text(from_definition(machine)), Not(HasSubstr("\x1b")));
}

TEST(Canvas, CountsColumns) {
  EXPECT_EQ(columns("abc"), 3);
  EXPECT_EQ(columns("é✓"), 2);
  EXPECT_EQ(columns("訓練"), 4);
  EXPECT_EQ(printable("a\xC2\x9B" "b\x80" "c"), "a\xEF\xBF\xBD" "b\xEF\xBF\xBD" "c");
}

TEST(Svg, EscapesWhatTheDefinitionSays) {
  const json::object machine = {
      {"StartAt", "<script>alert(1)</script>"},
      {"States",
       {{"<script>alert(1)</script>",
         {{"Type", "Task"}, {"Resource", "arn:aws:states:::a:\"><b>"}, {"End", true}}}}}};
  const std::string svg = to_svg(from_definition(machine));
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;"));
}

TEST(Svg, ColoursStatesAndNamesThem) {
  const std::string svg = to_svg(from_definition(pipeline()), {{"Training", Status::failed}});
  EXPECT_THAT(svg, HasSubstr("data-state=\"Training\" data-status=\"failed\""));
  EXPECT_THAT(svg, HasSubstr("#c62828"));
  EXPECT_THAT(svg, HasSubstr("data-state=\"Deploy\" data-status=\"pending\""));
  EXPECT_THAT(svg, HasSubstr("createTrainingJob.sync"));
  EXPECT_THAT(svg, HasSubstr(">Start</text>"));
}

TEST(Svg, DrawsNestedClustersAndLabels) {
  const std::string svg = to_svg(from_definition(with_everything()));
  EXPECT_THAT(svg, HasSubstr("data-state=\"Item\""));
  EXPECT_THAT(svg, HasSubstr("<title>$.n &gt; 3 and $.a is present</title>"));
  EXPECT_THAT(svg, HasSubstr("catch States.ALL"));
}

TEST(Svg, LeadsDownOrToTheRight) {
  const auto size = [](Direction direction) {
    const std::string svg = to_svg(from_definition(pipeline()), {}, direction);
    double width = 0;
    double height = 0;
    const auto at = svg.find("width=");
    EXPECT_EQ(std::sscanf(svg.c_str() + at, "width=\"%lf\" height=\"%lf\"", &width, &height), 2);
    return std::pair(width, height);
  };
  const auto [down_width, down_height] = size(Direction::down);
  const auto [right_width, right_height] = size(Direction::right);
  EXPECT_GT(down_height, 2 * down_width);
  EXPECT_GT(right_width, 2 * right_height);
}

TEST(Svg, LayoutsFromManyThreadsAgree) {
  const Graph graph = from_definition(with_everything());
  const std::string expected = to_svg(graph);
  std::vector<std::thread> threads;
  std::vector<std::string> drawn(4);
  for (std::string& one : drawn) threads.emplace_back([&] { one = to_svg(graph); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : drawn) EXPECT_EQ(one, expected);
}

TEST(Build, MalformedDefinitionsDrawWhatTheyCan) {
  for (const char* text : {
           R"({})", R"({"StartAt":"A"})", R"({"StartAt":"A","States":{}})",
           R"({"StartAt":"X","States":{"A":{"Type":"Pass","Next":"B"}}})",
           R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}})",
           R"({"StartAt":"A","States":{"A":3,"B":{"Type":"Choice","Choices":[3,{"Next":7}]}}})",
           R"({"StartAt":3,"States":{"A":{"Type":"Parallel","Branches":{}}}})"}) {
    const Graph graph = from_definition(parse(text));
    EXPECT_THAT(to_svg(graph), HasSubstr("</svg>")) << text;
    EXPECT_THAT(to_text(graph), HasSubstr("Start")) << text;
  }
}

TEST(Build, AnEndThatIsFalseIsNone) {
  const Graph graph = from_definition(parse(R"({"StartAt":"A","States":{
      "A":{"Type":"Pass","End":false,"Next":"B"},"B":{"Type":"Pass","End":true}}})"));
  const Graph same = from_definition(parse(R"({"StartAt":"A","States":{
      "A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}})"));
  EXPECT_EQ(to_text(graph), to_text(same));
}

TEST(Build, LeavesOutStatesPastTheLimit) {
  json::object states;
  for (int i = 0; i < kStatesMax + 3; ++i) {
    states[std::to_string(i)] = {{"Type", "Pass"}, {"Next", std::to_string(i + 1)}};
  }
  const Graph graph = from_definition({{"StartAt", "0"}, {"States", states}});
  EXPECT_EQ(graph.nodes.back().name, "3 more states are not drawn");
  EXPECT_EQ(graph.nodes.size(), kStatesMax + 3u);
}

TEST(Build, LeavesOutTransitionsPastTheLimit) {
  json::array rules;
  for (std::size_t i = 0; i < kEdgesMax; ++i) {
    rules.push_back(json::object{{"Variable", "$.x"}, {"NumericEquals", i}, {"Next", "B"}});
  }
  const Graph graph = from_definition(
      {{"StartAt", "A"},
       {"States", {{"A", {{"Type", "Choice"}, {"Choices", rules}}},
                   {"B", {{"Type", "Succeed"}}}}}});
  EXPECT_EQ(graph.edges.size(), kEdgesMax);
  EXPECT_EQ(graph.nodes.back().name, "2 more transitions are not drawn");
}

TEST(Rules, ReadAsAPersonWouldWriteThem) {
  EXPECT_EQ(describe_rule(parse(R"({"Variable":"$.x","NumericLessThanEquals":4,"Next":"A"})")),
            "$.x <= 4");
  EXPECT_EQ(describe_rule(parse(R"({"Not":{"Variable":"$.x","IsNull":false}})")),
            "not ($.x is not null)");
  EXPECT_EQ(describe_rule(parse(R"({"Or":[{"Variable":"$.a","BooleanEquals":true},
      {"And":[{"Variable":"$.b","StringMatches":"x*"},{"Variable":"$.c","IsString":true}]}]})")),
            R"($.a == true or ($.b like "x*" and $.c is string))");
  EXPECT_EQ(describe_rule(parse(R"({"Condition":"{% $n > 3 %}"})")), "$n > 3");
}

json::object event(int id, int previous, const char* type, const char* name = nullptr) {
  json::object event = {{"id", id}, {"previousEventId", previous}, {"type", type}};
  const std::string_view text = type;
  if (name != nullptr) {
    event[text.ends_with("Entered") ? "stateEnteredEventDetails" : "stateExitedEventDetails"] = {
        {"name", name}};
  }
  return event;
}

TEST(Statuses, FollowTheHistory) {
  json::array history = {event(1, 0, "ExecutionStarted"), event(2, 0, "TaskStateEntered", "A"),
                         event(3, 2, "TaskScheduled"), event(4, 3, "TaskFailed")};
  EXPECT_EQ(statuses(history).at("A"), Status::running);
  history.push_back(event(5, 4, "TaskScheduled"));
  history.push_back(event(6, 5, "TaskSucceeded"));
  history.push_back(event(7, 6, "TaskStateExited", "A"));
  EXPECT_EQ(statuses(history).at("A"), Status::succeeded) << "a retry that succeeds is a success";
  history.push_back(event(8, 7, "TaskStateEntered", "B"));
  history.push_back(event(9, 8, "TaskScheduled"));
  history.push_back(event(10, 9, "TaskTimedOut"));
  history.push_back(event(11, 10, "TaskStateExited", "B"));
  EXPECT_EQ(statuses(history).at("B"), Status::caught);
  history.push_back(event(12, 11, "FailStateEntered", "C"));
  json::array failed = history;
  failed.push_back(event(13, 12, "ExecutionFailed"));
  EXPECT_EQ(statuses(failed).at("C"), Status::failed);
  EXPECT_EQ(statuses(failed).at("A"), Status::succeeded);
  history.push_back(event(13, 12, "ExecutionAborted"));
  EXPECT_EQ(statuses(history).at("C"), Status::aborted);
  EXPECT_EQ(statuses(history).count("D"), 0u);
}

TEST(Statuses, AFailureInABranchEndsWhatRunsBesideIt) {
  json::array history = {
      event(1, 0, "ExecutionStarted"),           event(2, 0, "ParallelStateEntered", "P"),
      event(3, 2, "ParallelStateStarted"),       event(4, 3, "TaskStateEntered", "Slow"),
      event(5, 4, "TaskScheduled"),              event(6, 3, "PassStateEntered", "Quick"),
      event(7, 6, "PassStateExited", "Quick"),   event(8, 7, "FailStateEntered", "Bad"),
      event(9, 8, "ParallelStateFailed"),        event(10, 9, "ParallelStateExited", "P"),
      event(11, 10, "PassStateEntered", "Next"), event(12, 11, "PassStateExited", "Next"),
      event(13, 12, "ExecutionSucceeded")};
  const Statuses seen = statuses(history);
  EXPECT_EQ(seen.at("P"), Status::caught);
  EXPECT_EQ(seen.at("Slow"), Status::aborted);
  EXPECT_EQ(seen.at("Quick"), Status::succeeded);
  EXPECT_EQ(seen.at("Bad"), Status::failed) << "a Fail state is never left";
  EXPECT_EQ(seen.at("Next"), Status::succeeded);
}

TEST(Statuses, OfMapsAreThoseOfTheirIterations) {
  json::array history = {
      event(1, 0, "ExecutionStarted"),      event(2, 0, "MapStateEntered", "M"),
      event(3, 2, "MapStateStarted"),       event(4, 3, "MapIterationStarted"),
      event(5, 4, "TaskStateEntered", "A"), event(6, 5, "TaskScheduled"),
      event(7, 6, "TaskSucceeded"),         event(8, 7, "TaskStateExited", "A"),
      event(9, 8, "MapIterationSucceeded"), event(10, 8, "MapIterationStarted"),
      event(11, 10, "TaskStateEntered", "A")};
  EXPECT_EQ(statuses(history).at("A"), Status::running);
  EXPECT_EQ(statuses(history).at("M"), Status::running);
  json::array good = history;
  for (const json::object& entry :
       {event(12, 11, "TaskStateExited", "A"), event(13, 12, "MapIterationSucceeded"),
        event(14, 13, "MapStateSucceeded"), event(15, 13, "MapStateExited", "M")}) {
    good.push_back(entry);
  }
  EXPECT_EQ(statuses(good).at("A"), Status::succeeded);
  EXPECT_EQ(statuses(good).at("M"), Status::succeeded);
  for (const json::object& entry :
       {event(12, 11, "TaskScheduled"), event(13, 12, "TaskFailed"),
        event(14, 13, "MapIterationFailed"), event(15, 14, "MapStateFailed"),
        event(16, 15, "ExecutionFailed")}) {
    history.push_back(entry);
  }
  EXPECT_EQ(statuses(history).at("A"), Status::failed);
  EXPECT_EQ(statuses(history).at("M"), Status::failed);
}

TEST(Build, SaysInShortWhatATaskCalls) {
  const std::pair<const char*, const char*> cases[] = {
      {"arn:aws:states:::sagemaker:createTrainingJob.sync", "createTrainingJob.sync"},
      {"arn:aws:states:::states:startExecution.sync:2", "startExecution.sync:2"},
      {"arn:aws:states:::aws-sdk:s3:getObject", "s3:getObject"},
      {"arn:aws:states:us-east-1:123456789012:activity:approve", "approve"},
      {"arn:aws:lambda:us-east-1:123456789012:function:price:7", "price"},
      {"something else", "something else"}};
  for (const auto& [resource, text] : cases) {
    const json::object task = {{"Type", "Task"}, {"Resource", resource}, {"End", true}};
    const Graph graph = from_definition({{"StartAt", "T"}, {"States", {{"T", task}}}});
    EXPECT_EQ(graph.nodes.back().subtitle, text);
  }
}

TEST(GraphJsonTest, IsThePictureInNumbers) {
  const Graph graph = from_definition(parse(R"({"StartAt": "A", "States": {
      "A": {"Type": "Choice", "Default": "B",
            "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "P"}]},
      "B": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}]},
      "P": {"Type": "Parallel", "End": true, "Branches": [
          {"StartAt": "Q", "States": {"Q": {"Type": "Pass", "End": true}}}]}}})"));
  const json::object drawn = to_json(graph);
  ASSERT_EQ(drawn.at("nodes").as_array().size(), graph.nodes.size());
  ASSERT_EQ(drawn.at("edges").as_array().size(), graph.edges.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const json::object& node = drawn.at("nodes").as_array()[i].as_object();
    EXPECT_EQ(node.at("name").as_string(), graph.nodes[i].name);
    EXPECT_EQ(node.at("cluster").as_int64(), graph.nodes[i].cluster);
    EXPECT_GE(node.at("x").to_number<double>(), 0);
    EXPECT_LE(node.at("x").to_number<double>() + node.at("width").to_number<double>(),
              drawn.at("width").to_number<double>() + 1);
  }
  std::set<std::string> kinds;
  for (const json::value& value : drawn.at("edges").as_array()) {
    kinds.insert(to_std(value.at("kind").as_string()));
    EXPECT_EQ(value.at("points").as_array().size() % 3, 1u);
    EXPECT_EQ(value.at("tip").as_array().size(), 2u);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"next", "choice", "fallback", "caught"}));
  // What runs inside of a state lies inside of its box.
  const json::object& box = drawn.at("clusters").as_array().at(0).as_object();
  EXPECT_EQ(box.at("name").as_string(), "P");
  EXPECT_EQ(box.at("parent").as_int64(), -1);
  for (const json::value& node : drawn.at("nodes").as_array()) {
    if (node.at("cluster").as_int64() != 0) continue;
    EXPECT_GE(node.at("y").to_number<double>(), box.at("y").to_number<double>());
  }
}

/// A chain of states, each of which leads to the last one as well when it fails.
json::object chain_with_handler(int count) {
  json::object states;
  const std::string last = "S" + std::to_string(count - 1);
  for (int i = 0; i < count - 1; ++i) {
    states["S" + std::to_string(i)] = {
        {"Type", "Task"},
        {"Resource", "arn:aws:states:::sqs:sendMessage"},
        {"Next", "S" + std::to_string(i + 1)},
        {"Catch", {json::object{{"ErrorEquals", {"States.ALL"}}, {"Next", last}}}}};
  }
  states[last] = {{"Type", "Pass"}, {"End", true}};
  return {{"StartAt", "S0"}, {"States", states}};
}

// Left to Graphviz alone this takes minutes, at a hundred states already.
TEST(GraphJsonTest, AThousandStatesThatAllLeadToOneArePlaced) {
  const Graph graph = from_definition(chain_with_handler(1000), 1000);
  const json::object drawn = to_json(graph);
  EXPECT_EQ(drawn.at("nodes").as_array().size(), 1002u);
  ASSERT_EQ(drawn.at("edges").as_array().size(), graph.edges.size());
  const json::array& nodes = drawn.at("nodes").as_array();
  for (const json::value& edge : drawn.at("edges").as_array()) {
    ASSERT_GE(edge.at("points").as_array().size(), 4u);
    EXPECT_LE(edge.at("labelAt").as_array()[0].to_number<double>(),
              drawn.at("width").to_number<double>());
    // Its arrow is at the box that it leads to.
    const json::value& to = nodes.at(edge.at("to").as_int64());
    const double y = edge.at("tip").as_array()[1].to_number<double>();
    EXPECT_GE(y, to.at("y").to_number<double>() - 2);
    EXPECT_LE(y, to.at("y").to_number<double>() + to.at("height").to_number<double>() + 2);
  }
}

TEST(FarEdgesTest, OnesOfOneRankAreNeverFar) {
  std::vector<LayoutEdge> edges;
  for (int i = 0; i < 2000; ++i) edges.push_back({i, i + 1});
  const auto far = far_edges(2001, edges);
  EXPECT_EQ(std::count(far.begin(), far.end(), true), 0);
}

TEST(FarEdgesTest, AreTheLongestOfTooMany) {
  constexpr int kNodes = 100;
  std::vector<LayoutEdge> edges;
  for (int i = 0; i + 1 < kNodes; ++i) edges.push_back({i, i + 1});
  for (int i = 0; i + 2 < kNodes; ++i) edges.push_back({i, kNodes - 1});
  edges.push_back({kNodes - 1, 0});  // back, past all
  const auto far = far_edges(kNodes, edges);
  long passed = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const int length = std::abs(edges[i].to - edges[i].from) - 1;
    if (!far[i]) passed += length;
    if (length == 0) EXPECT_FALSE(far[i]);
  }
  EXPECT_LE(passed, kRanksPassed);
  EXPECT_FALSE(far[kNodes - 1 + kNodes - 3]);  // from the last but two
  EXPECT_TRUE(far[kNodes - 1]);                // from the first
  EXPECT_TRUE(far.back());
}

TEST(FarEdgesTest, AFewLongOnesAreLeftToGraphviz) {
  std::vector<LayoutEdge> edges{{0, 9}, {9, 0}, {3, 3}};
  for (int i = 0; i < 9; ++i) edges.push_back({i, i + 1});
  const auto far = far_edges(10, edges);
  EXPECT_EQ(std::count(far.begin(), far.end(), true), 0);
}

}  // namespace
}  // namespace trainyard::graph
