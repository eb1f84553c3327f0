#include "services/states/simulation/plan.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/json.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace trainyard::states::simulation {
namespace {

/// No disturbance takes so long, so that nothing is ever timed out by this.
constexpr int64_t kGenerousSeconds = 20'000'000;
/// Parallel and Map states inside one another.
constexpr int kDepthMax = 2;
constexpr int kChildSize = 3;
/// Data that every state passes on: who it is, the rounds of loops, what to map over and wait for.
constexpr const char* kInput = R"({"key":"r","n":0,"list":[3,1,2],"wait":4})";

class Generator {
 public:
  Generator(Random& random, int size) : random_(random), states_left_(size) {}

  Plan make() {
    plan_.depends_on_time = one_in(8);
    json::object machine = flow(0, true);
    if (starts_children_) {
      states_left_ = kChildSize;
      in_child_ = true;
      plan_.child = dump(flow(kDepthMax, true));
    }
    if (plan_.depends_on_time && one_in(2)) {
      machine["TimeoutSeconds"] = 1 + below(60);
    } else if (one_in(4)) {
      machine["TimeoutSeconds"] = kGenerousSeconds;
    }
    if (plan_.depends_on_time && one_in(3)) plan_.stop_after = Duration(below(60'000));
    // How far the others of a group were when it failed decides what a redrive finds.
    if ((!has_groups_ || plan_.depends_on_time) && one_in(2)) {
      plan_.redrives = 1 + static_cast<int>(below(2));
    }
    plan_.definition = dump(machine);
    plan_.input = kInput;
    return std::move(plan_);
  }

 private:
  /// Where a state goes on, and what it may do.
  struct Place {
    const std::vector<std::string>& names;  // of its flow
    std::size_t index;
    bool may_fail;  // the execution, or the branch
    bool last() const { return index + 1 == names.size(); }
    const std::string& name() const { return names[index]; }
  };

  int64_t below(int64_t bound) { return static_cast<int64_t>(random_.below(bound)); }
  bool one_in(int64_t count) { return below(count) == 0; }

  json::object flow(int depth, bool may_fail) {
    const int count = 1 + static_cast<int>(below(std::min(states_left_, depth == 0 ? 8 : 3) + 1));
    states_left_ = std::max(0, states_left_ - count);
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("S" + std::to_string(++named_));
    json::object states;
    for (std::size_t i = 0; i < names.size(); ++i) {
      states[names[i]] = state({names, i, may_fail}, depth);
    }
    return {{"StartAt", names.front()}, {"States", std::move(states)}};
  }

  json::object state(const Place& place, int depth) {
    if (place.last()) return last(place);
    if (depth < kDepthMax && states_left_ > 0 && one_in(3)) {
      has_groups_ = true;
      return one_in(2) ? parallel(place, depth) : map(place, depth);
    }
    switch (below(10)) {
      case 0:
      case 1:
        return pass(place);
      case 2:
        return choice(place);
      case 3:
        return wait(place);
      default:
        return task(place);
    }
  }

  /// Always a plain one, so that every catcher before it has somewhere to go.
  json::object last(const Place& place) {
    if (place.may_fail && one_in(6)) return fail();
    if (one_in(2)) return {{"Type", "Succeed"}};
    json::object state = data_of_pass();
    state["End"] = true;
    return state;
  }

  json::object fail() {
    json::object state{{"Type", "Fail"}};
    if (one_in(3)) {
      state["ErrorPath"] = "States.Format('Given.Up.{}', $.wait)";  // no iteration's own
    } else {
      state["Error"] = "Given.Up";
    }
    if (one_in(3)) {
      state["CausePath"] = "States.Format('after {} rounds', $.n)";
    } else {
      state["Cause"] = "for no reason";
    }
    return state;
  }

  json::object pass(const Place& place) {
    json::object state = data_of_pass();
    state["Next"] = place.names[place.index + 1];
    return state;
  }

  json::object data_of_pass() {
    json::object state{{"Type", "Pass"}};
    switch (below(5)) {
      case 0:
        state["Result"] = {{"fixed", below(100)}};
        state["ResultPath"] = "$.passed";
        break;
      case 1:
        state["InputPath"] = "$.list[1:]";
        state["ResultPath"] = "$.copy";
        break;
      case 2:
        state["Parameters"] = {{"text.$", "States.Format('{}/{}', $.key, $.n)"},
                               {"id.$", "States.UUID()"},
                               {"digest.$", "States.Hash($.key, 'SHA-256')"}};
        state["ResultPath"] = "$.passed.deep";
        break;
      case 3:
        state["ResultPath"] = nullptr;
        break;
      default:
        state["Parameters"] = {{"key.$", "$.key"},
                               {"n.$", "States.MathAdd($.n, 1)"},
                               {"list.$", "$.list"},
                               {"wait.$", "$.wait"}};
    }
    return state;
  }

  /// Forward, or back to a state from where the count of rounds grows before it comes here again.
  json::object choice(const Place& place) {
    json::array rules;
    for (int64_t count = 1 + below(2); count > 0; --count) {
      json::object rule = condition();
      const auto ahead = static_cast<int64_t>(place.names.size() - place.index - 1);
      rule["Next"] = place.names[place.index + 1 + static_cast<std::size_t>(below(ahead))];
      rules.push_back(std::move(rule));
    }
    json::object state{{"Type", "Choice"}, {"Choices", std::move(rules)}};
    state["Default"] = place.names[place.index + 1];
    return state;
  }

  json::object condition() {
    switch (below(5)) {
      case 0:
        return {{"Variable", "$.n"}, {"NumericLessThan", 1 + below(3)}};
      case 1:
        return {{"Variable", "$.error"}, {"IsPresent", true}};
      case 2:
        return {{"Not", {{"Variable", "$.answer"}, {"IsPresent", one_in(2)}}}};
      case 3:
        return {{"And", json::array{{{"Variable", "$.list[0]"}, {"NumericGreaterThanPath", "$.n"}},
                                    {{"Variable", "$.key"}, {"StringMatches", "r*"}}}}};
      default:
        return {{"Or", json::array{{{"Variable", "$.wait"}, {"NumericEquals", below(5)}},
                                   {{"Variable", "$.key"}, {"IsNull", true}}}}};
    }
  }

  json::object wait(const Place& place) {
    json::object state{{"Type", "Wait"}, {"Next", place.names[place.index + 1]}};
    switch (below(3)) {
      case 0:
        state["SecondsPath"] = "$.wait";
        break;
      case 1:
        state["Timestamp"] = iso8601_seconds(ManualClock().now() + std::chrono::seconds(below(90)));
        break;
      default:
        state["Seconds"] = below(30);
    }
    return state;
  }

  /// What does the work of a task.
  enum class By { call, job, worker, token };

  json::object task(const Place& place) {
    if (!in_child_ && one_in(8)) return nested(place);
    static constexpr By kBy[] = {By::call, By::job, By::worker, By::token};
    const By by = kBy[below(4)];
    json::object state = task_of(by, place.name());
    if (by == By::call || one_in(2)) state["ResultSelector"] = {{"value.$", "$.Value"}};
    state["ResultPath"] = one_in(5) ? json::value(nullptr) : json::value("$.answer");
    state["Next"] = place.names[place.index + 1];
    TaskPlan& plan = plan_.tasks[place.name()];
    plan.tries = tries(by);
    add_times(by, plan, state);
    if (one_in(2)) state["Retry"] = retriers();
    if (!place.may_fail || one_in(2)) state["Catch"] = catchers(place);
    return state;
  }

  /// An execution of the child, whose calls have names of their own by the key that it gets.
  json::object nested(const Place& place) {
    starts_children_ = true;
    json::object input{{"key.$", fmt::format("States.Format('{{}}.{}.{{}}.{{}}', $.key, "
                                             "$$.State.RetryCount, $$.Execution.RedriveCount)",
                                             place.name())},
                       {"n.$", "$.n"},
                       {"list.$", "$.list"},
                       {"wait.$", "$.wait"}};
    json::object state{
        {"Type", "Task"},
        {"Resource", one_in(2) ? "arn:aws:states:::states:startExecution.sync:2"
                               : "arn:aws:states:::states:startExecution.sync"},
        {"Parameters",
         {{"StateMachineArn", "arn:aws:states:us-east-1:000000000000:stateMachine:child"},
          {"Input", std::move(input)}}},
        {"ResultPath", "$.answer"},
        {"Next", place.names[place.index + 1]}};
    if (one_in(2)) state["ResultSelector"] = {{"status.$", "$.Status"}};
    if (one_in(2)) state["Retry"] = retriers();
    if (!place.may_fail || one_in(2)) state["Catch"] = catchers(place);
    return state;
  }

  json::object task_of(By by, const std::string& name) {
    std::string call = fmt::format(
        "States.Format('w|{}|{{}}|{{}}|{{}}|{{}}|{{}}', $.key, $.n, $$.State.EnteredTime, "
        "$$.State.RetryCount, $$.Execution.RedriveCount)",
        name);
    struct Form {
      const char* resource;
      const char* member;  // of the parameters, which names the call
    };
    static constexpr Form kForms[] = {
        {"arn:aws:states:::sagemaker:createModel", "ModelName.$"},
        {"arn:aws:states:::sagemaker:createTrainingJob.sync", "TrainingJobName.$"},
        {"arn:aws:states:us-east-1:000000000000:activity:work", "name.$"},
        {"arn:aws:states:::aws-sdk:sagemaker:createModel.waitForTaskToken", "ModelName.$"}};
    const Form& form = kForms[static_cast<std::size_t>(by)];
    json::object parameters{{form.member, std::move(call)}};
    if (by == By::token) parameters["Token.$"] = "$$.Task.Token";
    return {{"Type", "Task"}, {"Resource", form.resource}, {"Parameters", std::move(parameters)}};
  }

  json::object parallel(const Place& place, int depth) {
    json::object state{{"Type", "Parallel"}, {"Next", place.names[place.index + 1]}};
    const bool inside_may_fail = add_handlers(state, place);
    // Two that fail would race for the error of the whole.
    const int64_t count = 1 + below(3), failing = inside_may_fail ? below(count) : count;
    json::array branches;
    for (int64_t i = 0; i < count; ++i) branches.push_back(flow(depth + 1, i == failing));
    state["Branches"] = std::move(branches);
    return state;
  }

  /// All iterations come to the same, so that it does not matter which fails first.
  json::object map(const Place& place, int depth) {
    json::object state{{"Type", "Map"},
                       {"Next", place.names[place.index + 1]},
                       {"ItemsPath", "$.list"},
                       {"ItemSelector",
                        {{"key.$", "States.Format('{}-{}', $.key, $$.Map.Item.Index)"},
                         {"n.$", "$.n"},
                         {"item.$", "$$.Map.Item.Value"},
                         {"list.$", "$.list[1:]"},
                         {"wait.$", "$.wait"}}}};
    if (one_in(2)) {
      state["MaxConcurrency"] = below(3);
    } else if (one_in(3)) {
      state["MaxConcurrencyPath"] = "$.wait";
    }
    const bool inside_may_fail = add_handlers(state, place);
    json::object processor = flow(depth + 1, inside_may_fail);
    if (one_in(2)) processor["ProcessorConfig"] = {{"Mode", "INLINE"}};
    state[one_in(5) ? "Iterator" : "ItemProcessor"] = std::move(processor);
    return state;
  }

  /// What a Parallel or Map does with its results and errors; returns whether what is inside of it
  /// may fail.
  bool add_handlers(json::object& state, const Place& place) {
    if (one_in(2)) state["ResultSelector"] = {{"count.$", "States.ArrayLength($)"}};
    state["ResultPath"] = one_in(4) ? json::value(nullptr) : json::value("$.group");
    const bool catches = one_in(2);
    if (one_in(3)) {
      // No jitter: the calls of two rounds differ by the time at which they were entered.
      state["Retry"] = json::array{{{"ErrorEquals", json::array{"States.ALL"}},
                                    {"IntervalSeconds", 1 + below(3)},
                                    {"MaxAttempts", 1 + below(2)}}};
    }
    if (catches) state["Catch"] = catchers(place);
    return catches || place.may_fail;
  }

  std::vector<Behaviour> tries(By by) {
    std::vector<Behaviour> tries;
    for (int64_t count = 1 + below(3); count > 0; --count) {
      Behaviour one;
      one.value = below(1000);
      one.seconds = one_in(3) ? 0 : below(100);
      switch (below(8)) {
        case 0:
        case 1:
          one.kind = Behaviour::Kind::refuses;
          one.code = one_in(2) ? "ResourceInUse" : "ValidationException";
          break;
        case 2:
          one.kind = by == By::call ? Behaviour::Kind::refuses : Behaviour::Kind::fails;
          one.code = "ResourceLimitExceeded";
          break;
        case 3:
          one.kind = by == By::call ? Behaviour::Kind::answers : Behaviour::Kind::never;
          break;
        default:
          one.kind = Behaviour::Kind::answers;
      }
      tries.push_back(one);
    }
    return tries;
  }

  /// What never ends needs a timeout, and then all tries of its state run into it: one that ends
  /// would race with the same. A refused call races with nothing, for it ends in the transaction
  /// that makes it; a short timeout is longer than such a call is ever late.
  void add_times(By by, TaskPlan& plan, json::object& state) {
    const bool endless = std::any_of(plan.tries.begin(), plan.tries.end(), [](const auto& one) {
      return one.kind == Behaviour::Kind::never;
    });
    if (endless && !plan_.depends_on_time) {
      for (Behaviour& one : plan.tries) {
        if (by == By::worker || one.kind != Behaviour::Kind::refuses) {
          one.kind = Behaviour::Kind::never;
        }
      }
    }
    const int64_t brief = plan_.depends_on_time ? 1 + below(100) : kLateSecondsMax + below(99);
    const bool heartbeats = by != By::call && one_in(2);
    if (endless || (plan_.depends_on_time && one_in(2))) {
      state["TimeoutSeconds"] = heartbeats ? kGenerousSeconds : brief;
      if (heartbeats) state["HeartbeatSeconds"] = brief;
    } else if (heartbeats) {
      state["HeartbeatSeconds"] = kGenerousSeconds;
    } else if (one_in(4)) {
      state["TimeoutSeconds"] = kGenerousSeconds;
    }
    if ((by == By::worker || by == By::token) && one_in(2)) plan.heartbeat_ms = brief * 1000 / 2;
  }

  json::array retriers() {
    static constexpr const char* kErrors[] = {"States.ALL", "States.TaskFailed", "States.Timeout",
                                              "SageMaker.ResourceInUseException"};
    const int64_t which = below(4);
    json::object retrier{{"ErrorEquals", json::array{kErrors[which]}},
                         {"IntervalSeconds", 1 + below(4)},
                         {"MaxAttempts", below(4)},
                         {"BackoffRate", 1.0 + 0.5 * static_cast<double>(below(3))}};
    if (one_in(3)) retrier["MaxDelaySeconds"] = 5;
    if (one_in(3)) retrier["JitterStrategy"] = "FULL";
    json::array all{std::move(retrier)};
    if (which != 0 && one_in(3)) {
      all.push_back({{"ErrorEquals", json::array{"States.ALL"}}, {"MaxAttempts", 1}});
    }
    return all;
  }

  json::array catchers(const Place& place) {
    const auto ahead = static_cast<int64_t>(place.names.size() - place.index - 1);
    auto next = [&] {
      return place.names[place.index + 1 + static_cast<std::size_t>(below(ahead))];
    };
    json::array all;
    if (one_in(3)) {
      all.push_back({{"ErrorEquals", json::array{"States.Timeout"}},
                     {"ResultPath", "$.error"},
                     {"Next", next()}});
    }
    all.push_back({{"ErrorEquals", json::array{"States.ALL"}},
                   {"ResultPath", one_in(4) ? json::value(nullptr) : json::value("$.error")},
                   {"Next", next()}});
    return all;
  }

  Random& random_;
  Plan plan_;
  int states_left_;
  int named_ = 0;
  bool has_groups_ = false;
  bool starts_children_ = false, in_child_ = false;
};

}  // namespace

Plan make_plan(uint64_t seed, int size) {
  SeededRandom random(seed);
  return Generator(random, size).make();
}

std::optional<CallName> CallName::parse(std::string_view text) {
  auto parts = split(text, '|');
  if (parts.size() != 7 || parts[0] != "w") return std::nullopt;
  CallName name{parts[1], 0};
  for (const std::string& count : {parts[5], parts[6]}) {  // retries, redrives
    int number = 0;
    const char* end = count.data() + count.size();
    auto read = std::from_chars(count.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    name.retry += number;
  }
  return name;
}

}  // namespace trainyard::states::simulation
