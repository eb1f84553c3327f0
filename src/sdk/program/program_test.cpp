#include <atomic>
#include <cmath>
#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.hpp"
#include "sdk/program/batcher.hpp"
#include "sdk/program/content.hpp"
#include "sdk/program/program.hpp"

namespace trainyard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Arguments, CommandLineOverHyperparameters) {
  const Arguments arguments({"--epochs", "3", "--lr=0.5", "-k", "v", "--empty", ""},
                            {{"epochs", "6"}, {"backend", "gloo"}});
  EXPECT_EQ(arguments.integer("epochs", 10, 1, 100), 3);
  EXPECT_EQ(arguments.number("lr", 0.01, 0, 1), 0.5);
  EXPECT_EQ(arguments.text("k", ""), "v");
  EXPECT_EQ(arguments.text("empty", "x"), "");
  EXPECT_EQ(arguments.text("backend", ""), "gloo");
  EXPECT_EQ(arguments.integer("seed", 1, 0, 9), 1);
  EXPECT_EQ(arguments.number("momentum", 0.5, 0, 1), 0.5);
  arguments.allow_only({"epochs", "lr", "k", "empty", "backend"});
  EXPECT_THAT(thrown<SystemError>([&] { arguments.allow_only({"epochs"}); }),
              HasSubstr("unknown argument --"));
}

TEST(Arguments, MalformedOnesAreNamed) {
  for (const char* text : {"", "x", "1.5", "0", "101", "99999999999999999999", "1 "}) {
    EXPECT_THAT(thrown<SystemError>([&] {
                  Arguments({"--epochs", text}, {}).integer("epochs", 1, 1, 100);
                }),
                HasSubstr("--epochs: '" + std::string(text) + "' is not a whole number"));
  }
  for (const char* text : {"", "x", "nan", "inf", "-1", "2", "1e999"}) {
    EXPECT_THAT(thrown<SystemError>([&] { Arguments({"--lr", text}, {}).number("lr", 0, 0, 1); }),
                HasSubstr("--lr: '" + std::string(text) + "' is not a number"));
  }
  EXPECT_THROW(Arguments({"word"}, {}), SystemError);
  EXPECT_THROW(Arguments({"--"}, {}), SystemError);
  EXPECT_THROW(Arguments({"--last"}, {}), SystemError);
}

Variables from(const std::map<std::string, std::string>& values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Environment, FromVariables) {
  const Environment environment = read_environment(
      from({{"SM_HOSTS", R"(["algo-1","algo-2"])"}, {"SM_CURRENT_HOST", "algo-2"},
            {"SM_CHANNELS", R"(["train-data"])"}, {"SM_CHANNEL_TRAIN-DATA", "/d"},
            {"SM_HPS", R"({"epochs":6,"backend":"gloo","sagemaker_x":1})"},
            {"SM_MODEL_DIR", "/m"}, {"SM_OUTPUT_DIR", "/o"}, {"SM_NUM_CPUS", "3"},
            {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "80"}, {"TRAINING_JOB_NAME", "job"}}),
      "/nowhere");
  EXPECT_EQ(environment.rank(), 1);
  EXPECT_EQ(environment.world_size(), 2);
  EXPECT_EQ(environment.channel("train-data"), "/d");
  EXPECT_THAT(environment.hyperparameters,
              ElementsAre(std::pair("backend", "gloo"), std::pair("epochs", "6")));
  EXPECT_EQ(environment.model_dir, "/m");
  EXPECT_EQ(environment.output_data_dir, "/o/data");
  EXPECT_EQ(environment.cpus, 3);
  EXPECT_EQ(environment.master_host, "10.0.0.1");
  EXPECT_EQ(environment.master_port, 80);
  EXPECT_EQ(environment.job_name, "job");
  EXPECT_THAT(thrown<SystemError>([&] { environment.channel("training"); }),
              HasSubstr("no channel training: the job has train-data"));
}

TEST(Environment, FromFilesWhereVariablesAreMissing) {
  const TempDir folder;
  fs::create_directories(folder.path() / "input/config");
  auto write = [&](const char* name, const char* text) {
    std::ofstream(folder.path() / "input/config" / name) << text;
  };
  write("hyperparameters.json", R"({"epochs": "6", "backend": "\"gloo\"", "raw": "text"})");
  write("resourceconfig.json",
        R"({"current_host": "algo-2", "hosts": ["algo-1", "algo-2"],
            "network_interface_name": "eth0"})");
  write("inputdataconfig.json", R"({"training": {}})");
  const Environment environment = read_environment(from({}), folder.path());
  EXPECT_EQ(environment.rank(), 1);
  EXPECT_EQ(environment.network_interface, "eth0");
  EXPECT_EQ(environment.channel("training"), folder.path() / "input/data/training");
  EXPECT_EQ(environment.hyperparameters.at("backend"), "gloo");
  EXPECT_EQ(environment.hyperparameters.at("raw"), "text");
  EXPECT_EQ(environment.model_dir, folder.path() / "model");
  EXPECT_EQ(environment.master_host, "algo-1");
  write("resourceconfig.json", "[");
  EXPECT_THROW(read_environment(from({}), folder.path()), SystemError);
  const std::map<std::string, std::string> bad[] = {
      {{"SM_HOSTS", "[]"}}, {{"SM_HOSTS", "x"}}, {{"SM_NUM_CPUS", "x"}},
      {{"MASTER_PORT", "70000"}}, {{"SM_CHANNELS", "{}"}}, {{"SM_HPS", "[]"}}};
  for (auto values : bad) {
    values.try_emplace("SM_HOSTS", R"(["algo-1"])");
    EXPECT_THROW(read_environment(from(values), "/nowhere"), SystemError);
  }
}

TEST(Run, AFailureIsLeftWhereTheInstanceKeepsItsFiles) {
  for (const bool told : {false, true}) {  // SM_OUTPUT_DIR goes before the base folder
    TempDir folder;
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("SAGEMAKER_BASE_DIR", (folder.path() / "base").c_str(), 1);
      if (told) ::setenv("SM_OUTPUT_DIR", (folder.path() / "told").c_str(), 1);
      ::setenv("SM_HOSTS", "[]", 1);  // malformed: nothing else of the environment is known
      char name[] = "program", mode[] = "train";
      char* argv[] = {name, mode, nullptr};
      Program program;
      program.train = [](const Environment&, const Arguments&) {};
      ::_exit(run(2, argv, program));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 1);
    const fs::path output = told ? folder.path() / "told" : folder.path() / "base/output";
    EXPECT_THAT(read_file_if_exists(output / "failure").value_or(""),
                ::testing::HasSubstr("the list of hosts is empty"));
  }
}

}  // namespace

namespace serving {
namespace {

using sdk::Tensor;
using ::testing::HasSubstr;

int status_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ApiError& error) {
    return error.http_status();
  }
  return 200;
}

TEST(Content, TypesByHeader) {
  EXPECT_EQ(content_type_of(""), ContentType::json);
  EXPECT_EQ(content_type_of("application/json; charset=utf-8"), ContentType::json);
  EXPECT_EQ(content_type_of("Text/CSV"), ContentType::csv);
  EXPECT_EQ(content_type_of("application/x-npy"), ContentType::npy);
  EXPECT_EQ(status_of([] { content_type_of("image/png"); }), 415);
  EXPECT_EQ(accepted_type("", "application/json"), ContentType::json);
  EXPECT_EQ(accepted_type("*/*", "text/csv"), ContentType::csv);
  EXPECT_EQ(accepted_type("image/png, application/x-npy;q=0.5", ""), ContentType::npy);
  EXPECT_EQ(status_of([] { accepted_type("image/png", "application/json"); }), 406);
}

TEST(Content, EveryCodecReadsWhatItWrites) {
  const Tensor tensor{{2, 3}, {1, -2.5, 1e-5, 0, 1e20, 0.1}};
  for (const ContentType type : {ContentType::json, ContentType::csv, ContentType::npy}) {
    const Tensor back = decode(type, encode(type, tensor));
    EXPECT_EQ(back.shape, tensor.shape) << name_of(type);
    EXPECT_EQ(back.values, tensor.values) << name_of(type);
  }
  EXPECT_EQ(encode(ContentType::json, tensor), "[[1.0, -2.5, 1e-05], [0.0, 1e+20, 0.1]]");
  EXPECT_EQ(encode(ContentType::json, {{}, {3}}), "3.0");
  EXPECT_EQ(encode(ContentType::json, {{2}, {100000, 1e16}}), "[100000.0, 1e+16]");
  EXPECT_EQ(encode(ContentType::json, {{2}, {NAN, -INFINITY}}), "[NaN, -Infinity]");
  EXPECT_EQ(encode(ContentType::json, {{0, 2}, {}}), "[]");
}

TEST(Content, TypesAndVectors) {
  EXPECT_EQ(decode(ContentType::json, "[1]").type, sdk::NpyType::float32);
  EXPECT_EQ(decode(ContentType::csv, "1").type, sdk::NpyType::float32);
  const std::string whole = sdk::to_npy({{2}, {1, -2}}, sdk::NpyType::int64);
  EXPECT_EQ(decode(ContentType::npy, whole).type, sdk::NpyType::int64);
  EXPECT_EQ(encode(ContentType::csv, {{2}, {1, -2}}), "1\n-2\n");
}

TEST(Content, MalformedBodiesAreTheClientsFault) {
  const std::pair<ContentType, std::string> bodies[] = {
      {ContentType::json, ""},        {ContentType::json, "{"},
      {ContentType::json, "[1,[2]]"}, {ContentType::json, "{\"a\":1}"},
      {ContentType::json, "[\"x\"]"}, {ContentType::csv, "1,2\n3\n"},
      {ContentType::csv, "1,x\n"},    {ContentType::npy, "not npy"},
      {ContentType::npy, encode(ContentType::npy, {{2}, {1, 2}}).substr(0, 130)},
      {ContentType::json, std::string(500, '[')}};
  for (const auto& [type, body] : bodies) {
    EXPECT_EQ(status_of([&] { decode(type, body); }), 400) << body;
  }
}

TEST(Batcher, JoinsWhatWaitsAndGivesEachItsOwn) {
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  std::mutex mutex;
  std::vector<std::size_t> batches;
  Batcher batcher(
      [&](const Tensor& input) {
        {
          std::lock_guard lock(mutex);
          batches.push_back(input.shape[0]);
        }
        gate.wait();
        Tensor output = input;
        for (double& value : output.values) value *= 10;
        return output;
      },
      1);
  auto ask = [&](double value, std::size_t rows, std::size_t columns) {
    return std::async(std::launch::async, [&batcher, value, rows, columns] {
      return batcher.predict({{rows, columns}, std::vector<double>(rows * columns, value)});
    });
  };
  auto first = ask(1, 1, 2);
  auto begun = [&] {
    std::lock_guard lock(mutex);
    return !batches.empty();
  };
  while (!begun()) std::this_thread::yield();
  // The only worker is busy: these wait. Whether all wait yet when it is let go does not matter.
  std::vector<std::future<Tensor>> same, other;
  for (int i = 2; i < 40; ++i) same.push_back(ask(i, 1 + i % 2, 2));
  for (int i = 0; i < 3; ++i) other.push_back(ask(i, 1, 5));
  go.set_value();
  EXPECT_EQ(first.get().values, (std::vector<double>{10, 10}));
  for (int i = 2; i < 40; ++i) {
    const Tensor output = same[i - 2].get();
    EXPECT_EQ(output.shape[0], 1u + i % 2);
    EXPECT_EQ(output.values, std::vector<double>(2 * (1 + i % 2), 10.0 * i));
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(other[i].get().values, std::vector<double>(5, 10.0 * i));
  std::size_t rows = 0;
  for (const std::size_t batch : batches) {
    rows += batch;
    EXPECT_LE(batch, 2 * kBatchMax);
  }
  EXPECT_EQ(rows, 1u + 38 + 19 + 3);
}

TEST(Batcher, OneThatFailsDoesNotFailItsNeighbours) {
  Batcher batcher(
      [](const Tensor& input) {
        for (const double value : input.values) {
          if (value < 0) throw BadInput("negative");
        }
        return input;
      },
      2);
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 60; ++i) {
    answers.push_back(std::async(std::launch::async, [&batcher, i] {
      const double value = i % 7 == 0 ? -1 : i;
      try {
        return batcher.predict({{1, 1}, {value}}).values[0] == value && value >= 0;
      } catch (const BadInput&) {
        return value < 0;
      }
    }));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

/// Requests of two rows each that wait while one of one row is computed, as often as it takes until
/// some of them went through the model together. The one is far from the mean of any of the others:
/// whichever are joined, a model that mixes rows answers them differently.
class Together {
 public:
  explicit Together(const Batcher::Predict& predict)
      : predict_(predict), batcher_([this](const Tensor& input) { return watch(input); }, 1,
                                    Joining::tried) {}

  std::vector<std::vector<double>> ask() {
    waiting_ = 0;
    auto first = std::async(std::launch::async, [&] { return batcher_.predict({{1, 1}, {100}}); });
    std::vector<std::future<Tensor>> others;
    for (int i = 0; i < 4; ++i) {
      others.push_back(std::async(std::launch::async, [this, i] {
        const double value = i;
        ++waiting_;
        return batcher_.predict({{2, 1}, {value, value + 10}});
      }));
    }
    std::vector<std::vector<double>> answers;
    for (auto& other : others) answers.push_back(other.get().values);
    first.get();
    return answers;
  }

  int joint() const { return joint_; }  // batches of more than one request

 private:
  Tensor watch(const Tensor& input) {
    if (input.shape[0] == 1) {
      while (waiting_ < 4) std::this_thread::yield();
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    } else if (input.shape[0] > 2) {
      ++joint_;
    }
    return predict_(input);
  }

  Batcher::Predict predict_;
  std::atomic<int> waiting_{0}, joint_{0};
  Batcher batcher_;
};

TEST(Batcher, JoinsWhatNobodyVouchesForOnceItHasProvedItself) {
  Together together([](const Tensor& input) {
    Tensor output = input;
    for (double& value : output.values) value *= 2;
    return output;
  });
  while (together.joint() < 6) {  // more than are compared
    const auto answers = together.ask();
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto value = static_cast<double>(i);
      EXPECT_EQ(answers[i], (std::vector<double>{2 * value, 2 * value + 20}));
    }
  }
}

TEST(Batcher, RowsThatDependOnOneAnotherStayApart) {
  Together together([](const Tensor& input) {  // what is above the mean
    double sum = 0;
    for (const double value : input.values) sum += value;
    Tensor output = input;
    for (double& value : output.values) value -= sum / static_cast<double>(input.values.size());
    return output;
  });
  auto ask = [&] {
    for (const auto& answer : together.ask()) EXPECT_EQ(answer, (std::vector<double>{-5, 5}));
  };
  while (together.joint() == 0) ask();
  for (int i = 0; i < 5; ++i) ask();
  EXPECT_EQ(together.joint(), 1);
}

TEST(Batcher, AnyAnswerIsGoodWhereNobodyPromisesRows) {
  Batcher batcher([](const Tensor&) { return Tensor{{}, {0.5}}; }, 1, Joining::tried);
  EXPECT_EQ(batcher.predict({{2, 1}, {5, 6}}).values, std::vector<double>{0.5});
}

TEST(Batcher, AModelMustAnswerEachRow) {
  Batcher batcher([](const Tensor&) { return Tensor{{1, 1}, {0}}; }, 1);
  EXPECT_EQ(batcher.predict({{1, 1}, {5}}).values, std::vector<double>{0});
  EXPECT_THROW(batcher.predict({{2, 1}, {5, 6}}), SystemError);
}

}  // namespace
}  // namespace serving
}  // namespace trainyard
