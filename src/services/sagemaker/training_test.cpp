#include "services/sagemaker/sagemaker_testing.hpp"

#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/instance_types.hpp"

namespace trainyard::sagemaker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;
using std::chrono::milliseconds;
using std::chrono::seconds;

class TrainingTest : public SageMakerTest {};

const json::object& only_plan(const std::vector<outbox::Message>& messages) {
  static json::object spec;
  for (const auto& message : messages) {
    if (message.kind == "compute.submit") spec = message.payload.at("spec").as_object();
  }
  return spec;
}

TEST_F(TrainingTest, ThePlanSaysEverythingThatAgentsNeed) {
  create_job("Job-1", 2);
  auto messages = take();
  std::string attempt = only_attempt();
  EXPECT_THAT(attempt, MatchesRegex("train-job-1-[0-9a-f]+"));
  EXPECT_THAT(keys(messages, "compute.submit"), ElementsAre(attempt));
  const json::object& spec = only_plan(messages);
  EXPECT_EQ(spec.at("id").as_string(), attempt);
  EXPECT_EQ(dump(spec.at("hosts")), R"(["algo-1","algo-2"])");
  json::object plan = spec.at("plan").as_object();
  std::string token = to_std(plan.at("token").as_string());
  EXPECT_THAT(token, MatchesRegex("[0-9a-f]+"));
  EXPECT_GE(token.size(), 32u);
  plan.erase("token");
  InstanceType type = *find_instance_type("ml.c4.xlarge");
  Share share = share_of(type, this_machine(), 2);
  std::string arn = "arn:aws:sagemaker:us-east-1:000000000000:training-job/Job-1";
  std::string second = std::to_string(to_millis(clock.now()) / 1000);
  json::object expected{
      {"version", 1},
      {"kind", "train"},
      {"attempt", attempt},
      {"region", "us-east-1"},
      {"account", "000000000000"},
      {"name", "Job-1"},
      {"hosts", {"algo-1", "algo-2"}},
      {"image", "image:1"},
      {"log_group", "/aws/sagemaker/TrainingJobs"},
      {"log_streams",
       {{"algo-1", "Job-1/algo-1-" + second}, {"algo-2", "Job-1/algo-2-" + second}}},
      {"environment",
       {{"COLOUR", "red"},
        {"TRAINING_JOB_NAME", "Job-1"},
        {"TRAINING_JOB_ARN", arn},
        {"TRAINYARD_IMAGE", "image:1"}}},
      {"hyperparameters",
       {{"epochs", "6"},
        {"sagemaker_program", "\"train.sh\""},
        {"sagemaker_submit_directory", "\"s3://bucket/code/sourcedir.tar.gz\""}}},
      {"input_data_config", parse_own_json(R"({"training": {"TrainingInputMode": "File",
          "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
          "ContentType": "text/csv"}})")},
      {"channels", parse_own_json(R"([{"name": "training", "s3_uri": "s3://bucket/data",
          "s3_data_type": "S3Prefix", "distribution": "FullyReplicated"}])")},
      {"model_data_url", ""},
      {"code_uri", "s3://bucket/code/sourcedir.tar.gz"},
      {"outputs",
       {{"model", "s3://bucket/models/Job-1/output/model.tar.gz"},
        {"data", "s3://bucket/models/Job-1/output/output.tar.gz"}}},
      {"metrics", parse_own_json(R"json([{"name": "loss", "regex": "Loss: ([0-9.]+)"}])json")},
      {"stop_grace_seconds", 120},
      {"cpus", share.cpus},
      {"gpus", 0},
      {"memory_bytes", share.memory_bytes},
      {"volume_bytes", int64_t{30} << 30},
      {"network_isolation", false}};
  EXPECT_TRUE(json_equal(plan, expected)) << dump_pretty(plan);
  EXPECT_TRUE(read([&](Call& call) { return check_token(call.txn, attempt, token); }));
  EXPECT_FALSE(read([&](Call& call) { return check_token(call.txn, attempt, token + "0"); }));
  EXPECT_FALSE(read([&](Call& call) { return check_token(call.txn, "train-none-0", token); }));
  EXPECT_EQ(read([&](Call& call) { return role_of(call.txn, attempt); }), role_arn());
  auto owns = [&](const std::string& group, const std::string& stream) {
    return read([&](Call& call) { return owns_log(call.txn, attempt, group, stream); });
  };
  const std::string group = "/aws/sagemaker/TrainingJobs";
  EXPECT_TRUE(owns(group, "Job-1/algo-1-" + second));
  EXPECT_TRUE(owns(group, "Job-1/algo-2-" + second));
  EXPECT_FALSE(owns(group, "Job-1/algo-3-" + second));
  EXPECT_FALSE(owns(group, "Job-2/algo-1-" + second));
  EXPECT_FALSE(owns(group, "Job-1/algo-1-" + second + "0"));
  EXPECT_FALSE(owns("/aws/sagemaker/Endpoints/Job-1", "Job-1/algo-1-" + second));
  EXPECT_FALSE(owns("", ""));
  EXPECT_THAT(dump(wire::to_json(job("Job-1"))), ::testing::Not(HasSubstr(token)));
}

TEST_F(TrainingTest, ThePlanSaysWhatTheImageIsHere) {
  const runtimes::Table table(R"(
      [[runtime]]
      name = "torch"
      images = ["*/pytorch-training:*"]
      interpreter = "/opt/venv/bin/python"
      framework = "PyTorch"
      package = "torch"
      folders = ["/opt/venv"]
      environment = { LIBRARY = "a", OTHER = "b" })", "own");
  site.runtimes = &table;
  const std::string image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1.2.0-x";
  auto plan_with = [&](const std::string& name, std::map<std::string, std::string> environment) {
    auto request = job_request(name);
    request.algorithm_specification->training_image = image;
    request.environment = std::move(environment);
    run(create_training_job, request);
    return only_plan(take()).at("plan").as_object();
  };
  json::object plan = plan_with("a", {{"OTHER", "mine"}});
  EXPECT_EQ(dump(plan.at("folders")), R"(["/opt/venv"])");
  EXPECT_EQ(find_string(plan, "image"), image);
  const std::pair<const char*, std::string> variables[] = {
      {"TRAINYARD_PYTHON", "/opt/venv/bin/python"}, {"TRAINYARD_IMAGE", image},
      {"TRAINYARD_FRAMEWORK", "PyTorch"},           {"TRAINYARD_FRAMEWORK_PACKAGE", "torch"},
      {"TRAINYARD_FRAMEWORK_ASKED", "1.2.0"},       {"LIBRARY", "a"},
      {"OTHER", "mine"}};
  for (const auto& [name, value] : variables) {
    EXPECT_EQ(find_string(plan.at("environment").as_object(), name), value) << name;
  }
  plan = plan_with("b", {{"TRAINYARD_PYTHON", "/usr/bin/python3.12"}});  // the request knows better
  EXPECT_EQ(plan.at("environment").at("TRAINYARD_PYTHON"), "/usr/bin/python3.12");
}

TEST_F(TrainingTest, ThePlanSaysWhichImageRuns) {
  const runtimes::Table table(R"(
      [[runtime]]
      name = "mine"
      images = ["localhost/*"]
      oci = true
      environment = { LIBRARY = "a" }
      [[runtime]]
      name = "instead"
      images = ["*/asked:*"]
      oci = "localhost/other:2")", "own");
  site.runtimes = &table;
  auto request = job_request("a");
  request.algorithm_specification->training_image = "localhost/mine:1";
  request.algorithm_specification->container_arguments = {"--fast"};
  run(create_training_job, request);
  json::object plan = only_plan(take()).at("plan").as_object();
  EXPECT_EQ(find_string(plan, "oci"), "localhost/mine:1");
  EXPECT_EQ(dump(plan.at("entrypoint")), "[]");
  EXPECT_EQ(dump(plan.at("arguments")), R"(["--fast"])");
  EXPECT_EQ(find_string(plan.at("environment").as_object(), "LIBRARY"), "a");
  EXPECT_FALSE(find(plan.at("environment").as_object(), "TRAINYARD_PYTHON"));
  EXPECT_FALSE(find(plan, "folders"));
  request = job_request("b");
  request.algorithm_specification->training_image = "registry.test/asked:1";
  run(create_training_job, request);
  plan = only_plan(take()).at("plan").as_object();
  EXPECT_EQ(find_string(plan, "oci"), "localhost/other:2");
  EXPECT_EQ(find_string(plan, "image"), "registry.test/asked:1");
}

TEST_F(TrainingTest, LongNamesMakeShortIds) {
  create_job(std::string(63, 'A'));
  EXPECT_LE(only_attempt().size(), 40u);
}

TEST_F(TrainingTest, TwoHostsToCompletion) {
  create_job("job", 2);
  EXPECT_THAT(told(take()), ElementsAre("InProgress/Starting"));
  std::string attempt = only_attempt();
  clock.advance(seconds(1));
  phase(attempt, "algo-1", "Downloading");
  EXPECT_EQ(job("job").secondary_status, "Starting");  // not before the other
  EXPECT_THAT(told(take()), IsEmpty());
  clock.advance(milliseconds(500));
  phase(attempt, "algo-2", "Downloading");
  EXPECT_EQ(job("job").secondary_status, "Downloading");
  phase(attempt, "algo-1", "Training");
  clock.advance(seconds(1));
  phase(attempt, "algo-2", "Training");
  Time training = clock.now();
  EXPECT_THAT(told(take()), ElementsAre("InProgress/Downloading", "InProgress/Training"));
  write([&](Call& call) {
    auto taken = put_metrics(call, attempt, "algo-1", parse_own_json(R"({"metrics": [
        {"name": "loss", "value": 0.5, "timestamp": 2000},
        {"name": "loss", "value": 0.25, "timestamp": 3000},
        {"name": "other", "value": 1, "timestamp": 3000}]})").as_object());
    EXPECT_EQ(taken->home.name_space, "/aws/sagemaker/TrainingJobs");
    EXPECT_THAT(taken->home.dimensions, ElementsAre(testing::Pair("TrainingJobName", "job")));
    EXPECT_EQ(taken->values.size(), 2u);  // not those that the request does not define
    put_metrics(call, attempt, "algo-2", parse_own_json(
        R"({"metrics": [{"name": "loss", "value": 9, "timestamp": 1000}]})").as_object());
  });
  clock.advance(seconds(10));
  ended(attempt, "algo-2", "succeeded");
  ended(attempt, "algo-2", "succeeded");
  phase(attempt, "algo-1", "Uploading");
  phase(attempt, "algo-1", "Training");  // late and of no account
  EXPECT_EQ(job("job").secondary_status, "Uploading");
  EXPECT_THAT(live(), ElementsAre(attempt));
  clock.advance(milliseconds(1200));
  ended(attempt, "algo-1", "succeeded");
  ended(attempt, "algo-1", "succeeded");
  lost(attempt, "algo-1", "too late");
  auto messages = take();
  EXPECT_THAT(told(messages), ElementsAre("InProgress/Uploading", "Completed/Completed"));
  EXPECT_THAT(keys(messages, "compute.forget"), ElementsAre(attempt));
  EXPECT_THAT(keys(messages, "compute.cancel"), IsEmpty());
  EXPECT_THAT(live(), IsEmpty());

  auto done = job("job");
  EXPECT_EQ(done.training_job_status, "Completed");
  EXPECT_THAT(statuses("job"),
              ElementsAre("Starting", "Downloading", "Training", "Uploading", "Completed"));
  const auto& transitions = *done.secondary_status_transitions;
  const char* words[] = {"Starting the training job", "Downloading input data",
                         "Training image download completed. Training in progress.",
                         "Uploading generated training model", "Training job completed"};
  for (std::size_t i = 0; i < transitions.size(); ++i) {
    EXPECT_EQ(transitions[i].status_message, words[i]);
    ASSERT_TRUE(transitions[i].end_time.has_value());
    Time before = i > 0 ? *transitions[i - 1].end_time : done.creation_time;
    EXPECT_EQ(transitions[i].start_time, before);
  }
  EXPECT_EQ(transitions[2].start_time, training);
  EXPECT_EQ(done.training_time_in_seconds, 13);  // 1 s + 10 s + 1.2 s, rounded up
  EXPECT_EQ(done.billable_time_in_seconds, 13);
  ASSERT_THAT(*done.final_metric_data_list, SizeIs(1));
  EXPECT_EQ(done.final_metric_data_list->front().value, 0.25f);
  EXPECT_EQ(done.final_metric_data_list->front().timestamp, from_millis(3000));
  EXPECT_EQ(done.model_artifacts.s3_model_artifacts,
            "s3://bucket/models/job/output/model.tar.gz");
  clock.advance(seconds(7200));
  EXPECT_EQ(deliver_deadlines(), 0);  // taken back at the end
}

TEST_F(TrainingTest, DescribeEchoesWhatWasRequested) {
  auto request = job_request("job");
  create_job("job");
  json::object shown = wire::to_json(job("job"));
  for (const auto& member : wire::to_json(request)) {
    if (member.key() == "Tags") continue;
    json::value expected = member.value();
    if (member.key() == "OutputDataConfig") expected.as_object()["KmsKeyId"] = "";
    ASSERT_TRUE(shown.contains(member.key())) << member.key();
    EXPECT_TRUE(json_equal(shown.at(member.key()), expected)) << member.key();
  }
  EXPECT_FALSE(shown.contains("Tags"));
  EXPECT_FALSE(shown.contains("FailureReason"));
}

TEST_F(TrainingTest, TheEventIsTheDescriptionWithMillisecondsAndTags) {
  create_job("job");
  std::string attempt = only_attempt();
  clock.advance(milliseconds(1500));
  ended(attempt, "algo-1", "succeeded");  // every report but the last was lost
  outbox::Message last;
  for (auto& message : take()) {
    if (message.kind == "events.put") last = message;
  }
  EXPECT_EQ(last.key, "arn:aws:sagemaker:us-east-1:000000000000:training-job/job");
  EXPECT_EQ(last.payload.at("source"), "aws.sagemaker");
  EXPECT_EQ(last.payload.at("detail-type"), "SageMaker Training Job State Change");
  EXPECT_EQ(last.payload.at("resources"), json::value(json::array{last.key}));
  const json::object& detail = last.payload.at("detail").as_object();
  EXPECT_EQ(detail.at("TrainingJobStatus"), "Completed");
  EXPECT_EQ(dump(detail.at("Tags")), R"({"team":"vision"})");
  EXPECT_EQ(detail.at("TrainingEndTime"), to_millis(clock.now()));
  EXPECT_EQ(detail.at("CreationTime"), to_millis(clock.now()) - 1500);
  const json::array& transitions = detail.at("SecondaryStatusTransitions").as_array();
  ASSERT_EQ(transitions.size(), 5u);
  EXPECT_EQ(transitions.back().at("StartTime"), to_millis(clock.now()));
  EXPECT_EQ(detail.at("ModelArtifacts").at("S3ModelArtifacts"),
            "s3://bucket/models/job/output/model.tar.gz");
  for (const auto& member : wire::to_json(job("job"))) {
    EXPECT_TRUE(detail.contains(member.key())) << member.key();
  }
}

TEST_F(TrainingTest, OneHostsFailureIsTheJobs) {
  create_job("job", 2);
  take();
  std::string attempt = only_attempt();
  phase(attempt, "algo-1", "Downloading");
  phase(attempt, "algo-2", "Downloading");
  std::string reason;
  for (int i = 0; i < 2000; ++i) reason += "é";
  ended(attempt, "algo-2", "failed", "AlgorithmError", reason);
  EXPECT_EQ(job("job").training_job_status, "InProgress");
  auto messages = take();
  EXPECT_THAT(keys(messages, "compute.cancel"), ElementsAre(attempt));
  phase(attempt, "algo-1", "Training");  // a report that was on its way
  ended(attempt, "algo-1", "failed", "ClientError", "a consequence");
  auto done = job("job");
  EXPECT_EQ(done.training_job_status, "Failed");
  EXPECT_EQ(done.secondary_status, "Failed");
  EXPECT_THAT(*done.failure_reason, StartsWith("AlgorithmError: éé"));
  EXPECT_EQ(done.failure_reason->size(), 16u + 2 * 1008u);  // 1,024 characters
  EXPECT_THAT(statuses("job"), ElementsAre("Starting", "Downloading", "Failed"));
  messages = take();
  EXPECT_THAT(told(messages), ElementsAre("Failed/Failed"));
  EXPECT_THAT(keys(messages, "compute.forget"), ElementsAre(attempt));
}

TEST_F(TrainingTest, LostHostsFailTheJob) {
  create_job("job", 2);
  std::string attempt = only_attempt();
  lost(attempt, "algo-1", "the agent is gone");
  lost(attempt, "algo-1", "the agent is gone");
  lost(attempt, "algo-2", "the agent is gone");
  EXPECT_EQ(job("job").failure_reason, "InternalServerError: algo-1: the agent is gone");
  // A receipt that nobody can read is no success.
  create_job("torn");
  report(only_attempt(), "algo-1", {{"phase", "Ended"}});
  EXPECT_THAT(*job("torn").failure_reason, StartsWith("InternalServerError: "));
}

TEST_F(TrainingTest, AnotherBootIsToldAsSuch) {
  write([](Call& call) { restore(call); });
  create_job("before");
  std::string attempt = only_attempt();
  clock.advance(seconds(60));
  write([](Call& call) {
    restore(call);  // the same boot
    set_fact(call.txn, kBootFact, 0, "an earlier boot");
  });
  write([](Call& call) { restore(call); });
  lost(attempt, "algo-1", "the agent is gone");
  EXPECT_EQ(job("before").failure_reason,
            "InternalServerError: algo-1: the machine was started anew while the instance ran");
  clock.advance(seconds(1));
  create_job("after");
  lost(only_attempt(), "algo-1", "the agent is gone");
  EXPECT_THAT(*job("after").failure_reason, HasSubstr("the agent is gone"));
}

TEST_F(TrainingTest, Stop) {
  create_job("job", 2);
  std::string attempt = only_attempt();
  for (const char* name : {"Downloading", "Training"}) {
    phase(attempt, "algo-1", name);
    phase(attempt, "algo-2", name);
  }
  take();
  run(stop_training_job, {.training_job_name = "job"});
  run(stop_training_job, {.training_job_name = "job"});
  auto messages = take();
  EXPECT_THAT(told(messages), ElementsAre("Stopping/Stopping"));
  EXPECT_THAT(keys(messages, "compute.cancel"), ElementsAre(attempt));
  ended(attempt, "algo-1", "stopped");
  ended(attempt, "algo-2", "failed", "AlgorithmError", "died of SIGTERM");
  auto done = job("job");
  EXPECT_EQ(done.training_job_status, "Stopped");
  EXPECT_EQ(done.secondary_status, "Stopped");
  EXPECT_FALSE(done.failure_reason.has_value());
  EXPECT_THAT(statuses("job"),
              ElementsAre("Starting", "Downloading", "Training", "Stopping", "Stopped"));
  std::string message;
  auto again = [&] { run(stop_training_job, {.training_job_name = "job"}); };
  EXPECT_EQ(error_of(again, &message), "ValidationException");
  EXPECT_THAT(message, HasSubstr("is in status Stopped"));
}

TEST_F(TrainingTest, ResultsThatCannotBeStoredFailAStoppedJob) {
  create_job("job");
  run(stop_training_job, {.training_job_name = "job"});
  ended(only_attempt(), "algo-1", "failed", "ClientError", "the bucket is gone");
  EXPECT_EQ(job("job").training_job_status, "Failed");
  EXPECT_EQ(job("job").failure_reason, "ClientError: the bucket is gone");
  create_job("lost");
  run(stop_training_job, {.training_job_name = "lost"});
  lost(only_attempt(), "algo-1", "killed");
  EXPECT_EQ(job("lost").training_job_status, "Stopped");
}

TEST_F(TrainingTest, MaxRuntimeCountsFromTraining) {
  create_job("job");
  std::string attempt = only_attempt();
  clock.advance(seconds(5000));  // a long download
  EXPECT_EQ(deliver_deadlines(), 0);
  phase(attempt, "algo-1", "Training");
  clock.advance(milliseconds(3'599'999));
  EXPECT_EQ(deliver_deadlines(), 0);
  clock.advance(milliseconds(1));
  EXPECT_EQ(deliver_deadlines(), 1);
  EXPECT_EQ(job("job").training_job_status, "Stopping");
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(attempt));
  clock.advance(seconds(2));
  ended(attempt, "algo-1", "stopped");
  auto done = job("job");
  EXPECT_EQ(done.training_job_status, "Stopped");
  EXPECT_EQ(done.secondary_status, "MaxRuntimeExceeded");
  EXPECT_THAT(statuses("job"), ElementsAre("Starting", "Downloading", "Training", "Stopping",
                                           "MaxRuntimeExceeded"));
}

TEST_F(TrainingTest, OurFailuresAreTriedAgain) {
  auto request = job_request("job");
  request.retry_strategy.emplace().maximum_retry_attempts = 1;
  run(create_training_job, request);
  std::string first = only_attempt();
  phase(first, "algo-1", "Training");
  take();
  lost(first, "algo-1", "gone");
  std::string second = only_attempt();
  EXPECT_NE(first, second);
  auto messages = take();
  EXPECT_THAT(keys(messages, "compute.forget"), ElementsAre(first));
  EXPECT_THAT(keys(messages, "compute.submit"), ElementsAre(second));
  EXPECT_THAT(told(messages), ElementsAre("InProgress/Restarting"));
  ended(first, "algo-1", "succeeded");  // a word of the dead
  EXPECT_EQ(job("job").secondary_status, "Restarting");
  lost(second, "algo-1", "gone again");
  EXPECT_EQ(job("job").training_job_status, "Failed");
  // The program's own failures are not.
  request.training_job_name = "own";
  run(create_training_job, request);
  ended(only_attempt(), "algo-1", "failed", "AlgorithmError", "exit 3");
  EXPECT_EQ(job("own").failure_reason, "AlgorithmError: exit 3");
}

TEST_F(TrainingTest, TheDaemonsEndStopsJobs) {
  create_job("job");
  std::string attempt = only_attempt();
  take();
  write([](Call& call) { stop_everything(call); });
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(attempt));
  ended(attempt, "algo-1", "stopped");
  EXPECT_EQ(job("job").training_job_status, "Stopped");
  create_job("late");  // a request that came in meanwhile
  EXPECT_EQ(job("late").training_job_status, "Stopping");
  ended(only_attempt(), "algo-1", "stopped");
  write([](Call& call) { restore(call); });
  create_job("next");
  EXPECT_EQ(job("next").training_job_status, "InProgress");
}

TEST_F(TrainingTest, ReportsThatMakeNoSense) {
  create_job("job");
  std::string attempt = only_attempt();
  EXPECT_EQ(error_of([&] { phase(attempt, "algo-1", "Dreaming"); }), "ValidationException");
  EXPECT_EQ(error_of([&] { phase(attempt, "algo-9", "Training"); }), "ValidationException");
  phase(attempt, "algo-1", "InService");  // of the other kind
  phase("train-unknown-00000000", "algo-1", "Training");
  lost("train-unknown-00000000", "algo-1", "gone");
  lost(attempt, "algo-9", "gone");
  EXPECT_EQ(job("job").secondary_status, "Starting");
  EXPECT_EQ(error_of([&] { read([&](Call& call) { return role_of(call.txn, "none"); }); }),
            "ValidationException");
  ended(attempt, "algo-1", "succeeded");
  EXPECT_EQ(error_of([&] { read([&](Call& call) { return role_of(call.txn, attempt); }); }),
            "ValidationException");
}

}  // namespace
}  // namespace trainyard::sagemaker
