#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "runtimes/variables.hpp"
#include "toolkit/command.hpp"
#include "toolkit/failure.hpp"
#include "toolkit/hosts.hpp"
#include "toolkit/interpreter.hpp"
#include "toolkit/python.hpp"
#include "toolkit/settings.hpp"

namespace trainyard::toolkit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

json::value parsed(const std::string& text) { return parse_own_json(text); }

Config tutorial() {
  return {.hyperparameters = parsed(R"({
            "epochs": "6", "backend": "\"gloo\"", "batch-size": "64",
            "sagemaker_program": "\"mnist.py\"", "sagemaker_region": "\"us-east-1\"",
            "sagemaker_job_name": "\"job-1\"", "sagemaker_container_log_level": "20",
            "sagemaker_enable_cloudwatch_metrics": "false",
            "sagemaker_submit_directory": "\"s3://bucket/job-1/source/sourcedir.tar.gz\""
          })").get_object(),
          .resources = parsed(R"({"network_interface_name": "eth0", "current_host": "algo-2",
                                  "hosts": ["algo-1", "algo-2"]})").get_object(),
          .inputs = parsed(R"({"training": {"TrainingInputMode": "File",
                               "S3DistributionType": "FullyReplicated",
                               "RecordWrapperType": "None"}})").get_object()};
}

Variables variables_of(const Config& config, const Variables& given = {}) {
  return training_variables(read_settings(config, given, "/opt/ml", 4), given);
}

TEST(Settings, EveryVariableInItsFormat) {
  const Variables variables = variables_of(tutorial());
  const std::pair<const char*, const char*> expected[] = {
      {"SM_HOSTS", R"(["algo-1","algo-2"])"},
      {"SM_CURRENT_HOST", "algo-2"},
      {"SM_NUM_GPUS", "0"},
      {"SM_NUM_CPUS", "4"},
      {"SM_NETWORK_INTERFACE_NAME", "eth0"},
      {"SM_MODEL_DIR", "/opt/ml/model"},
      {"SM_CHANNELS", R"(["training"])"},
      {"SM_CHANNEL_TRAINING", "/opt/ml/input/data/training"},
      {"SM_INPUT_DIR", "/opt/ml/input"},
      {"SM_INPUT_CONFIG_DIR", "/opt/ml/input/config"},
      {"SM_OUTPUT_DIR", "/opt/ml/output"},
      {"SM_OUTPUT_DATA_DIR", "/opt/ml/output/data"},
      {"SM_OUTPUT_INTERMEDIATE_DIR", "/opt/ml/output/intermediate"},
      {"SM_HPS", R"({"backend":"gloo","batch-size":64,"epochs":6})"},
      {"SM_HP_EPOCHS", "6"},
      {"SM_HP_BACKEND", "gloo"},
      {"SM_HP_BATCH-SIZE", "64"},
      {"SM_USER_ARGS", R"(["--backend","gloo","--batch-size","64","--epochs","6"])"},
      {"SM_USER_ENTRY_POINT", "mnist.py"},
      {"SM_MODULE_NAME", "mnist"},
      {"SM_MODULE_DIR", "s3://bucket/job-1/source/sourcedir.tar.gz"},
      {"SM_LOG_LEVEL", "20"},
      {"SM_FRAMEWORK_MODULE", "sagemaker_pytorch_container.training:main"},
      {"SM_FRAMEWORK_PARAMS", "{}"},
      {"SM_RESOURCE_CONFIG", R"({"current_host":"algo-2","hosts":["algo-1","algo-2"],)"
                             R"("network_interface_name":"eth0"})"},
      {"SM_INPUT_DATA_CONFIG", R"({"training":{"RecordWrapperType":"None",)"
                               R"("S3DistributionType":"FullyReplicated",)"
                               R"("TrainingInputMode":"File"}})"},
      {"SAGEMAKER_JOB_NAME", "job-1"},
      {"SAGEMAKER_REGION", "us-east-1"},
      {"CURRENT_HOST", "algo-2"},
      {"TRAINING_JOB_NAME", "job-1"},
      {"PYTHONPATH", "/opt/ml/code"},
      {"MASTER_ADDR", "algo-1"},
      {"MASTER_PORT", "7777"},
      {"NCCL_SOCKET_IFNAME", "eth0"},
      {"NCCL_IB_DISABLE", "1"},
      {"NCCL_DEBUG", "WARN"},
      {"PYTHONUNBUFFERED", "1"},
      {"PYTHONDONTWRITEBYTECODE", "1"},
      {"OMP_NUM_THREADS", "4"},
      {"SM_CURRENT_INSTANCE_TYPE", "local"},
      {"SM_CURRENT_INSTANCE_GROUP", "homogeneousCluster"},
      {"SM_CURRENT_INSTANCE_GROUP_HOSTS", R"(["algo-1","algo-2"])"},
      {"SM_INSTANCE_GROUPS", R"(["homogeneousCluster"])"},
      {"SM_INSTANCE_GROUPS_DICT",
       R"({"homogeneousCluster":{"hosts":["algo-1","algo-2"],)"
       R"("instance_group_name":"homogeneousCluster","instance_type":"local"}})"},
      {"SM_DISTRIBUTION_INSTANCE_GROUPS", "[]"},
      {"SM_IS_HETERO", "false"},
      {"SM_NUM_NEURONS", "0"},
  };
  for (const auto& [name, value] : expected) {
    auto found = variables.find(name);
    ASSERT_NE(found, variables.end()) << name;
    EXPECT_EQ(found->second, value) << name;
  }
  EXPECT_THAT(variables, SizeIs(std::size(expected) + 1));  // and SM_TRAINING_ENV
}

TEST(Settings, LaunchersThatAreNotHere) {
  Config config = tutorial();
  config.hyperparameters["sagemaker_mpi_enabled"] = "true";
  config.hyperparameters["sagemaker_pytorch_ddp_enabled"] = "false";
  config.hyperparameters["sagemaker_mpi_num_of_processes_per_host"] = "2";
  EXPECT_THAT(launchers_asked_for(read_settings(config, {}, "/opt/ml", 4)),
              ElementsAre("sagemaker_mpi_enabled"));
}

TEST(Settings, TrainingEnvIsTheWholeOfIt) {
  const json::value env = parsed(variables_of(tutorial()).at("SM_TRAINING_ENV"));
  EXPECT_EQ(python_json(env), python_json(parsed(R"({
    "additional_framework_parameters": {},
    "channel_input_dirs": {"training": "/opt/ml/input/data/training"},
    "current_host": "algo-2", "framework_module": "sagemaker_pytorch_container.training:main",
    "hosts": ["algo-1", "algo-2"],
    "hyperparameters": {"backend": "gloo", "batch-size": 64, "epochs": 6},
    "input_config_dir": "/opt/ml/input/config",
    "input_data_config": {"training": {"RecordWrapperType": "None",
      "S3DistributionType": "FullyReplicated", "TrainingInputMode": "File"}},
    "input_dir": "/opt/ml/input", "is_master": false, "job_name": "job-1", "log_level": 20,
    "master_hostname": "algo-1", "model_dir": "/opt/ml/model",
    "module_dir": "s3://bucket/job-1/source/sourcedir.tar.gz", "module_name": "mnist",
    "network_interface_name": "eth0", "num_cpus": 4, "num_gpus": 0,
    "output_data_dir": "/opt/ml/output/data", "output_dir": "/opt/ml/output",
    "output_intermediate_dir": "/opt/ml/output/intermediate",
    "resource_config": {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"],
      "network_interface_name": "eth0"},
    "user_entry_point": "mnist.py"})")));
}

TEST(Settings, HyperparametersAreJsonWhereTheyAreJson) {
  EXPECT_EQ(decode("6"), json::value(6));
  EXPECT_EQ(decode("\"6\""), json::value("6"));
  EXPECT_EQ(decode("0.01"), json::value(0.01));
  EXPECT_EQ(decode("[1,2]"), json::value({1, 2}));
  EXPECT_EQ(decode("null"), json::value(nullptr));
  EXPECT_EQ(decode("gloo"), json::value("gloo"));
  EXPECT_EQ(decode(""), json::value(""));
  EXPECT_EQ(decode("{not json"), json::value("{not json"));
  EXPECT_EQ(decode("123456789012345678901"), json::value("123456789012345678901"));
}

TEST(Settings, VariablesOfHyperparameters) {
  Config config = tutorial();
  config.hyperparameters = parsed(R"({"flag": "true", "nothing": "null", "lr": "0.01",
    "list": "[1, 2.0]", "map": "{\"b\": 1, \"a\": \"x\"}", "name": "\"ß\"",
    "sagemaker_mpi": "true", "_tuning_objective_metric": "\"loss\""})").get_object();
  const Variables variables = variables_of(config);
  EXPECT_EQ(variables.at("SM_HP_FLAG"), "true");
  EXPECT_EQ(variables.at("SM_HP_NOTHING"), "");
  EXPECT_EQ(variables.at("SM_HP_LR"), "0.01");
  EXPECT_EQ(variables.at("SM_HP_LIST"), "[1,2.0]");
  EXPECT_EQ(variables.at("SM_HP_MAP"), R"({"a":"x","b":1})");
  EXPECT_EQ(variables.at("SM_HP_NAME"), "ß");
  EXPECT_EQ(variables.at("SM_HPS"),
            R"({"flag":true,"list":[1,2.0],"lr":0.01,"map":{"a":"x","b":1},)"
            R"("name":"\u00df","nothing":null})");
  EXPECT_EQ(variables.at("SM_FRAMEWORK_PARAMS"), R"({"sagemaker_mpi":true})");
  EXPECT_FALSE(variables.contains("SM_HP_SAGEMAKER_MPI"));
  EXPECT_FALSE(variables.contains("SM_HP__TUNING_OBJECTIVE_METRIC"));
}

TEST(Settings, WhatIsGivenStays) {
  const Variables given = {{"SM_NUM_CPUS", "1"},       {"MASTER_ADDR", "127.0.0.1"},
                           {"MASTER_PORT", "5555"},    {"OMP_NUM_THREADS", "2"},
                           {"NCCL_DEBUG", "INFO"},     {"PYTHONPATH", "/mine"},
                           {"SAGEMAKER_PROGRAM", "x"}, {"TRAINING_JOB_NAME", "the-job"}};
  Config config;
  const Variables variables = variables_of(config, given);
  EXPECT_EQ(variables.at("SM_NUM_CPUS"), "1");
  EXPECT_EQ(variables.at("MASTER_ADDR"), "127.0.0.1");
  EXPECT_EQ(variables.at("MASTER_PORT"), "5555");
  EXPECT_EQ(variables.at("OMP_NUM_THREADS"), "2");
  EXPECT_EQ(variables.at("NCCL_DEBUG"), "INFO");
  EXPECT_EQ(variables.at("PYTHONPATH"), "/opt/ml/code:/mine");
  EXPECT_EQ(variables.at("SM_USER_ENTRY_POINT"), "x");
  EXPECT_EQ(variables.at("SAGEMAKER_JOB_NAME"), "the-job");
  EXPECT_EQ(variables.at("SM_HOSTS"), R"(["algo-1"])");
  EXPECT_EQ(variables.at("SM_MODULE_DIR"), "/opt/ml/code");
  const Variables serving = serving_variables("/base", given, 8);
  EXPECT_EQ(serving.at("SM_MODEL_DIR"), "/base/model");
  EXPECT_EQ(serving.at("SM_NUM_CPUS"), "1");
  EXPECT_EQ(serving.at("PYTHONPATH"), "/base/model/code:/mine");
}

TEST(Settings, MalformedOnesAreRefused) {
  EXPECT_THROW(variables_of({}, {{"SM_NUM_CPUS", "many"}}), SystemError);
  EXPECT_THROW(variables_of({}, {{"SM_NUM_CPUS", "0"}}), SystemError);
  EXPECT_THROW(variables_of({.resources = {{"hosts", json::array()}}}), SystemError);
  EXPECT_THROW(variables_of({.resources = {{"hosts", {1}}}}), SystemError);
  EXPECT_THROW(variables_of({.resources = {{"hosts", {"algo-1"}}, {"current_host", "algo-9"}}}),
               SystemError);
  EXPECT_THROW(variables_of({.hyperparameters = {{"sagemaker_container_log_level", "\"x\""}}}),
               SystemError);
}

TEST(Arguments, AsPythonMapsThem) {
  const json::object hyperparameters =
      parsed(R"({"z": 1, "a": "x", "batch-size": 64, "on": true, "off": false, "none": null,
                 "list": [1, 2], "texts": ["a", "it's"], "map": {"b": null, "a": 1}, "lr": 1e-05,
                 "whole": 1.0, "deep": [{"k": [true]}], "empty": ""})").get_object();
  EXPECT_THAT(arguments_of(hyperparameters),
              ElementsAre("-a", "x", "--batch-size", "64", "--deep", "[{'k': [True]}]", "--empty",
                          "", "--list", "[1, 2]", "--lr", "1e-05", "--map", "a=1,b=None", "--none",
                          "", "--off", "False", "--on", "True", "--texts", "['a', \"it's\"]",
                          "--whole", "1.0", "-z", "1"));
}

TEST(Python, WritesNumbersLikeRepr) {
  const std::pair<double, const char*> table[] = {
      {0, "0.0"},       {1, "1.0"},         {0.01, "0.01"},   {-2.5, "-2.5"},
      {1e-4, "0.0001"}, {1e-5, "1e-05"},    {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},  {1.5e300, "1.5e+300"}, {0.1 + 0.2, "0.30000000000000004"}};
  for (const auto& [number, text] : table) EXPECT_EQ(python_float(number), text);
}

TEST(Python, IndentsLikeJsonDumps) {
  EXPECT_EQ(python_json_indented(parsed(R"({"b": [1, {}], "a": []})")),
            "{\n    \"a\": [],\n    \"b\": [\n        1,\n        {}\n    ]\n}");
  EXPECT_EQ(python_json(json::value("😀")), R"("\ud83d\ude00")");
}

TEST(Command, ByKindAndMode) {
  const std::vector<std::string> arguments = {"--name", "it's"};
  struct Row {
    Mode mode;
    Kind kind;
    std::vector<std::string> argv;
  };
  const Row table[] = {
      {Mode::train, Kind::script, {"/bin/sh", "-c", R"(exec ./run --name 'it'"'"'s')"}},
      {Mode::serve, Kind::script, {"/bin/sh", "-c", "exec ./run serve"}},
      {Mode::train, Kind::executable, {"./run", "train", "--name", "it's"}},
      {Mode::serve, Kind::executable, {"./run", "serve"}},
  };
  for (const Row& row : table) {
    const Command command = command_for(row.mode, "run", row.kind, "/code", arguments);
    EXPECT_EQ(command.argv, row.argv);
    EXPECT_EQ(command.folder, "/code");
  }
  const Command program =
      command_for(Mode::train, "sub/mnist.py", Kind::program, "/code", arguments, "/usr/bin/py");
  EXPECT_THAT(program.argv, ElementsAre("/usr/bin/py", "sub/mnist.py", "--name", "it's"));
  EXPECT_EQ(program.text, "/usr/bin/py sub/mnist.py --name it's");
  const Command module =
      command_for(Mode::train, "sub/mnist.py", Kind::module, "/code", arguments, "/usr/bin/py");
  EXPECT_THAT(module.argv, ElementsAre("/usr/bin/py", "-m", "sub.mnist", "--name", "it's"));
  EXPECT_EQ(shell_quoted("--lr=0.1/x_y"), "--lr=0.1/x_y");
  EXPECT_EQ(shell_quoted(""), "''");
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string refusal(const std::string& program, const std::vector<fs::path>& folders) {
  try {
    find_command(Mode::train, program, folders, {}, {{"PATH", "/usr/bin"}});
  } catch (const SystemError& error) {
    return error.what();
  }
  return "not refused";
}

TEST(Command, FindsTheEntryPoint) {
  const TempDir folder;
  const fs::path code = folder.path() / "model/code";
  EXPECT_THAT(refusal("train.sh", {code}), HasSubstr("model/code does not exist"));
  fs::create_directories(code);
  EXPECT_THAT(refusal("train.sh", {code}), HasSubstr("model/code is empty"));
  write(code / "other.sh", "#!/bin/sh\n");
  write(code / "lib/x", "");
  EXPECT_THAT(refusal("train.sh", {code}),
              AllOf(HasSubstr("entry point train.sh does not exist"),
                    HasSubstr("holds lib/, other.sh")));
  EXPECT_THAT(refusal("lib", {code}), HasSubstr("lib does not exist"));
  EXPECT_THAT(refusal("", {code}), HasSubstr("sagemaker_program"));
  EXPECT_THAT(refusal("../other.sh", {code}), HasSubstr("within the code folder"));
  EXPECT_THAT(refusal("/bin/sh", {code}), HasSubstr("within the code folder"));
  EXPECT_THAT(find_command(Mode::train, "other.sh", {code}, {}, {}).text, "/bin/sh -c ./other.sh");
  EXPECT_NE(fs::status(code / "other.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  write(code.parent_path() / "serve", std::string("\x7f") + "ELF…");
  const Command server = find_command(Mode::serve, "", {code, code.parent_path()}, {}, {});
  EXPECT_THAT(server.argv, ElementsAre("./serve", "serve"));
  EXPECT_EQ(server.folder, code.parent_path());
}

TEST(Command, PythonProgramsAndPackages) {
  const TempDir folder;
  const fs::path code = folder.path() / "code", bin = folder.path() / "bin";
  write(bin / "python3", "");
  fs::permissions(bin / "python3", fs::perms::owner_all);
  const Variables given{{"PATH", "/none::" + bin.string()}};
  const std::string python = bin / "python3";
  write(code / "mnist.py", "");
  write(code / "run.sh", "");
  auto found = [&](const char* program) {
    return find_command(Mode::train, program, {code}, {"--a", "b"}, given);
  };
  EXPECT_EQ(found("mnist.py").text, python + " mnist.py --a b");
  EXPECT_FALSE(found("mnist.py").package);
  EXPECT_FALSE(installation_for(found("mnist.py"), "/base").has_value());
  for (const char* sign : {"setup.py", "pyproject.toml"}) {
    write(code / sign, "");
    EXPECT_EQ(found("mnist.py").text, python + " -m mnist --a b");
    EXPECT_EQ(found("inner.train").text, python + " -m inner.train --a b");
    EXPECT_EQ(found("run.sh").text, "/bin/sh -c ./run.sh --a b");
    EXPECT_EQ(installation_for(found("mnist.py"), "/base")->command.text,
              python + " -m pip install .");
    fs::remove(code / sign);
  }
  write(code / "requirements.txt", "x");
  EXPECT_EQ(installation_for(found("mnist.py"), "/base")->command.text,
            python + " -m pip install -r requirements.txt");
  EXPECT_FALSE(installation_for(found("run.sh"), "/base").has_value());
}

TEST(Command, WorkersServePython) {
  const TempDir folder;
  const fs::path model = folder.path();
  EXPECT_TRUE(is_served_by_worker("mnist.py", model));
  EXPECT_TRUE(is_served_by_worker("", model));  // what is there is the model
  EXPECT_FALSE(is_served_by_worker("inference", model));
  write(model / "code/inference.py", "");
  EXPECT_TRUE(is_served_by_worker("inference", model));
  EXPECT_TRUE(is_served_by_worker("", model));
  write(model / "serve", "");
  EXPECT_TRUE(is_served_by_worker("inference.py", model));
  EXPECT_FALSE(is_served_by_worker("", model));
  write(model / "code/run.sh", "");
  EXPECT_FALSE(is_served_by_worker("run.sh", model));
}

TEST(Command, LibtorchServesWhatHasNoCode) {
  struct Row {
    const char* program;
    Variables given;
    bool expected;
  };
  const Row table[] = {{"", {}, true},
                       {"", {{"SM_NUM_GPUS", "0"}}, true},
                       {"", {{"SM_NUM_GPUS", "1"}}, false},
                       {"", {{"TRAINYARD_FRAMEWORK_PACKAGE", "torch"}}, true},
                       {"", {{"TRAINYARD_FRAMEWORK_PACKAGE", "scikit-learn"}}, false},
                       {"inference.py", {}, false},
                       {"serve-it", {}, false}};
  const TempDir folder;
  const fs::path model = folder.path();
  for (const auto& [program, given, expected] : table) {
    EXPECT_EQ(is_served_without_code(program, model, given), expected) << program;
  }
  fs::create_directories(model / "code");
  EXPECT_TRUE(is_served_without_code("", model, {}));
  write(model / "code/requirements.txt", "");
  EXPECT_FALSE(is_served_without_code("", model, {}));
  fs::remove_all(model / "code");
  write(model / "serve", "");
  EXPECT_FALSE(is_served_without_code("", model, {}));
}

TEST(Interpreter, IsFoundOrMissed) {
  auto wanted = [](const Variables& given) {
    try {
      return find_interpreter(given);
    } catch (const SystemError& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(wanted({{"TRAINYARD_PYTHON", "/bin/sh"}}), "/bin/sh");
  EXPECT_EQ(wanted({{"TRAINYARD_PYTHON", "sh"}, {"PATH", "/bin"}}), "/bin/sh");
  EXPECT_THAT(wanted({{"TRAINYARD_PYTHON", "/opt/none/python"}}),
              StartsWith("There is no Python interpreter /opt/none/python in this instance"));
  EXPECT_THAT(wanted({{"PATH", "/none"}}),
              StartsWith("There is no Python interpreter python3 on this instance's PATH (/none)"));
}

TEST(Interpreter, TellsWhatRunsInThePlaceOfWhat) {
  const Variables tutorial{{runtimes::kImageVariable,
                            "7.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:1"},
                           {runtimes::kFrameworkVariable, "PyTorch"},
                           {runtimes::kPackageVariable, "torch"},
                           {runtimes::kAskedVariable, "1.2.0"}};
  EXPECT_EQ(substitution(tutorial, "/usr/bin/python3", "3.11.2", "1.13.1"),
            "Image pytorch-training:1 is this host's /usr/bin/python3 (Python 3.11.2): asked "
            "PyTorch 1.2.0, running 1.13.1");
  EXPECT_EQ(substitution(tutorial, "/usr/bin/python3", "3.11.2", ""),
            "Image pytorch-training:1 is this host's /usr/bin/python3 (Python 3.11.2): asked "
            "PyTorch 1.2.0, and torch is not installed there");
  EXPECT_EQ(substitution({{runtimes::kImageVariable, "mine:2"}}, "/p", "3.9.1", ""),
            "Image mine:2 is in no runtimes table: running on /p (Python 3.9.1)");
  EXPECT_EQ(substitution({}, "/p", "", ""), "Running on /p");
}

TEST(Interpreter, SaysInOneLineWhyNothingWasInstalled) {
  const Installation installation{.command = {.interpreter = "/p"},
                                  .what = "requirements.txt",
                                  .error = "InstallRequirementsError"};
  const std::string begin = "InstallRequirementsError: cannot install requirements.txt: ";
  const std::string none = "ERROR: No matching distribution found for a==1";
  const std::pair<std::string, std::string> table[] = {
      {"ERROR: Could not find a version\n" + none, none.substr(7)},
      {"/p: No module named pip", "/p has no pip (Debian: python3-pip)"},
      {"WARNING: Retrying after 'NewConnectionError(…)'\n" + none,
       "/p does not have all that it needs, and no package index can be reached from this "
       "instance: " + none.substr(7)},
      {"one\ntwo", "two"}};
  for (const auto& [said, why] : table) {
    Tail errors(kInstallationErrorBytes);
    errors.append(said);
    EXPECT_EQ(installation_failure(installation, errors), begin + why);
  }
  Tail errors;
  errors.append("Traceback\nModuleNotFoundError: No module named 'xgboost'\n");
  EXPECT_THAT(missing_module(errors, "/p"), StartsWith("/p has no module 'xgboost'"));
  EXPECT_EQ(missing_module(Tail(), "/p"), "");
}

TEST(Interpreter, ListsWhatWasInstalled) {
  const TempDir folder;
  const fs::path modules = folder.path() / "local/lib/python3.11/dist-packages";
  for (const char* name : {"b-2.dist-info", "a_x-1.0.dist-info", "a_x"}) {
    fs::create_directories(modules / name);
  }
  fs::create_directories(folder.path() / "bin");
  EXPECT_THAT(installed_modules(folder.path()), ElementsAre(modules));
  EXPECT_THAT(installed_programs(folder.path()), ElementsAre(folder.path() / "bin"));
  EXPECT_THAT(installed_packages(folder.path()), ElementsAre("a_x 1.0", "b 2"));
  EXPECT_THAT(installed_packages(folder.path() / "none"), ElementsAre());
}

TEST(Failure, HoldsTheLastLinesAndTheCommand) {
  Tail errors;
  errors.append("first\nTraceback:\n");
  errors.append("  no such file\n");
  EXPECT_EQ(failure_text(3, errors, "/bin/sh -c ./train.sh"),
            "ExecuteUserScriptError:\nExitCode 3\n"
            "ErrorMessage \"first\nTraceback:\n  no such file\"\n"
            "Command \"/bin/sh -c ./train.sh\"");
  EXPECT_EQ(failure_text(137, Tail(), "x"),
            "ExecuteUserScriptError:\nExitCode 137\nErrorMessage \"\"\nCommand \"x\"");
}

TEST(Failure, IsBounded) {
  Tail errors;
  for (int i = 0; i < 100'000; ++i) errors.append("line " + std::to_string(i) + "\n");
  const std::string text = failure_text(1, errors, std::string(5000, 'c'));
  EXPECT_LE(text.size(), kFailureBytesMax);
  EXPECT_THAT(text, HasSubstr("\nline 99999\"\nCommand \"ccc"));
  EXPECT_THAT(text, HasSubstr("ErrorMessage \"line 9"));
  Tail one_line;
  for (int i = 0; i < 10'000; ++i) one_line.append("ß");
  EXPECT_EQ(one_line.last(5), "ßß");
  EXPECT_EQ(Tail().last(10), "");
}

TEST(Hosts, WaitsUntilAllResolve) {
  int asked = 0;
  std::chrono::milliseconds slept{0};
  auto sleep = [&](std::chrono::milliseconds pause) { slept += pause; };
  wait_for_hosts({"algo-1", "algo-2"}, std::chrono::seconds(60),
                 [&](const std::string& host) { return host == "algo-1" || ++asked > 10; }, sleep);
  EXPECT_EQ(asked, 11);
  try {
    wait_for_hosts({"algo-1", "algo-2"}, std::chrono::seconds(60),
                   [](const std::string& host) { return host == "algo-1"; }, sleep);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("after 60 s: algo-2"));
  }
}

}  // namespace
}  // namespace trainyard::toolkit
