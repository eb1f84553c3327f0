// The history of each state type and of each way to fail: types, ids, causes and details.
#include <algorithm>
#include <fstream>

#include "asl/asl_testing.hpp"

namespace trainyard::asl {
namespace {

struct Case {
  std::string name;
  std::string calls;  // how they are answered
  std::string state;  // fields of "S", the first
  std::string input;
  std::string history;
};

/// The rest of a line that begins with `word`.
std::string field(std::istream& file, const std::string& word) {
  std::string line;
  std::getline(file, line);
  EXPECT_TRUE(line.starts_with(word)) << line;
  return line.substr(std::min(word.size(), line.size()));
}

std::vector<Case> read_cases() {
  std::ifstream file(std::string(TRAINYARD_SOURCE_DIR) + "/src/asl/testdata/histories.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) {
      cases.push_back({line.substr(3), field(file, "calls: "), field(file, "state: "),
                       field(file, "input: "), "\n"});
    } else if (!cases.empty() && !line.empty()) {
      cases.back().history += line + "\n";
    }
  }
  return cases;
}

std::optional<Event> answer(const std::string& calls, const CallTask& call) {
  if (calls == "answers") {
    return TaskAnswered{call.call, {json::object{{"Done", call.resource.operation}}, {}}};
  }
  if (calls == "fails") return fails(call.call, "Mine");
  if (calls == "job fails") return TaskSubmitted{call.call, json::object{{"Arn", "j"}}};
  if (calls == "silent") return std::nullopt;
  EXPECT_TRUE(calls == "works" || calls == "sleeps") << calls;
  return ActivityStarted{call.call, "worker"};
}

/// What follows once a job or a worker is at it.
std::optional<Event> completion(const std::string& calls, const CallId& call) {
  if (calls == "works") return TaskCompleted{call, {json::object{{"ok", true}}, {}}};
  if (calls == "job fails") {
    return TaskCompleted{call, {nullptr, Failure{"States.TaskFailed", "{\"Status\":\"Failed\"}"}}};
  }
  return std::nullopt;
}

/// With the states that some of the cases lead to.
std::string definition_of(const std::string& state) {
  std::string more;
  if (state.find(R"("Next":"E")") != std::string::npos) more += R"(,"E":{"Type":"Succeed"})";
  if (state.find(R"("Default":"F")") != std::string::npos) more += R"(,"F":{"Type":"Fail"})";
  return R"({"StartAt":"S","States":{"S":{)" + state + "}" + more + "}}";
}

std::string history_of(const Case& test, bool restore) {
  Runner run(definition_of(test.state), test.input, restore);
  run.answer = [&](const CallTask& call) { return answer(test.calls, call); };
  run.take(Started{});
  while (run.open() && run.snapshot.status == Status::running) {
    run.advance();
    const auto& branches = run.snapshot.branches;
    auto root = branches.find(kRoot);
    if (root == branches.end() || root->second.phase != Branch::Phase::submitted) continue;
    auto event = completion(test.calls, {root->second.entered, root->second.attempt});
    if (event) run.take(*event);
  }
  EXPECT_TRUE(run.ended.has_value()) << test.name;
  EXPECT_TRUE(run.timers.empty()) << test.name;
  return "\n" + run.lines();
}

TEST(History, OfEachStateAndEachFailure) {
  auto cases = read_cases();
  EXPECT_GT(cases.size(), 20u);
  for (const Case& test : cases) {
    EXPECT_EQ(history_of(test, false), test.history) << test.name;
    EXPECT_EQ(history_of(test, true), test.history) << test.name;
  }
}

}  // namespace
}  // namespace trainyard::asl
