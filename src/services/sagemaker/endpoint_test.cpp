#include "services/sagemaker/instance_types.hpp"
#include "services/sagemaker/sagemaker_testing.hpp"

namespace trainyard::sagemaker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kPingFailure =
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint.";

class EndpointTest : public SageMakerTest {
 protected:
  void in_service(const std::string& attempt) { phase(attempt, "algo-1", "InService"); }

  /// An endpoint `e` of `instances` that are all in service; returns their attempts.
  std::vector<std::string> serving_endpoint(int instances) {
    create_endpoint_of("e", "first", instances);
    auto attempts = live();
    for (const auto& attempt : attempts) in_service(attempt);
    EXPECT_EQ(endpoint_status("e"), "InService");
    take();
    return attempts;
  }
  /// A second configuration, and the update to it; returns the new attempts.
  std::vector<std::string> update_to(const std::string& config, int instances) {
    auto before = live();
    run(create_model, model_request("model-of-" + config));
    run(create_endpoint_config, config_request(config, "model-of-" + config, instances));
    run(update_endpoint, {.endpoint_name = "e", .endpoint_config_name = config});
    return without(live(), before);
  }
  static std::vector<std::string> without(std::vector<std::string> all,
                                          const std::vector<std::string>& some) {
    std::erase_if(all, [&](const auto& one) {
      return std::find(some.begin(), some.end(), one) != some.end();
    });
    return all;
  }
};

TEST_F(EndpointTest, ThePlanOfAnInstance) {
  create_endpoint_of("Endpoint-1", "config", 1);
  auto messages = take();
  std::string attempt = only_attempt();
  EXPECT_THAT(attempt, MatchesRegex("serve-endpoint-1-[0-9a-f]+"));
  EXPECT_THAT(keys(messages, "compute.submit"), ElementsAre(attempt));
  json::object spec = messages.front().payload.at("spec").as_object();
  EXPECT_EQ(dump(spec.at("hosts")), R"(["algo-1"])");
  json::object plan = spec.at("plan").as_object();
  std::string stream = to_std(plan.at("log_streams").at("algo-1").as_string());
  EXPECT_THAT(stream, MatchesRegex("AllTraffic/i-[0-9a-f]+"));
  auto owns = [&](const std::string& group, const std::string& name) {
    return read([&](Call& call) { return owns_log(call.txn, attempt, group, name); });
  };
  EXPECT_TRUE(owns("/aws/sagemaker/Endpoints/Endpoint-1", stream));
  EXPECT_FALSE(owns("/aws/sagemaker/Endpoints/Endpoint-1", stream + "0"));
  EXPECT_FALSE(owns("/aws/sagemaker/Endpoints/Endpoint-2", stream));
  EXPECT_GE(plan.at("token").as_string().size(), 32u);
  plan.erase("token");
  Share share = share_of(*find_instance_type("ml.m4.xlarge"), this_machine());
  json::object expected{
      {"version", 1},
      {"kind", "serve"},
      {"attempt", attempt},
      {"region", "us-east-1"},
      {"account", "000000000000"},
      {"name", "Endpoint-1"},
      {"hosts", json::array{"algo-1"}},
      {"image", "serve:1"},
      {"log_group", "/aws/sagemaker/Endpoints/Endpoint-1"},
      {"log_streams", json::object{{"algo-1", stream}}},
      {"environment",
       {{"SAGEMAKER_PROGRAM", "mnist.py"},
        {"SAGEMAKER_SUBMIT_DIRECTORY", "s3://bucket/code/sourcedir.tar.gz"},
        {"SAGEMAKER_REGION", "us-east-1"},
        {"TRAINYARD_IMAGE", "serve:1"}}},
      {"hyperparameters", json::object{}},
      {"input_data_config", json::object{}},
      {"channels", json::array{}},
      {"model_data_url", "s3://bucket/model.tar.gz"},
      {"code_uri", "s3://bucket/code/sourcedir.tar.gz"},
      {"outputs", json::object{}},
      {"metrics", json::array{}},
      {"stop_grace_seconds", 30},
      {"cpus", share.cpus},
      {"gpus", 0},
      {"memory_bytes", share.memory_bytes},
      {"volume_bytes", int64_t{30} << 30},
      {"network_isolation", false},
      {"ping_timeout_seconds", 240}};
  EXPECT_TRUE(json_equal(plan, expected)) << dump_pretty(plan);
}

TEST_F(EndpointTest, AModelMayLieOpenBelowAPrefix) {
  auto model = model_request("m");
  model.primary_container->model_data_url.reset();
  auto& source = model.primary_container->model_data_source.emplace().s3_data_source.emplace();
  source.s3_uri = "s3://bucket/model";
  source.s3_data_type = "S3Prefix";
  source.compression_type = "None";
  run(create_model, model);
  run(create_endpoint_config, config_request("c", "m", 1));
  run(create_endpoint, {.endpoint_name = "e", .endpoint_config_name = "c"});
  json::object plan = take().front().payload.at("spec").at("plan").as_object();
  EXPECT_EQ(plan.at("model_data_url"), "s3://bucket/model/");
}

TEST_F(EndpointTest, InServiceOnceAllInstancesAre) {
  create_endpoint_of("e", "config", 2);
  EXPECT_THAT(told(take()), ElementsAre("Creating"));
  EXPECT_EQ(endpoint_status("e"), "Creating");
  EXPECT_FALSE(route_of("e").has_value());
  auto attempts = live();
  ASSERT_THAT(attempts, SizeIs(2));
  in_service(attempts[0]);
  in_service(attempts[0]);
  auto half = endpoint("e");
  EXPECT_EQ(half.endpoint_status, "Creating");
  EXPECT_EQ(half.production_variants->front().current_instance_count, 1);
  EXPECT_EQ(half.production_variants->front().desired_instance_count, 2);
  clock.advance(seconds(1));
  in_service(attempts[1]);
  auto done = endpoint("e");
  EXPECT_EQ(done.endpoint_status, "InService");
  EXPECT_EQ(done.endpoint_config_name, "config");
  EXPECT_EQ(done.last_modified_time, clock.now());
  EXPECT_FALSE(done.failure_reason.has_value());
  const auto& variant = done.production_variants->front();
  EXPECT_EQ(variant.variant_name, "AllTraffic");
  EXPECT_EQ(variant.current_instance_count, 2);
  EXPECT_EQ(variant.current_weight, 1);
  EXPECT_EQ(variant.deployed_images->front().specified_image, "serve:1");
  EXPECT_THAT(told(take()), ElementsAre("InService"));
  EXPECT_THAT(routed("e"), UnorderedElementsAreArray(attempts));
  EXPECT_EQ(route_of("e")->variants.front().instances.front().host, "algo-1");
  clock.advance(seconds(10'000));
  deliver_deadlines();  // the limit of the start is of no account any more
  EXPECT_EQ(endpoint_status("e"), "InService");
  EXPECT_THAT(live(), UnorderedElementsAreArray(attempts));
}

TEST_F(EndpointTest, AFirstStartThatFailsFailsTheEndpoint) {
  create_endpoint_of("e", "config", 2);
  take();
  auto attempts = live();
  in_service(attempts[0]);
  ended(attempts[1], "algo-1", "failed", "AlgorithmError", "exit 1");
  auto failed = endpoint("e");
  EXPECT_EQ(failed.endpoint_status, "Failed");
  EXPECT_EQ(failed.failure_reason, kPingFailure);
  auto messages = take();
  EXPECT_THAT(told(messages), ElementsAre("Failed"));
  EXPECT_THAT(keys(messages, "compute.cancel"), ElementsAre(attempts[0]));
  EXPECT_THAT(keys(messages, "compute.forget"), ElementsAre(attempts[1]));
  EXPECT_THAT(keys(messages, "compute.submit"), IsEmpty());
  ended(attempts[0], "algo-1", "stopped");
  EXPECT_THAT(live(), IsEmpty());
  EXPECT_EQ(endpoint("e").failure_reason, kPingFailure);
  EXPECT_FALSE(route_of("e").has_value());
  auto update = [&] {
    run(update_endpoint, {.endpoint_name = "e", .endpoint_config_name = "config"});
  };
  EXPECT_EQ(error_of(update), "ValidationException");
  write([](Call& call) { restore(call); });
  EXPECT_THAT(live(), IsEmpty());
  run(delete_endpoint, {.endpoint_name = "e"});
  EXPECT_EQ(error_of([&] { endpoint("e"); }), "ValidationException");
}

TEST_F(EndpointTest, WhyAnInstanceCannotStart) {
  create_endpoint_of("a", "config", 1);
  ended(only_attempt(), "algo-1", "failed", "ClientError", "no s3://bucket/model.tar.gz");
  EXPECT_EQ(endpoint("a").failure_reason, "ClientError: no s3://bucket/model.tar.gz");
  run(create_endpoint, {.endpoint_name = "b", .endpoint_config_name = "config"});
  lost(only_attempt(), "algo-1", "no namespaces");
  EXPECT_EQ(endpoint("b").failure_reason, "InternalServerError: algo-1: no namespaces");
  run(create_endpoint, {.endpoint_name = "c", .endpoint_config_name = "config"});
  std::string attempt = only_attempt();
  take();
  phase(attempt, "algo-1", "Unhealthy");  // it still starts
  EXPECT_EQ(endpoint_status("c"), "Creating");
  clock.advance(seconds(1200 + 240 + 60));
  EXPECT_EQ(deliver_deadlines(), 1);
  EXPECT_EQ(endpoint("c").failure_reason, kPingFailure);
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(attempt));
  ended(attempt, "algo-1", "stopped");
  EXPECT_EQ(endpoint("c").endpoint_status, "Failed");
}

TEST_F(EndpointTest, DeadInstancesAreReplacedWithGrowingDelay) {
  auto attempts = serving_endpoint(2);
  std::string stays = attempts[0], dies = attempts[1];
  clock.advance(seconds(5));
  for (int delay : {1, 2, 4, 8, 16, 32, 60, 60}) {
    int64_t before = revision();
    lost(dies, "algo-1", "gone");
    lost(dies, "algo-1", "gone");
    EXPECT_GT(revision(), before);
    EXPECT_THAT(routed("e"), ElementsAre(stays));
    EXPECT_EQ(endpoint_status("e"), "InService");
    clock.advance(milliseconds(delay * 1000 - 1));
    EXPECT_EQ(deliver_deadlines(), 0);
    EXPECT_THAT(live(), ElementsAre(stays));
    clock.advance(milliseconds(1));
    EXPECT_EQ(deliver_deadlines(), 1);
    auto fresh = without(live(), {stays});
    ASSERT_THAT(fresh, SizeIs(1));
    EXPECT_NE(fresh.front(), dies);
    dies = fresh.front();
    EXPECT_THAT(take_keys("compute.submit"), ElementsAre(dies));
  }
  int64_t before = revision();
  in_service(dies);
  EXPECT_GT(revision(), before);
  EXPECT_THAT(routed("e"), UnorderedElementsAreArray({stays, dies}));
  clock.advance(seconds(60));  // a steady instance's death is a first one again
  ended(dies, "algo-1", "failed", "AlgorithmError", "out of memory");
  clock.advance(seconds(1));
  EXPECT_GE(deliver_deadlines(), 1);
  EXPECT_THAT(live(), SizeIs(2));
}

TEST_F(EndpointTest, UnhealthyInstancesGetNoRequestsAndAreReplacedInTheEnd) {
  auto attempts = serving_endpoint(1);
  phase(attempts[0], "algo-1", "Unhealthy");
  EXPECT_THAT(routed("e"), IsEmpty());
  EXPECT_TRUE(route_of("e").has_value());
  clock.advance(seconds(30));
  in_service(attempts[0]);
  EXPECT_EQ(routed("e"), attempts);
  clock.advance(seconds(20));
  phase(attempts[0], "algo-1", "Unhealthy");
  clock.advance(seconds(10));
  deliver_deadlines();  // the first illness's deadline
  EXPECT_THAT(take_keys("compute.cancel"), IsEmpty());
  clock.advance(seconds(50));
  deliver_deadlines();
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(attempts[0]));
  ended(attempts[0], "algo-1", "stopped");
  clock.advance(seconds(1));
  deliver_deadlines();
  EXPECT_NE(only_attempt(), attempts[0]);
}

TEST_F(EndpointTest, UpdatesStartTheNewBeforeTheyEndTheOld) {
  auto old = serving_endpoint(2);
  auto fresh = update_to("second", 1);
  ASSERT_THAT(fresh, SizeIs(1));
  auto during = endpoint("e");
  EXPECT_EQ(during.endpoint_status, "Updating");
  EXPECT_EQ(during.endpoint_config_name, "first");
  EXPECT_EQ(during.pending_deployment_summary->endpoint_config_name, "second");
  EXPECT_THAT(routed("e"), UnorderedElementsAreArray(old));
  auto again = [&] {
    run(update_endpoint, {.endpoint_name = "e", .endpoint_config_name = "second"});
  };
  std::string message;
  EXPECT_EQ(error_of(again, &message), "ValidationException");
  EXPECT_THAT(message, HasSubstr("Cannot update in-progress endpoint"));
  EXPECT_THAT(take_keys("compute.cancel"), IsEmpty());
  int64_t before = revision();
  in_service(fresh[0]);
  EXPECT_GT(revision(), before);
  auto done = endpoint("e");
  EXPECT_EQ(done.endpoint_status, "InService");
  EXPECT_EQ(done.endpoint_config_name, "second");
  EXPECT_FALSE(done.pending_deployment_summary.has_value());
  EXPECT_EQ(routed("e"), fresh);
  EXPECT_THAT(take_keys("compute.cancel"), UnorderedElementsAreArray(old));
  for (const auto& attempt : old) ended(attempt, "algo-1", "stopped");
  clock.advance(seconds(100));
  deliver_deadlines();
  EXPECT_EQ(live(), fresh);  // what an update ended is not replaced
}

TEST_F(EndpointTest, UpdatesThatFailRollBack) {
  auto old = serving_endpoint(1);
  auto fresh = update_to("second", 2);
  in_service(fresh[0]);
  ended(fresh[1], "algo-1", "failed", "AlgorithmError", "exit 1");
  EXPECT_EQ(endpoint_status("e"), "RollingBack");
  EXPECT_EQ(routed("e"), old);
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(fresh[0]));
  ended(fresh[0], "algo-1", "stopped");
  auto done = endpoint("e");
  EXPECT_EQ(done.endpoint_status, "InService");
  EXPECT_EQ(done.endpoint_config_name, "first");
  EXPECT_EQ(done.failure_reason, kPingFailure);
  EXPECT_EQ(routed("e"), old);
  // The next update forgets the failure; the only new instance that fails ends it at once.
  fresh = update_to("third", 1);
  EXPECT_FALSE(endpoint("e").failure_reason.has_value());
  lost(fresh[0], "algo-1", "gone");
  EXPECT_EQ(endpoint_status("e"), "InService");
  EXPECT_EQ(live(), old);
}

TEST_F(EndpointTest, UpdatesMayRetainCountsAndWeights) {
  auto old = serving_endpoint(1);
  run(create_endpoint_config, config_request("second", "model-of-first", 3));
  run(update_endpoint, {.endpoint_name = "e",
                        .endpoint_config_name = "second",
                        .retain_all_variant_properties = true});
  EXPECT_THAT(live(), SizeIs(2));
}

TEST_F(EndpointTest, DeletingLastsUntilTheInstancesHaveEnded) {
  auto attempts = serving_endpoint(2);
  std::string arn = endpoint("e").endpoint_arn;
  run(add_tags, {.resource_arn = arn, .tags = {{"a", "1"}}});
  run(delete_endpoint_config, {.endpoint_config_name = "first"});
  run(delete_model, {.model_name = "model-of-first"});
  int64_t before = revision();
  run(delete_endpoint, {.endpoint_name = "e"});
  EXPECT_GT(revision(), before);
  EXPECT_FALSE(route_of("e").has_value());
  auto messages = take();
  EXPECT_THAT(told(messages), ElementsAre("Deleting"));
  EXPECT_THAT(keys(messages, "compute.cancel"), UnorderedElementsAreArray(attempts));
  EXPECT_EQ(error_of([&] { run(delete_endpoint, {.endpoint_name = "e"}); }),
            "ValidationException");
  ended(attempts[0], "algo-1", "stopped");
  EXPECT_EQ(endpoint_status("e"), "Deleting");
  lost(attempts[1], "algo-1", "gone");
  EXPECT_EQ(error_of([&] { endpoint("e"); }), "ValidationException");
  EXPECT_THAT(run(list_endpoints, {}).endpoints, IsEmpty());
  EXPECT_THAT(take_keys("compute.forget"), UnorderedElementsAreArray(attempts));
  clock.advance(seconds(100));
  deliver_deadlines();
  EXPECT_THAT(live(), IsEmpty());
  create_endpoint_of("e", "first", 1);  // the name is free again, and clean
  EXPECT_THAT(*run(list_tags, {.resource_arn = arn}).tags, IsEmpty());
}

TEST_F(EndpointTest, DeletingWhileCreatingAndUpdating) {
  create_endpoint_of("e", "first", 1);
  std::string attempt = only_attempt();
  run(delete_endpoint, {.endpoint_name = "e"});
  in_service(attempt);
  EXPECT_EQ(endpoint_status("e"), "Deleting");
  ended(attempt, "algo-1", "stopped");
  EXPECT_THAT(run(list_endpoints, {}).endpoints, IsEmpty());
}

TEST_F(EndpointTest, EndpointsComeBackAfterTheDaemonsEnd) {
  auto attempts = serving_endpoint(2);
  run(create_endpoint, {.endpoint_name = "young", .endpoint_config_name = "first"});
  auto young = without(live(), attempts);
  take();
  write([](Call& call) { stop_everything(call); });
  EXPECT_THAT(take_keys("compute.cancel"), SizeIs(4));
  EXPECT_THAT(routed("e"), IsEmpty());
  for (const auto& attempt : live()) ended(attempt, "algo-1", "stopped");
  EXPECT_THAT(live(), IsEmpty());  // nothing is replaced while the daemon ends
  EXPECT_EQ(endpoint_status("young"), "Creating");
  take();
  clock.advance(seconds(100));
  write([](Call& call) { restore(call); });
  write([](Call& call) { restore(call); });
  EXPECT_EQ(endpoint_status("e"), "SystemUpdating");
  auto fresh = live();
  EXPECT_THAT(fresh, SizeIs(4));
  EXPECT_THAT(take_keys("compute.submit"), UnorderedElementsAreArray(fresh));
  for (const auto& attempt : fresh) in_service(attempt);
  EXPECT_EQ(endpoint_status("e"), "InService");
  EXPECT_EQ(endpoint_status("young"), "InService");
  EXPECT_THAT(routed("e"), SizeIs(2));
}

TEST_F(EndpointTest, AnEndThatWasNotAwaitedFailsNoDeployment) {
  auto serving = serving_endpoint(2);
  run(create_endpoint, {.endpoint_name = "young", .endpoint_config_name = "first"});
  run(update_endpoint, {.endpoint_name = "e", .endpoint_config_name = "first"});
  auto told_to_end = live();
  write([](Call& call) { stop_everything(call); });
  take();  // the daemon is killed before any of them has ended
  write([](Call& call) { restore(call); });
  auto fresh = without(live(), told_to_end);
  EXPECT_THAT(fresh, SizeIs(told_to_end.size()));
  EXPECT_THAT(take_keys("compute.submit"), UnorderedElementsAreArray(fresh));
  for (const auto& attempt : told_to_end) lost(attempt, "algo-1", "gone");
  EXPECT_EQ(endpoint_status("young"), "Creating");
  EXPECT_EQ(endpoint_status("e"), "Updating");
  clock.advance(seconds(1));
  EXPECT_EQ(deliver_deadlines(), 0);  // nor is anything started a third time
  EXPECT_THAT(live(), UnorderedElementsAreArray(fresh));
  for (const auto& attempt : fresh) in_service(attempt);
  EXPECT_EQ(endpoint_status("young"), "InService");
  EXPECT_EQ(endpoint_status("e"), "InService");
}

TEST_F(EndpointTest, AStartIsNotGivenUpBeforeItsAgentCouldTell) {
  create_endpoint_of("e", "config", 1);
  clock.advance(std::chrono::hours(24));  // the daemon was away, and the agent waits to be heard
  write([](Call& call) { restore(call); });
  EXPECT_EQ(deliver_deadlines(), 0);
  in_service(only_attempt());
  clock.advance(std::chrono::hours(24));
  deliver_deadlines();
  EXPECT_EQ(endpoint_status("e"), "InService");
  run(create_endpoint, {.endpoint_name = "silent", .endpoint_config_name = "config"});
  clock.advance(std::chrono::hours(24));
  write([](Call& call) { restore(call); });
  clock.advance(seconds(60));
  EXPECT_EQ(deliver_deadlines(), 1);
  EXPECT_EQ(endpoint_status("silent"), "Failed");
}

TEST_F(EndpointTest, RestoreLeavesInstancesThatRunAlone) {
  auto attempts = serving_endpoint(2);
  write([](Call& call) { restore(call); });
  EXPECT_THAT(live(), UnorderedElementsAreArray(attempts));
  EXPECT_EQ(endpoint_status("e"), "InService");
  // After a reboot the observer finds them lost; they are replaced like any that died.
  for (const auto& attempt : attempts) lost(attempt, "algo-1", "gone");
  EXPECT_THAT(live(), IsEmpty());
  clock.advance(seconds(1));
  EXPECT_EQ(deliver_deadlines(), 2);
  EXPECT_THAT(live(), SizeIs(2));
}

TEST_F(EndpointTest, WeightsAndSeveralVariants) {
  run(create_model, model_request("m"));
  auto request = config_request("c", "m", 1);
  request.production_variants.push_back(request.production_variants.front());
  request.production_variants[1].variant_name = "Canary";
  request.production_variants[1].initial_variant_weight = 0.25f;
  request.production_variants[1].container_startup_health_check_timeout_in_seconds = 600;
  run(create_endpoint_config, request);
  run(create_endpoint, {.endpoint_name = "e", .endpoint_config_name = "c"});
  for (const auto& attempt : live()) in_service(attempt);
  auto route = route_of("e");
  ASSERT_THAT(route->variants, SizeIs(2));
  EXPECT_EQ(route->variants[0].name, "AllTraffic");
  EXPECT_EQ(route->variants[0].weight, 1);
  EXPECT_EQ(route->variants[1].weight, 0.25);
  EXPECT_THAT(route->variants[1].instances, SizeIs(1));
  int patient = 0;
  for (const auto& message : take()) {
    if (message.kind != "compute.submit") continue;
    patient += message.payload.at("spec").at("plan").at("ping_timeout_seconds") == 600;
  }
  EXPECT_EQ(patient, 1);
}

}  // namespace
}  // namespace trainyard::sagemaker
