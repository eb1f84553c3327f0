// Requests that are refused, and everything that is not the life of something that runs.
#include "base/text.hpp"
#include "services/paging.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/instance_types.hpp"
#include "services/sagemaker/sagemaker_testing.hpp"
#include "wire/validate.hpp"

namespace trainyard::sagemaker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using std::chrono::seconds;

class RequestsTest : public SageMakerTest {};

TEST_F(RequestsTest, TrainingJobsThatAreRefused) {
  using Request = CreateTrainingJobInput;
  struct Case {
    const char* words;
    std::function<void(Request&)> change;
    const char* code = "ValidationException";
  };
  const Case cases[] = {
      {"Could not assume role arn:aws:iam::000000000000:role/None",
       [&](Request& r) { r.role_arn = role_arn("None"); }},
      {"allows principal 'sagemaker.amazonaws.com' to assume the role",
       [&](Request& r) { r.role_arn = role_arn("OtherRole"); }},
      {"S3OutputPath", [](Request& r) { r.output_data_config.s3_output_path = "https://b/x"; }},
      {"channel 'training': S3Uri",
       [](Request& r) {
         r.input_data_config->front().data_source.s3_data_source->s3_uri = "s3:///key";
       }},
      {"S3DataSource",
       [](Request& r) { r.input_data_config->front().data_source.s3_data_source.reset(); }},
      {"'training' stands more than once",
       [](Request& r) { r.input_data_config->push_back(r.input_data_config->front()); }},
      {"'ml.x9.huge' is not known",
       [](Request& r) { r.resource_config->instance_type = "ml.x9.huge"; }},
      {"at least 1", [](Request& r) { r.resource_config->instance_count = 0; }},
      {"is 21", [](Request& r) { r.resource_config->instance_count = 21; },
       "ResourceLimitExceeded"},
      {"ResourceConfig", [](Request& r) { r.resource_config.reset(); }},
      {"AlgorithmSpecification", [](Request& r) { r.algorithm_specification.reset(); }},
      {"ContainerEntrypoint is for OCI images; image:1 is none",
       [](Request& r) { r.algorithm_specification->container_entrypoint = {"/run"}; }},
      {"ContainerArguments is for OCI images",
       [](Request& r) { r.algorithm_specification->container_arguments = {"a"}; }},
      {"Pipe", [](Request& r) { r.algorithm_specification->training_input_mode = "Pipe"; }},
      {"'loss' does not compile: missing closing parenthesis",
       [](Request& r) { r.algorithm_specification->metric_definitions->front().regex = "(a"; }},
      {"'loss' stands more than once",
       [](Request& r) {
         auto& metrics = *r.algorithm_specification->metric_definitions;
         metrics.push_back(metrics.front());
       }},
      {"CheckpointConfig", [](Request& r) { r.checkpoint_config.emplace(); }},
      {"MaxWaitTimeInSeconds",
       [](Request& r) { r.stopping_condition->max_wait_time_in_seconds = 10; }},
      {"'team' stands more than once",
       [](Request& r) { r.tags->push_back({"team", "other"}); }},
      {"reserved", [](Request& r) { r.tags->push_back({"aws:x", "other"}); }},
      {"Environment: 'A' holds a NUL",
       [](Request& r) { (*r.environment)["A"] = std::string("x\0--bind", 8); }},
      {"HyperParameters: 'a' holds a NUL",
       [](Request& r) { (*r.hyper_parameters)[std::string("a\0b", 3)] = "x"; }},
      {"'..' cannot be the name of a channel",
       [](Request& r) { r.input_data_config->front().channel_name = ".."; }},
  };
  for (const Case& one : cases) {
    Request request = job_request("refused");
    one.change(request);
    std::string message;
    EXPECT_EQ(error_of([&] { run(create_training_job, request); }, &message), one.code)
        << one.words;
    EXPECT_THAT(message, HasSubstr(one.words));
  }
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(run(list_training_jobs, {}).training_job_summaries, IsEmpty());
}

TEST_F(RequestsTest, HyperparameterLimitsAreTheModels) {
  auto faults = [&](std::map<std::string, std::string> parameters) {
    auto request = job_request("job");
    request.hyper_parameters = std::move(parameters);
    return error_of([&] {
      wire::validate(kService, wire::shape_of<CreateTrainingJobInput>(), &request, {});
    });
  };
  std::map<std::string, std::string> many;
  for (int i = 0; i < 101; ++i) many["p" + std::to_string(i)] = "1";
  EXPECT_EQ(faults(many), "ValidationException");
  many.erase("p0");
  EXPECT_EQ(faults(many), "");
  EXPECT_EQ(faults({{std::string(257, 'k'), "1"}}), "ValidationException");
  EXPECT_EQ(faults({{"k", std::string(2501, 'v')}}), "ValidationException");
}

TEST_F(RequestsTest, ErrorsThatClientsMatch) {
  create_job("job");
  run(create_model, model_request("model"));
  run(create_endpoint_config, config_request("config", "model", 1));
  run(create_endpoint, {.endpoint_name = "endpoint", .endpoint_config_name = "config"});
  struct Case {
    const char* code;
    const char* message;
    std::function<void()> call;
  };
  const Case cases[] = {
      {"ResourceInUse",
       "Training job names must be unique within an AWS account and region, and a training job "
       "with this name already exists "
       "(arn:aws:sagemaker:us-east-1:000000000000:training-job/job)",
       [&] { create_job("job"); }},
      {"ValidationException", "Requested resource not found.", [&] { job("none"); }},
      {"ValidationException", "Requested resource not found.",
       [&] { run(stop_training_job, {.training_job_name = "none"}); }},
      {"ValidationException",
       "Cannot create already existing model "
       "\"arn:aws:sagemaker:us-east-1:000000000000:model/model\".",
       [&] { run(create_model, model_request("model")); }},
      {"ValidationException",
       "Could not find model \"arn:aws:sagemaker:us-east-1:000000000000:model/none\".",
       [&] { run(describe_model, {.model_name = "none"}); }},
      {"ValidationException",
       "Could not find model \"arn:aws:sagemaker:us-east-1:000000000000:model/none\".",
       [&] { run(create_endpoint_config, config_request("other", "none", 1)); }},
      {"ValidationException",
       "Cannot create already existing endpoint configuration "
       "\"arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/config\".",
       [&] { run(create_endpoint_config, config_request("config", "model", 1)); }},
      {"ValidationException",
       "Could not find endpoint configuration "
       "\"arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/none\".",
       [&] { run(describe_endpoint_config, {.endpoint_config_name = "none"}); }},
      {"ValidationException",
       "Could not find endpoint configuration "
       "\"arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/none\".",
       [&] { run(create_endpoint, {.endpoint_name = "e", .endpoint_config_name = "none"}); }},
      {"ValidationException",
       "Cannot create already existing endpoint "
       "\"arn:aws:sagemaker:us-east-1:000000000000:endpoint/endpoint\".",
       [&] {
         run(create_endpoint, {.endpoint_name = "endpoint", .endpoint_config_name = "config"});
       }},
      {"ValidationException",
       "Could not find endpoint \"arn:aws:sagemaker:us-east-1:000000000000:endpoint/none\".",
       [&] { endpoint("none"); }},
      {"ValidationException",
       "Could not find endpoint \"arn:aws:sagemaker:us-east-1:000000000000:endpoint/none\".",
       [&] { run(delete_endpoint, {.endpoint_name = "none"}); }},
  };
  for (const Case& one : cases) {
    std::string message;
    EXPECT_EQ(error_of(one.call, &message), one.code);
    EXPECT_EQ(message, one.message);
  }
}

TEST_F(RequestsTest, ModelsAndConfigurations) {
  auto model = model_request("model");
  model.tags = std::vector<Tag>{{"a", "1"}};
  EXPECT_EQ(run(create_model, model).model_arn,
            "arn:aws:sagemaker:us-east-1:000000000000:model/model");
  auto shown = run(describe_model, {.model_name = "model"});
  EXPECT_EQ(wire::to_json(*shown.primary_container), wire::to_json(*model.primary_container));
  EXPECT_EQ(shown.creation_time, clock.now());
  auto config = config_request("config", "model", 2);
  run(create_endpoint_config, config);
  auto described = run(describe_endpoint_config, {.endpoint_config_name = "config"});
  EXPECT_EQ(described.production_variants.front().initial_variant_weight, 1);
  EXPECT_EQ(described.production_variants.front().model_name, "model");
  run(delete_model, {.model_name = "model"});  // one that is in use
  run(delete_endpoint_config, {.endpoint_config_name = "config"});
  EXPECT_THAT(run(list_models, {}).models, IsEmpty());
  EXPECT_THAT(run(list_endpoint_configs, {}).endpoint_configs, IsEmpty());
  EXPECT_EQ(error_of([&] { run(delete_model, {.model_name = "model"}); }), "ValidationException");
  // A new model of the name does not inherit the old one's tags.
  run(create_model, model_request("model"));
  EXPECT_THAT(*run(list_tags, {.resource_arn = shown.model_arn}).tags, IsEmpty());
}

TEST_F(RequestsTest, ModelsAndConfigurationsThatAreRefused) {
  auto refused = [&](const std::function<void(CreateModelInput&)>& change) {
    auto request = model_request("model");
    change(request);
    return error_of([&] { run(create_model, request); });
  };
  const std::string code = "ValidationException";
  EXPECT_EQ(refused([](auto& r) { r.primary_container.reset(); }), code);
  EXPECT_EQ(refused([](auto& r) { r.containers = {*r.primary_container}; }), code);
  EXPECT_EQ(refused([](auto& r) { r.primary_container->image.reset(); }), code);
  EXPECT_EQ(refused([](auto& r) {
    (*r.primary_container->environment)["A"] = std::string("x\0y", 3);
  }), code);
  EXPECT_EQ(refused([](auto& r) { r.primary_container->mode = "MultiModel"; }), code);
  EXPECT_EQ(refused([](auto& r) { r.primary_container->model_data_url = "https://b/x"; }), code);
  EXPECT_EQ(refused([](auto& r) { r.execution_role_arn.reset(); }), code);
  EXPECT_EQ(refused([&](auto& r) { r.execution_role_arn = role_arn("OtherRole"); }), code);
  EXPECT_EQ(refused([](auto& r) {
    r.containers = {*r.primary_container, *r.primary_container};
    r.primary_container.reset();
  }), code);
  EXPECT_EQ(refused([](auto& r) {
    r.containers = {*r.primary_container};
    r.primary_container.reset();
  }), "");
  auto source = [&](const char* type, const char* compression) {
    return refused([&](auto& r) {
      r.model_name = std::string(type) + "-" + compression;
      r.primary_container->model_data_url.reset();
      auto& s3 = r.primary_container->model_data_source.emplace().s3_data_source.emplace();
      s3.s3_uri = "s3://bucket/model";
      s3.s3_data_type = type;
      s3.compression_type = compression;
    });
  };
  EXPECT_EQ(source("S3Object", "Gzip"), "");
  EXPECT_EQ(source("S3Prefix", "None"), "");
  EXPECT_EQ(source("S3Object", "None"), code);
  auto config = [&](const std::function<void(ProductionVariant&)>& change) {
    auto request = config_request("config", "model", 1);
    change(request.production_variants.front());
    return error_of([&] { run(create_endpoint_config, request); });
  };
  EXPECT_EQ(config([](auto& v) { v.serverless_config.emplace(); }), code);
  EXPECT_EQ(config([](auto& v) { v.instance_type.reset(); }), code);
  EXPECT_EQ(config([](auto& v) { v.initial_instance_count = 0; }), code);
  EXPECT_EQ(config([](auto& v) { v.initial_instance_count = 21; }), "ResourceLimitExceeded");
  EXPECT_EQ(config([](auto& v) { v.instance_type = "ml.trn1.2xlarge"; }), "ResourceLimitExceeded");
  auto twice = config_request("config", "model", 1);
  twice.production_variants.push_back(twice.production_variants.front());
  EXPECT_EQ(error_of([&] { run(create_endpoint_config, twice); }), code);
}

TEST_F(RequestsTest, Tags) {
  create_job("job");
  std::string arn = job("job").training_job_arn;
  auto pairs = [&](const std::vector<Tag>& tags) {
    std::string text;
    for (const Tag& tag : tags) text += tag.key + "=" + tag.value + " ";
    return text;
  };
  auto added = run(add_tags, {.resource_arn = arn, .tags = {{"z", "1"}, {"team", "audio"}}});
  EXPECT_EQ(pairs(*added.tags), "team=audio z=1 ");
  auto page = run(list_tags, {.resource_arn = arn, .max_results = 1});
  EXPECT_EQ(pairs(*page.tags), "team=audio ");
  page = run(list_tags, {.resource_arn = arn, .next_token = page.next_token});
  EXPECT_EQ(pairs(*page.tags), "z=1 ");
  EXPECT_FALSE(page.next_token.has_value());
  run(delete_tags, {.resource_arn = arn, .tag_keys = {"team", "never"}});
  EXPECT_EQ(pairs(*run(list_tags, {.resource_arn = arn}).tags), "z=1 ");
  std::vector<Tag> many;
  for (int i = 0; i < 50; ++i) many.push_back({"k" + std::to_string(i), ""});
  EXPECT_EQ(error_of([&] { run(add_tags, {.resource_arn = arn, .tags = many}); }),
            "ResourceLimitExceeded");
  for (std::string other : {arn + "x", std::string("arn:aws:sagemaker:eu-west-1:0:model/m"),
                            std::string("nonsense")}) {
    EXPECT_EQ(error_of([&] { run(list_tags, {.resource_arn = other}); }), "ValidationException");
  }
  EXPECT_EQ(error_of([&] { run(list_tags, {.resource_arn = arn, .next_token = "x"}); }),
            "ValidationException");
}

TEST_F(RequestsTest, Listings) {
  const char* names[] = {"beta", "alpha", "gamma_1", "delta"};
  Time start = clock.now();
  for (const char* name : names) {
    auto request = job_request("x");
    request.training_job_name = name;
    run(create_training_job, request);
    clock.advance(seconds(1));
  }
  run(stop_training_job, {.training_job_name = "alpha"});
  auto listed = [&](ListTrainingJobsInput input) {
    std::vector<std::string> result;
    for (;;) {  // every page
      auto page = run(list_training_jobs, input);
      EXPECT_LE(page.training_job_summaries.size(), 10u);
      for (const auto& one : page.training_job_summaries) result.push_back(one.training_job_name);
      if (!page.next_token) return result;
      EXPECT_FALSE(page.training_job_summaries.empty());
      input.next_token = page.next_token;
    }
  };
  for (int limit : {1, 2, 3, 100}) {
    EXPECT_THAT(listed({.max_results = limit}), ElementsAre("beta", "alpha", "gamma_1", "delta"));
    EXPECT_THAT(listed({.max_results = limit, .sort_order = "Descending"}),
                ElementsAre("delta", "gamma_1", "alpha", "beta"));
    EXPECT_THAT(listed({.max_results = limit, .sort_by = "Name"}),
                ElementsAre("alpha", "beta", "delta", "gamma_1"));
    EXPECT_THAT(listed({.max_results = limit, .sort_by = "Status", .sort_order = "Descending"}),
                ElementsAre("alpha", "gamma_1", "delta", "beta"));
  }
  EXPECT_THAT(listed({.name_contains = "ta"}), ElementsAre("beta", "delta"));
  EXPECT_THAT(listed({.name_contains = "a_1"}), ElementsAre("gamma_1"));
  EXPECT_THAT(listed({.name_contains = "%"}), IsEmpty());
  EXPECT_THAT(listed({.status_equals = "Stopping"}), ElementsAre("alpha"));
  EXPECT_THAT(listed({.creation_time_after = start, .creation_time_before = start + seconds(2)}),
              ElementsAre("alpha"));
  EXPECT_THAT(listed({.last_modified_time_after = start + seconds(3)}), ElementsAre("alpha"));
  auto page = run(list_training_jobs, {.max_results = 1});
  EXPECT_EQ(page.training_job_summaries.front().secondary_status, "Starting");
  auto other = [&](ListTrainingJobsInput input) {
    return error_of([&] { run(list_training_jobs, input); });
  };
  EXPECT_EQ(other({.next_token = page.next_token, .sort_by = "Name"}), "ValidationException");
  EXPECT_EQ(other({.next_token = "invented"}), "ValidationException");
  // The token's digest has no key: whoever knows how it is made may put anything behind it.
  const std::string listing = join({"training-job", "", "", std::to_string(INT64_MIN),
                                    std::to_string(INT64_MAX), std::to_string(INT64_MIN),
                                    std::to_string(INT64_MAX), "CreationTime", "up"}, "\n");
  EXPECT_EQ(other({.next_token = make_page_token(listing, "1\nname")}), "");
  for (const char* bad : {"", "1", "x\nname", "1x\nname", "\nname", "99999999999999999999\nname"}) {
    EXPECT_EQ(other({.next_token = make_page_token(listing, bad)}), "ValidationException") << bad;
  }
}

TEST_F(RequestsTest, NewestModelsAndEndpointsComeFirst) {
  for (const char* name : {"one", "two"}) {
    create_endpoint_of(name, name, 1);
    clock.advance(seconds(1));
  }
  EXPECT_EQ(run(list_models, {}).models.front().model_name, "model-of-two");
  EXPECT_EQ(run(list_endpoint_configs, {}).endpoint_configs.front().endpoint_config_name, "two");
  EXPECT_EQ(run(list_endpoints, {}).endpoints.front().endpoint_name, "two");
  EXPECT_THAT(run(list_endpoints, {.status_equals = "InService"}).endpoints, IsEmpty());
  EXPECT_EQ(run(list_endpoints, {.status_equals = "Creating"}).endpoints.size(), 2u);
}

TEST(InstanceTypes, TheModelsTypesAreKnown) {
  for (const auto* shape :
       {&wire::shape_of<ResourceConfig>(), &wire::shape_of<ProductionVariant>()}) {
    for (const auto& member : shape->members) {
      if (member.name != "InstanceType") continue;
      ASSERT_FALSE(member.shape->enum_values.empty());
      for (std::string_view name : member.shape->enum_values) {
        if (name.starts_with("ml.g7.")) continue;  // not in the table: its sizes are not known here
        auto type = find_instance_type(name);
        ASSERT_TRUE(type.has_value()) << name;
        EXPECT_GT(type->vcpus, 0) << name;
        EXPECT_GE(type->memory_bytes, int64_t{1} << 30) << name;
        bool accelerated = name.starts_with("ml.p") || name.starts_with("ml.g");
        EXPECT_EQ(type->gpus > 0, accelerated) << name;
      }
    }
  }
  EXPECT_EQ(find_instance_type("ml.c4.xlarge")->vcpus, 4);
  EXPECT_EQ(find_instance_type("ml.c4.xlarge")->memory_bytes, int64_t{15} << 29);  // 7.5 GiB
  EXPECT_EQ(find_instance_type("ml.m5.24xlarge")->vcpus, 96);
  EXPECT_EQ(find_instance_type("ml.t2.medium")->vcpus, 2);
  EXPECT_EQ(find_instance_type("ml.p3.16xlarge")->gpus, 8);
  for (const char* name : {"", "ml.", "ml.c4", "ml.c4.", "ml.c4.0xlarge", "c4.xlarge",
                           "ml.c4.-1xlarge", "ml.c4.9999999999999xlarge", "ml.q1.large"}) {
    EXPECT_FALSE(find_instance_type(name).has_value()) << name;
  }
}

TEST(InstanceTypes, TypesAreCeilings) {
  constexpr int64_t kGibibyte = int64_t{1} << 30;
  Machine small{.cpus = 2, .memory_bytes = 4 * kGibibyte};
  Machine large{.cpus = 64, .memory_bytes = 512 * kGibibyte, .gpus = 1};
  InstanceType type = check_instance_type("ml.m4.xlarge", "endpoint", small);
  EXPECT_EQ(share_of(type, small).cpus, 2);
  EXPECT_EQ(share_of(type, small, 2).cpus, 1);
  EXPECT_EQ(share_of(type, small, 3).cpus, 1);
  EXPECT_EQ(share_of(type, large, 2).cpus, 4);
  EXPECT_EQ(share_of(type, small).memory_bytes, 0);
  EXPECT_EQ(share_of(type, large).cpus, 4);
  EXPECT_EQ(share_of(type, large).memory_bytes, 16 * kGibibyte);
  EXPECT_EQ(share_of(check_instance_type("ml.p3.8xlarge", "endpoint", large), large).gpus, 1);
  try {
    check_instance_type("ml.p3.2xlarge", "training job", small);
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.code(), "ResourceLimitExceeded");
    EXPECT_THAT(error.message(), HasSubstr("ml.p3.2xlarge for training job usage"));
    EXPECT_THAT(error.message(), HasSubstr("no GPU"));
  }
}

}  // namespace
}  // namespace trainyard::sagemaker
