// Random lives: whatever order agents, clients, clocks and the daemon's ends come in, what must
// hold holds after every step.
#include <set>

#include "services/sagemaker/sagemaker_testing.hpp"

namespace trainyard::sagemaker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using std::chrono::seconds;

class LivesTest : public SageMakerTest {
 protected:
  uint64_t pick(uint64_t bound) { return chance_.below(bound); }
  template <class T>
  T any_of(const std::vector<T>& values) {
    return values[pick(values.size())];
  }

  /// Delivers deadlines; counts starts and ends, which must come once an attempt and in that order.
  void perform() {
    for (const auto& message : take()) {
      if (message.kind == "sagemaker.deadline") {
        write([&](Call& call) { deliver_deadline(call, message); });
      } else if (message.kind == "compute.submit") {
        EXPECT_TRUE(submitted_.insert(message.key).second) << message.key;
      } else if (message.kind == "compute.forget") {
        EXPECT_TRUE(submitted_.contains(message.key)) << message.key;
        EXPECT_TRUE(forgotten_.insert(message.key).second) << message.key;
      } else if (message.kind == "compute.cancel") {
        EXPECT_TRUE(cancelled_.insert(message.key).second) << message.key;
      } else {
        told_.push_back(told({message}).front());
      }
    }
    if (!due().empty()) return perform();  // what the deadlines posted
    std::set<std::string> running = submitted_;
    for (const auto& id : forgotten_) running.erase(id);
    auto ids = live();
    EXPECT_EQ(running, std::set<std::string>(ids.begin(), ids.end()));
  }

  SeededRandom chance_{0};
  std::set<std::string> submitted_, forgotten_, cancelled_;
  std::vector<std::string> told_;
};

class EndpointLives : public LivesTest {
 protected:
  std::string shown_route() {
    auto found = route_of("e");
    if (!found) return "none";
    std::string text;
    for (const auto& variant : found->variants) {
      text += variant.name + " " + std::to_string(variant.weight) + ":";
      for (const auto& instance : variant.instances) text += " " + instance.attempt;
    }
    return text;
  }

  /// Errors of the API are answers like any other here: the step was refused.
  void client_step() {
    try {
      switch (pick(6)) {
        case 0: run(delete_endpoint, {.endpoint_name = "e"}); break;
        case 1:
        case 2:
          run(update_endpoint, {.endpoint_name = "e",
                                .endpoint_config_name = pick(2) ? "one" : "two"});
          break;
        default: run(create_endpoint, {.endpoint_name = "e", .endpoint_config_name = "one"});
      }
    } catch (const ApiError& error) {
      EXPECT_EQ(error.code(), "ValidationException");
    }
  }

  void agent_step() {
    auto ids = live();
    if (ids.empty()) return;
    std::string id = any_of(ids);
    switch (pick(8)) {
      case 0: ended(id, "algo-1", "failed", "AlgorithmError", "exit 1"); break;
      case 1: lost(id, "algo-1", "gone"); break;
      case 2: phase(id, "algo-1", "Unhealthy"); break;
      default: phase(id, "algo-1", "InService");
    }
    if (cancelled_.contains(id) && pick(2)) ended(id, "algo-1", "stopped");
  }

  void step() {
    uint64_t what = pick(20);
    if (what == 0) {
      write([](Call& call) { stop_everything(call); });
      stopping_ = true;
    } else if (what == 1 || (stopping_ && what == 2)) {
      write([](Call& call) { restore(call); });
      stopping_ = false;
    } else if (what < 5) {
      client_step();
    } else if (what < 8) {
      clock.advance(seconds(pick(70)));
    } else {
      agent_step();
    }
  }

  /// What a healthy machine does: cancelled instances end, the others come into service.
  void settle() {
    write([](Call& call) { restore(call); });
    for (int round = 0; round < 20; ++round) {
      perform();
      for (const auto& id : live()) {
        cancelled_.contains(id) ? ended(id, "algo-1", "stopped") : phase(id, "algo-1", "InService");
      }
      clock.advance(seconds(61));
    }
    perform();
  }

  bool stopping_ = false;
};

TEST_F(EndpointLives, RoutesChangeWithTheirRevisionAndEverythingSettles) {
  run(create_model, model_request("m"));
  run(create_endpoint_config, config_request("one", "m", 2));
  run(create_endpoint_config, config_request("two", "m", 1));
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    chance_ = SeededRandom(seed);
    std::string route = shown_route();
    int64_t known = revision();
    for (int i = 0; i < 300; ++i) {
      step();
      perform();
      std::string now = shown_route();
      EXPECT_TRUE(now == route || revision() > known) << route << " became " << now;
      route = now;
      known = revision();
      if (HasFailure()) return;
    }
    settle();
    auto endpoints = run(list_endpoints, {}).endpoints;
    if (!endpoints.empty()) {
      auto shown = endpoint("e");
      EXPECT_TRUE(shown.endpoint_status == "InService" || shown.endpoint_status == "Failed")
          << "seed " << seed << " " << shown.endpoint_status;
      if (shown.endpoint_status == "InService") {
        const auto& variant = shown.production_variants->front();
        EXPECT_EQ(variant.current_instance_count, variant.desired_instance_count);
        EXPECT_EQ(live().size(), static_cast<std::size_t>(*variant.desired_instance_count));
      }
      run(delete_endpoint, {.endpoint_name = "e"});
      settle();
    }
    EXPECT_THAT(run(list_endpoints, {}).endpoints, IsEmpty());
    EXPECT_THAT(live(), IsEmpty());
  }
  EXPECT_THAT(std::set<std::string>(told_.begin(), told_.end()),
              ElementsAre("Creating", "Deleting", "Failed", "InService", "RollingBack",
                          "SystemUpdating", "Updating"));
}

class TrainingLives : public LivesTest {
 protected:
  void agent_step(const std::string& attempt, int hosts) {
    std::string host = "algo-" + std::to_string(1 + pick(static_cast<uint64_t>(hosts)));
    switch (pick(14)) {
      case 0: ended(attempt, host, "failed", "AlgorithmError", "exit 1 of " + host); break;
      case 1: lost(attempt, host, "gone"); break;
      case 2: ended(attempt, host, "stopped"); break;
      case 3:
      case 4: ended(attempt, host, "succeeded"); break;
      default:
        phase(attempt, host, any_of<std::string>({"Downloading", "Training", "Uploading"}));
    }
  }
};

TEST_F(TrainingLives, OneEndAndTimesInOrder) {
  const std::set<std::string> ends{"Completed/Completed", "Failed/Failed", "Stopped/Stopped",
                                   "Stopped/MaxRuntimeExceeded"};
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    chance_ = SeededRandom(seed);
    told_.clear();
    std::string name = "job-" + std::to_string(seed);
    int hosts = 1 + static_cast<int>(pick(3));
    create_job(name, hosts);
    perform();
    std::string attempt = only_attempt();
    for (int i = 0; i < 400 && !live().empty(); ++i) {
      if (pick(30) == 0) run(stop_training_job, {.training_job_name = name});
      if (pick(12) == 0) clock.advance(seconds(3600));
      clock.advance(std::chrono::milliseconds(pick(3000)));
      agent_step(attempt, hosts);
      perform();
      if (HasFailure()) return;
    }
    ASSERT_THAT(live(), IsEmpty());
    auto done = job(name);
    seen.insert(told_.back());
    EXPECT_TRUE(ends.contains(told_.back())) << told_.back();
    EXPECT_EQ(std::count_if(told_.begin(), told_.end(),
                            [&](const auto& one) { return ends.contains(one); }),
              1);
    EXPECT_EQ(done.failure_reason.has_value(), done.training_job_status == "Failed");
    Time last = done.creation_time;
    std::set<std::string> statuses;
    for (const auto& transition : *done.secondary_status_transitions) {
      EXPECT_EQ(transition.start_time, last);
      EXPECT_GE(*transition.end_time, transition.start_time);
      EXPECT_TRUE(statuses.insert(transition.status).second) << transition.status;
      last = *transition.end_time;
    }
    EXPECT_TRUE(done.training_job_status != "Completed" || statuses.size() == 5) << seed;
    EXPECT_EQ(done.training_end_time, last);
  }
  EXPECT_EQ(seen, ends);
}

}  // namespace
}  // namespace trainyard::sagemaker
