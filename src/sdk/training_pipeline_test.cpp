// The pipeline's definition and input, compared as text with what the Python SDK sends.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/fake_aws.hpp"
#include "sdk/steps.hpp"
#include "sdk/training_pipeline.hpp"

namespace trainyard::sdk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Texts as the Python SDK (stepfunctions 1.1.2) writes them, but for the newline at the end.
std::string golden(const char* name) {
  const fs::path folder = fs::path(TRAINYARD_SOURCE_DIR) / "src" / "sdk" / "testdata";
  std::string text = read_file(folder / name);
  text.pop_back();
  return text;
}

constexpr const char* kRole = "arn:aws:iam::123456789012:role/service-role/MySageMakerRole";
constexpr const char* kWorkflowRole = "arn:aws:iam::123456789012:role/Workflow";
constexpr const char* kMachine =
    "arn:aws:states:us-east-1:123456789012:stateMachine:training-pipeline-2026-11-23-00-15-52";

class Pipeline : public ::testing::Test {
 protected:
  Pipeline() {
    setenv("TZ", "UTC", 1);
    tzset();
    std::ofstream(folder_.path() / "mnist.py") << "print('hello')\n";
    Time start;
    parse_iso8601("2026-11-23T00:15:52.400Z", start);
    aws_.clock.set(start);
    aws_.answer("CreateStateMachine", {{"stateMachineArn", kMachine}, {"creationDate", 0}});
    aws_.answer("StartExecution", {{"executionArn", "arn:execution"}, {"startDate", 0}});
  }

  PyTorch estimator() {
    return PyTorch(aws_.session, {.entry_point = (folder_.path() / "mnist.py").string(),
                                  .framework_version = "1.2.0",
                                  .role = kRole,
                                  .train_instance_count = 2,
                                  .train_instance_type = "ml.c4.xlarge",
                                  .hyperparameters = {{"epochs", 6}, {"backend", "gloo"}}});
  }

  TempDir folder_;
  FakeAws aws_;
  const std::string bucket_ = "sagemaker-us-east-1-123456789012";
  const std::string inputs_ = "s3://" + bucket_ + "/sagemaker/DEMO-pytorch-mnist";
};

TEST_F(Pipeline, WritesTheDefinitionOfThePythonSdk) {
  PyTorch trainer = estimator();
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  EXPECT_EQ(pipeline.workflow().definition().to_json_text(true), golden("definition.json"));
}

TEST_F(Pipeline, SendsTheInputOfThePythonSdk) {
  PyTorch trainer = estimator();
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  aws_.clock.advance(std::chrono::seconds(1));
  pipeline.create();
  pipeline.execute();
  const json::object& sent = aws_.last("StartExecution");
  EXPECT_EQ(sent.at("name"), "training-pipeline-2026-11-23-00-15-53");
  EXPECT_EQ(sent.at("stateMachineArn"), kMachine);
  const json::value input = parse_own_json(to_std(sent.at("input").as_string()));
  EXPECT_EQ(dump_pretty(input, 1), golden("input.json"));
  EXPECT_EQ(to_std(sent.at("input").as_string()), dump_pretty(input));
}

TEST_F(Pipeline, MakesTheCallsInTheOrderOfThePythonSdk) {
  PyTorch trainer = estimator();
  EXPECT_TRUE(aws_.calls.empty()) << "an estimator alone talks to nobody";
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  EXPECT_THAT(aws_.operations(), ElementsAre("GetCallerIdentity", "ListBuckets", "PutObject"));
  EXPECT_EQ(aws_.last("PutObject").at("Key"),
            "training-pipeline-2026-11-23-00-15-52/estimator-source/source/sourcedir.tar.gz");
  EXPECT_EQ(aws_.last("PutObject").at("Bucket"), json::value(bucket_));
  pipeline.create();
  const json::object& created = aws_.last("CreateStateMachine");
  EXPECT_EQ(created.at("name"), "training-pipeline-2026-11-23-00-15-52");
  EXPECT_EQ(to_std(created.at("definition").as_string()), golden("definition.json"));
  EXPECT_EQ(created.at("roleArn"), kWorkflowRole);
}

TEST_F(Pipeline, OverridesNamesAndHyperparametersForOneRun) {
  PyTorch trainer = estimator();
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  const json::object input = pipeline.input_for("my-job", json::object{{"epochs", 1}});
  const json::object& training = input.at("Training").as_object();
  EXPECT_EQ(training.at("TrainingJobName"), "estimator-my-job");
  const json::object& parameters = training.at("HyperParameters").as_object();
  EXPECT_EQ(parameters.at("epochs"), "1");
  EXPECT_FALSE(parameters.contains("backend")) << "replaced as a whole";
  EXPECT_TRUE(parameters.contains("sagemaker_program"));
  EXPECT_EQ(input.at("Deploy").at("EndpointName"), "my-job");
  const json::object again = pipeline.input_for("other");
  EXPECT_EQ(again.at("Training").at("HyperParameters").at("epochs"), "6");
}

TEST_F(Pipeline, TakesTheStateMachineThatExistsAlready) {
  PyTorch trainer = estimator();
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  const std::string arn = "arn:aws:states:us-east-1:123456789012:stateMachine:there-already";
  aws_.fail("CreateStateMachine",
            ApiError("StateMachineAlreadyExists", 400,
                     "State Machine Already Exists: '" + arn + "'"));
  EXPECT_EQ(pipeline.create(), arn);
  aws_.fail("CreateStateMachine", ApiError("InvalidName", 400, "Invalid Name: 'x'"));
  EXPECT_THROW(pipeline.create(), ApiError);
}

TEST_F(Pipeline, DrawsItsGraph) {
  PyTorch trainer = estimator();
  TrainingPipeline pipeline(trainer, kWorkflowRole, inputs_, bucket_);
  EXPECT_THAT(pipeline.render_graph().text, HasSubstr("│ Configure Endpoint │"));
  EXPECT_THAT(pipeline.render_graph().svg, HasSubstr("Configure Endpoint"));
}

TEST_F(Pipeline, StepsOfOnesOwnTakePlaceholders) {
  PyTorch trainer = estimator();
  const ExecutionInput input;
  TrainingStep training("Train", trainer, input["Job"], inputs_, "my-code");
  ModelStep model("Model", model_of_training(trainer, input["Model"], "ml.m4.xlarge"));
  const Definition definition = chain({training, model});
  const json::object& states = definition.to_json().at("States").as_object();
  const json::object& parameters = states.at("Train").at("Parameters").as_object();
  EXPECT_EQ(parameters.at("TrainingJobName.$"), "$$.Execution.Input['Job']");
  EXPECT_EQ(states.at("Train").at("Next"), "Model");
  EXPECT_EQ(states.at("Model").at("Parameters").at("PrimaryContainer").at("ModelDataUrl.$"),
            "$['ModelArtifacts']['S3ModelArtifacts']");
  EXPECT_EQ(states.at("Model").at("End"), true);
}

}  // namespace
}  // namespace trainyard::sdk
