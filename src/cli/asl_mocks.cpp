#include "cli/asl_mocks.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kMockWorker = "mock";

/// Reads one mock file; `where` is what its faults begin with.
class MockReader {
 public:
  MockReader(std::string where, const asl::Machine& machine)
      : where_(std::move(where)), machine_(machine) {}

  Mocks read(const std::string& text) {
    std::string error;
    const auto document = parse_json(text, &error);
    if (!document) fail(error);
    if (!document->is_object()) fail("it must be an object: a state's name, then its answers");
    Mocks mocks;
    for (const auto& [key, value] : document->get_object()) {
      const std::string state(key);
      check_state(state);
      mocks[state] = answers(state, value);
    }
    return mocks;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw SystemError(where_ + ": " + why); }

  /// "Work", or "Work (Each[2])" for one iteration.
  void check_state(const std::string& key) const {
    const std::size_t end = key.ends_with("])") ? key.rfind(" (") : std::string::npos;
    const std::string name = machine_.states.contains(key) ? key : key.substr(0, end);
    const auto found = machine_.states.find(name);
    if (found == machine_.states.end() || found->second.type != asl::StateType::task) {
      fail("the definition has no Task state called '" + name + "'");
    }
  }

  std::vector<MockAnswer> answers(const std::string& state, const json::value& value) const {
    std::vector<MockAnswer> list;
    if (const json::array* array = value.if_array()) {
      for (const json::value& one : *array) list.push_back(answer(state, one));
    } else {
      list.push_back(answer(state, value));
    }
    if (list.empty()) fail("'" + state + "' has no answer");
    return list;
  }

  MockAnswer answer(const std::string& state, const json::value& value) const {
    const json::object* object = value.if_object();
    if (object == nullptr || object->contains("result") == object->contains("error")) {
      fail("an answer of '" + state + "' must have either \"result\" or \"error\"");
    }
    MockAnswer answer;
    for (const auto& [key, member] : *object) {
      if (key == "result") {
        answer.result.output = member;
      } else if (key == "error" || key == "cause") {
        if (!member.is_string()) {
          fail(fmt::format("\"{}\" of '{}' must be text", std::string_view(key), state));
        }
      } else if (key == "seconds") {
        answer.after = seconds(state, member);
      } else {
        fail(fmt::format("an answer of '{}' has \"{}\", which is none of result, error, cause and "
                         "seconds", state, std::string_view(key)));
      }
    }
    if (const auto error = find_string(*object, "error")) {
      answer.result.failure = asl::Failure{*error, find_string(*object, "cause").value_or("")};
    } else if (object->contains("cause")) {
      fail("\"cause\" of '" + state + "' belongs to an \"error\"");
    }
    return answer;
  }

  Duration seconds(const std::string& state, const json::value& value) const {
    const double number = value.is_number() ? value.to_number<double>() : -1;
    if (number < 0 || number > static_cast<double>(asl::kSecondsMax)) {
      fail(fmt::format("\"seconds\" of '{}' must be between 0 and {}", state, asl::kSecondsMax));
    }
    return Duration(std::llround(number * 1000));
  }

  std::string where_;
  const asl::Machine& machine_;
};

}  // namespace

Mocks parse_mocks(const std::string& name, const std::string& text, const asl::Machine& machine) {
  return MockReader(name, machine).read(text);
}

std::vector<Reaction> MockTasks::call(const Subject& subject, const asl::CallTask& call) {
  auto found = mocks_.find(subject.label());
  if (found == mocks_.end()) found = mocks_.find(subject.state);
  if (found == mocks_.end()) return others_.call(subject, call);
  const std::vector<MockAnswer>& answers = found->second;
  const MockAnswer& answer = answers[std::min(calls_[subject]++, answers.size() - 1)];
  // A task that only asks is answered; a job, an activity, or what waits for its token is begun and
  // then ends.
  if (call.resource.is_activity) {
    return {{Duration{0}, asl::ActivityStarted{call.call, kMockWorker}},
            {answer.after, asl::TaskCompleted{call.call, answer.result}}};
  }
  if (call.resource.pattern.empty()) {
    return {{answer.after, asl::TaskAnswered{call.call, answer.result}}};
  }
  return {{Duration{0}, asl::TaskSubmitted{call.call, json::object{}}},
          {answer.after, asl::TaskCompleted{call.call, answer.result}}};
}

std::vector<Reaction> NoTasks::call(const Subject& subject, const asl::CallTask& call) {
  throw SystemError(fmt::format("state '{}' calls {}: give its answer with --mock FILE, or a "
                                "daemon that does it with --endpoint URL", subject.state,
                                call.resource.arn));
}

}  // namespace trainyard::cli
