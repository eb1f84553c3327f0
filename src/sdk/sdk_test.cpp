#include <archive.h>
#include <archive_entry.h>
#include <cmath>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "sdk/encoding.hpp"
#include "sdk/estimator.hpp"
#include "sdk/fake_aws.hpp"
#include "sdk/images.hpp"
#include "sdk/workflow.hpp"

namespace trainyard::sdk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

json::object parse(const char* text) { return parse_own_json(text).as_object(); }

TEST(Encoding, WritesValuesAsPythonDoes) {
  EXPECT_EQ(python_json(parse(R"({"a":[1,2.5,true,null],"b":{"c":"ü\n😀"}})")),
            R"({"a": [1, 2.5, true, null], "b": {"c": "\u00fc\n\ud83d\ude00"}})");
  EXPECT_EQ(python_json(parse_own_json("[1.0,-3e0,1e-5,1e16,0.1]")),
            "[1.0, -3.0, 1e-05, 1e+16, 0.1]");
  EXPECT_EQ(dump(encode_hyperparameters(parse(R"({"epochs":6,"backend":"gloo","x":true})"))),
            R"({"epochs":"6","backend":"\"gloo\"","x":"true"})");
  EXPECT_EQ(dump(decode_hyperparameters(parse(R"({"a":"6","b":"\"gloo\"","c":"plain"})"))),
            R"({"a":6,"b":"gloo","c":"plain"})");
}

TEST(Encoding, NamesFitTheLimit) {
  Time time;
  parse_iso8601("2026-11-23T00:19:22.977Z", time);
  EXPECT_EQ(name_with_time("pytorch-training", time), "pytorch-training-2026-11-23-00-19-22-977");
  EXPECT_EQ(name_with_time(std::string(80, 'x'), time).size(), 63u);
  EXPECT_EQ(join_uri("s3://b/", "/k"), "s3://b/k");
}

TEST(Images, AreWhereAwsKeepsThem) {
  EXPECT_EQ(pytorch_image("us-east-1", "1.2.0", "py3", "ml.c4.xlarge", ImageUse::training),
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1.2.0-cpu-py3");
  EXPECT_EQ(pytorch_image("eu-west-1", "2.1", "py310", "ml.p3.2xlarge", ImageUse::inference),
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.1-gpu-py310");
  EXPECT_EQ(pytorch_image("us-east-1", "1.1.0", "py3", "ml.c4.xlarge", ImageUse::training),
            "520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-pytorch:1.1.0-cpu-py3");
  EXPECT_THROW(pytorch_image("us-east-1", "new", "py3", "ml.c4.xlarge", ImageUse::training),
               SystemError);
  EXPECT_EQ(image_base_name("1.dkr.ecr.x.com/team/pytorch-training:1.2.0"), "pytorch-training");
}

TEST(Npy, RoundTripsInEachType) {
  const Tensor tensor{{2, 3}, {0, 1, 2, 3, 4, 127}};
  const std::pair<NpyType, std::size_t> types[] = {
      {NpyType::float64, 8}, {NpyType::float32, 4}, {NpyType::int64, 8},  {NpyType::int32, 4},
      {NpyType::int16, 2},   {NpyType::int8, 1},    {NpyType::uint64, 8}, {NpyType::uint32, 4},
      {NpyType::uint16, 2},  {NpyType::uint8, 1},   {NpyType::boolean, 1}};
  for (const auto& [type, size] : types) {
    const std::string bytes = to_npy(tensor, type);
    EXPECT_EQ((bytes.size() - 6 * size) % 64, 0u);
    const Tensor back = from_npy(bytes);
    EXPECT_EQ(back.type, type);
    EXPECT_EQ(back.shape, tensor.shape);
    EXPECT_EQ(back.values, tensor.values);
  }
  const Tensor far{{5}, {-1e30, -1.5, 1e30, std::nan(""), 300}};
  EXPECT_EQ(from_npy(to_npy(far, NpyType::uint8)).values,
            (std::vector<double>{0, 0, 255, 0, 255}));
  EXPECT_EQ(from_npy(to_npy(far, NpyType::int64)).values,
            (std::vector<double>{-0x1p63, -1, 0x1p63, 0, 300}));
  EXPECT_THAT(to_npy({{1}, {7}}), HasSubstr("{'descr': '<f8', 'fortran_order': False, "
                                            "'shape': (1,), }"));
}

TEST(Npy, ReadsFortranOrderAndBigEndian) {
  std::string header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) +
                      std::string(1, '\0') + header;
  for (const int value : {1, 4, 2, 5, 3, 6}) {
    bytes += '\0';
    bytes += static_cast<char>(value);
  }
  EXPECT_EQ(from_npy(bytes).values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, RefusesWhatIsNotNumbers) {
  const std::string good = to_npy({{2}, {1, 2}});
  EXPECT_THROW(from_npy("PK"), SystemError);
  EXPECT_THROW(from_npy(good.substr(0, good.size() - 1)), SystemError);
  std::string object = good;
  object.replace(object.find("<f8"), 3, "|O8");
  EXPECT_THROW(from_npy(object), SystemError);
  std::string huge = good;
  huge.replace(huge.find("(2,)"), 4, "(9999999999999, 9999999999999)");
  EXPECT_THROW(from_npy(huge), SystemError);
}

TEST(Tensors, GoThroughJsonAndCsv) {
  const Tensor tensor{{2, 2}, {1, 2.5, -3, 4}};
  EXPECT_EQ(dump(to_nested(tensor)), "[[1.0,2.5],[-3.0,4.0]]");
  EXPECT_EQ(from_nested(to_nested(tensor)).values, tensor.values);
  EXPECT_EQ(from_nested(parse_own_json("[[1],[2]]")).shape, (std::vector<std::size_t>{2, 1}));
  for (const char* bad : {"[[1],[2,3]]", "[1,[2]]", "[\"x\"]", "{}", "[[],[1]]"}) {
    EXPECT_THROW(from_nested(parse_own_json(bad)), SystemError) << bad;
  }
  EXPECT_EQ(to_csv(tensor), "1,2.5\n-3,4\n");
  EXPECT_EQ(from_csv("1,2.5\r\n-3,4\n").values, tensor.values);
  EXPECT_THROW(from_csv("1,2\n3\n"), SystemError);
  EXPECT_THROW(from_csv("1,x\n"), SystemError);
  EXPECT_THAT((Tensor{{2, 3}, {0, 9, 1, 5, 4, 3}}.argmax_rows()), ElementsAre(1, 0));
}

struct Member {
  std::string name;
  int mode;
};

std::vector<Member> members_of(const fs::path& path) {
  archive* reader = archive_read_new();
  archive_read_support_filter_gzip(reader);
  archive_read_support_format_tar(reader);
  EXPECT_EQ(archive_read_open_filename(reader, path.c_str(), 65536), ARCHIVE_OK);
  std::vector<Member> members;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    members.push_back({archive_entry_pathname(entry), static_cast<int>(archive_entry_perm(entry))});
  }
  archive_read_free(reader);
  return members;
}

TEST(Pack, KeepsProgramsExecutable) {
  const TempDir folder;
  const fs::path program = folder.path() / "mnist";
  const fs::path library = folder.path() / "libx.so";
  std::ofstream(program) << "#!/bin/sh\n";
  std::ofstream(library) << "x";
  fs::permissions(program, fs::perms(0700));
  const fs::path archive = folder.path() / "out.tar.gz";
  pack_source({program.string(), "", {library.string()}}, archive);
  const auto members = members_of(archive);
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].name, "mnist");
  EXPECT_EQ(members[0].mode, 0755);
  EXPECT_EQ(members[1].name, "libx.so");
  EXPECT_EQ(members[1].mode, 0644);
}

TEST(Pack, TakesASourceFolderWhole) {
  const TempDir folder;
  const fs::path source = folder.path() / "src";
  fs::create_directories(source / "sub");
  std::ofstream(source / "a.py") << "a";
  std::ofstream(source / "sub" / "b.py") << "b";
  const fs::path archive = folder.path() / "out.tar.gz";
  pack_source({"a.py", source.string(), {}}, archive);
  std::vector<std::string> names;
  for (const Member& member : members_of(archive)) names.push_back(member.name);
  EXPECT_THAT(names, ElementsAre("a.py", "sub/", "sub/b.py"));
  EXPECT_THROW(pack_source({"missing.py", source.string(), {}}, archive), SystemError);
}

class Aws : public ::testing::Test {
 protected:
  Aws() {
    std::ofstream(folder_.path() / "mnist.py") << "x";
    options_.entry_point = (folder_.path() / "mnist.py").string();
    options_.framework_version = "1.2.0";
    options_.role = "arn:aws:iam::123456789012:role/R";
    options_.train_instance_type = "ml.c4.xlarge";
    job_ = parse(R"({"TrainingJobName":"job","TrainingJobArn":"arn","ModelArtifacts":
      {"S3ModelArtifacts":"s3://b/job/output/model.tar.gz"},"TrainingJobStatus":"InProgress",
      "SecondaryStatus":"Training","AlgorithmSpecification":{"TrainingInputMode":"File",
      "TrainingImage":"img:1"},"ResourceConfig":{"InstanceType":"ml.c4.xlarge","InstanceCount":2,
      "VolumeSizeInGB":30},"StoppingCondition":{"MaxRuntimeInSeconds":10},"CreationTime":0,
      "HyperParameters":{"epochs":"6","sagemaker_program":"\"mnist\"",
      "sagemaker_submit_directory":"\"s3://b/code.tar.gz\""}})");
  }

  TempDir folder_;
  FakeAws aws_;
  EstimatorOptions options_;
  json::object job_;
};

TEST_F(Aws, DefaultBucketIsMadeWhenItIsMissing) {
  aws_.set("ListBuckets", {{"Buckets", json::array()}});
  EXPECT_EQ(aws_.session.default_bucket(), "sagemaker-us-east-1-123456789012");
  EXPECT_EQ(aws_.session.default_bucket(), "sagemaker-us-east-1-123456789012");
  EXPECT_THAT(aws_.operations(), ElementsAre("GetCallerIdentity", "ListBuckets", "CreateBucket"));
}

TEST_F(Aws, DefaultBucketToleratesARaceButNotARefusal) {
  aws_.set("ListBuckets", {{"Buckets", json::array()}});
  aws_.fail("CreateBucket", ApiError("BucketAlreadyOwnedByYou", 409, "yours"));
  EXPECT_NO_THROW(aws_.session.default_bucket());
  FakeAws refused;
  refused.set("ListBuckets", {{"Buckets", json::array()}});
  refused.fail("CreateBucket", ApiError("AccessDenied", 403, "no"));
  EXPECT_THROW(refused.session.default_bucket(), ApiError);
}

TEST_F(Aws, ExecutionRoleIsTheAssumedRoleAndNeverAUser) {
  EXPECT_THROW(aws_.session.execution_role(), SystemError);
  FakeAws role;
  role.set("GetCallerIdentity",
           {{"Account", "123456789012"},
            {"Arn", "arn:aws:sts::123456789012:assumed-role/Trainer/session"}});
  role.fail("GetRole", ApiError("AccessDenied", 403, "no"));
  EXPECT_EQ(role.session.execution_role(), "arn:aws:iam::123456789012:role/Trainer");
}

TEST_F(Aws, UploadsAFolderUnderItsRelativeNames) {
  fs::create_directories(folder_.path() / "data" / "raw");
  std::ofstream(folder_.path() / "data" / "raw" / "a") << "aaa";
  std::ofstream(folder_.path() / "data" / "b") << "bb";
  uint64_t done = 0;
  uint64_t total = 0;
  const std::string uri =
      aws_.session.upload_data(folder_.path() / "data", "", "some/prefix",
                               [&](uint64_t d, uint64_t t) { done = d, total = t; });
  EXPECT_EQ(uri, "s3://sagemaker-us-east-1-123456789012/some/prefix");
  EXPECT_EQ(aws_.objects["sagemaker-us-east-1-123456789012/some/prefix/raw/a"], "aaa");
  EXPECT_EQ(aws_.objects["sagemaker-us-east-1-123456789012/some/prefix/b"], "bb");
  EXPECT_EQ(done, 5u);
  EXPECT_EQ(total, 5u);
  EXPECT_THROW(aws_.session.upload_data("/nonexistent"), SystemError);
}

TEST_F(Aws, FitStartsTheJobAndFollowsIt) {
  PyTorch estimator(aws_.session, options_);
  json::object done = job_;
  done["TrainingJobStatus"] = "Completed";
  aws_.answer("CreateTrainingJob", {{"TrainingJobArn", "arn"}});
  aws_.answer("DescribeTrainingJob", job_);
  aws_.answer("DescribeTrainingJob", done);
  aws_.answer("DescribeLogStreams", parse(R"({"logStreams":[
      {"logStreamName":"job/algo-1-1"},{"logStreamName":"job/algo-2-1"}]})"));
  aws_.answer("GetLogEvents", parse(R"({"events":[{"timestamp":2,"message":"two"}],
      "nextForwardToken":"f/1"})"));
  aws_.answer("GetLogEvents", parse(R"({"events":[],"nextForwardToken":"f/1"})"));
  ::testing::internal::CaptureStdout();
  estimator.fit("s3://b/data", true, true, "job");
  const std::string printed = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(printed, HasSubstr("algo-1 | two\n"));
  const json::object& sent = aws_.last("CreateTrainingJob");
  EXPECT_EQ(sent.at("TrainingJobName"), "job");
  EXPECT_EQ(sent.at("HyperParameters").at("sagemaker_program"), "\"mnist.py\"");
  EXPECT_EQ(sent.at("OutputDataConfig").at("S3OutputPath"),
            "s3://sagemaker-us-east-1-123456789012/");
  EXPECT_EQ(sent.at("InputDataConfig").as_array()[0].at("ChannelName"), "training");
}

TEST_F(Aws, FitSaysWhyAJobFailed) {
  PyTorch estimator(aws_.session, options_);
  job_["TrainingJobStatus"] = "Failed";
  job_["FailureReason"] = "AlgorithmError: it broke";
  aws_.answer("CreateTrainingJob", {{"TrainingJobArn", "arn"}});
  aws_.answer("DescribeTrainingJob", job_);
  aws_.fail("DescribeLogStreams", ApiError("ResourceNotFoundException", 400, "no group"));
  try {
    estimator.fit("s3://b/data", true, false, "job");
    FAIL() << "a failed job must throw";
  } catch (const SystemError& error) {
    EXPECT_STREQ(error.what(), "training job job: Failed. Reason: AlgorithmError: it broke");
  }
}

TEST_F(Aws, AttachedEstimatorsDeployTheModelWithItsCode) {
  job_["RoleArn"] = "arn:aws:iam::123456789012:role/R";
  aws_.answer("DescribeTrainingJob", job_);
  aws_.answer("CreateModel", {{"ModelArn", "arn"}});
  aws_.answer("CreateEndpointConfig", {{"EndpointConfigArn", "arn"}});
  aws_.answer("CreateEndpoint", {{"EndpointArn", "arn"}});
  const char* endpoint = R"({"EndpointName":"job","EndpointArn":"arn","EndpointConfigName":"job",
      "EndpointStatus":"%","CreationTime":0,"LastModifiedTime":0})";
  json::object creating = parse(endpoint);
  creating["EndpointStatus"] = "Creating";
  json::object ready = creating;
  ready["EndpointStatus"] = "InService";
  aws_.answer("DescribeEndpoint", creating);
  aws_.answer("DescribeEndpoint", ready);
  Estimator estimator = Estimator::attach(aws_.session, "job");
  Predictor predictor = estimator.deploy(1, "ml.m4.xlarge");
  const json::object& model = aws_.last("CreateModel");
  EXPECT_EQ(model.at("PrimaryContainer").at("ModelDataUrl"), "s3://b/job/output/model.tar.gz");
  EXPECT_EQ(model.at("PrimaryContainer").at("Environment").at("SAGEMAKER_SUBMIT_DIRECTORY"),
            "s3://b/code.tar.gz");
  EXPECT_EQ(model.at("PrimaryContainer").at("Environment").at("SAGEMAKER_PROGRAM"), "mnist");
  EXPECT_EQ(aws_.last("CreateEndpointConfig").at("ProductionVariants").as_array()[0].at(
                "InstanceType"),
            "ml.m4.xlarge");

  aws_.reply.body = to_npy({{1, 2}, {0.25, 0.75}});
  EXPECT_THAT(predictor.predict(Tensor{{1, 1}, {3}}).values, ElementsAre(0.25, 0.75));
  EXPECT_EQ(aws_.last("InvokeEndpoint").at("ContentType"), "application/x-npy");
  aws_.reply.body = "[[1.5]]";
  EXPECT_EQ(dump(predictor.predict(parse_own_json("[[1]]"))), "[[1.5]]");
  EXPECT_EQ(aws_.last("InvokeEndpoint").at("Body"), "[[1]]");

  predictor.delete_endpoint();
  EXPECT_EQ(aws_.operations().back(), "DeleteEndpoint");
  EXPECT_EQ(aws_.last("DeleteEndpointConfig").at("EndpointConfigName"), "job");
}

TEST_F(Aws, EndpointsThatFailSayWhy) {
  aws_.answer("DescribeEndpoint", parse(R"({"EndpointName":"e","EndpointArn":"arn",
      "EndpointConfigName":"e","EndpointStatus":"Failed","FailureReason":"ping","CreationTime":0,
      "LastModifiedTime":0})"));
  EXPECT_THROW(wait_for_endpoint(aws_.session, "e"), SystemError);
}

TEST_F(Aws, ExecutionsArePagedAndWaitedFor) {
  aws_.answer("GetExecutionHistory", parse(R"({"events":[{"id":1,"type":"ExecutionStarted",
      "timestamp":1.5}],"nextToken":"n"})"));
  aws_.answer("GetExecutionHistory",
              parse(R"({"events":[{"id":2,"type":"PassStateEntered","timestamp":2}]})"));
  Execution execution(aws_.session, "arn:aws:states:us-east-1:123456789012:execution:m:x");
  EXPECT_EQ(execution.name(), "x");
  EXPECT_EQ(execution.list_events().size(), 2u);
  EXPECT_EQ(aws_.last("GetExecutionHistory").at("nextToken"), "n");
  json::object state = parse(R"({"executionArn":"a","stateMachineArn":"m","status":"RUNNING",
      "startDate":1,"input":"{\"a\":1}"})");
  aws_.answer("DescribeExecution", state);
  state["status"] = "SUCCEEDED";
  state["output"] = R"({"b":2})";
  aws_.answer("DescribeExecution", state);
  EXPECT_EQ(execution.get_output(true)->at("b"), 2);
  EXPECT_EQ(execution.get_input().at("a"), 1);
}

TEST_F(Aws, ConsoleLinksAreSignedHereAndPlainAtAws) {
  const std::string arn = "arn:aws:states:us-east-1:123456789012:execution:m:x";
  const std::string url = Execution(aws_.session, arn).console_url();
  EXPECT_THAT(url, HasSubstr("http://127.0.0.1:4566/_console/executions/"));
  EXPECT_THAT(url, HasSubstr("X-Amz-Expires=43200"));
  EXPECT_THAT(url, HasSubstr("X-Amz-Signature="));
}

}  // namespace
}  // namespace trainyard::sdk
