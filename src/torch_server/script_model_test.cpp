#include "torch_server/script_model.hpp"

#include <csignal>
#include <fstream>
#include <future>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include "base/json.hpp"
#include "base/testing.hpp"
#include "sdk/program/serve.hpp"
#include "sdk/program/serve_testing.hpp"

namespace trainyard::torch_server {
namespace {

using sdk::NpyType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

fs::path testdata() { return fs::path(TRAINYARD_SOURCE_DIR) / "src/torch_server/testdata"; }

/// As testdata/make.py makes them.
Tensor images(std::size_t first, std::size_t count) {
  Tensor tensor{.shape = {count, 1, 28, 28}, .type = NpyType::float32};
  for (std::size_t number = first; number < first + count; ++number) {
    for (std::size_t i = 0; i < 784; ++i) {
      tensor.values.push_back(static_cast<double>(i * (37 + number) % 101) / 50 - 1);
    }
  }
  return tensor;
}

std::vector<double> expected(std::size_t first, std::size_t count) {
  const Tensor all = sdk::from_nested(*parse_json(read_file(testdata() / "expected.json")));
  return {all.values.begin() + static_cast<std::ptrdiff_t>(3 * first),
          all.values.begin() + static_cast<std::ptrdiff_t>(3 * (first + count))};
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], wanted[i], 1e-5);
}

/// A folder with one model in it.
class Folder {
 public:
  explicit Folder(const std::string& fixture) {
    fs::copy_file(testdata() / fixture, path() / fixture);
  }
  /// A TorchScript class with this code.
  static Folder of_code(const std::string& code) {
    Folder folder;
    torch::jit::Module module("net");
    module.register_attribute("training", c10::BoolType::get(), true);
    module.define(code);
    module.save(folder.path() / "model.pt");
    return folder;
  }
  const fs::path& path() const { return dir_->path(); }

 private:
  Folder() = default;

  std::unique_ptr<TempDir> dir_ = std::make_unique<TempDir>();
};

TEST(ScriptModel, AnswersAsPyTorchDoes) {
  for (const char* fixture : {"scripted.pt", "traced.pt", "frozen.pt"}) {
    const Folder folder(fixture);
    Model model = load(folder.path());
    const std::pair<std::size_t, std::size_t> parts[] = {{0, 1}, {1, 3}, {0, 4}};
    for (const auto& [first, count] : parts) {
      const Tensor answer = predict(model, images(first, count));
      EXPECT_THAT(answer.shape, ElementsAre(count, 3u)) << fixture;
      expect_near(answer.values, expected(first, count));
    }
  }
}

/// What a number added to itself gives tells its type.
TEST(ScriptModel, ElementTypesReachTheModel) {
  const Folder folder = Folder::of_code("def forward(self, x):\n  return x + x\n");
  Model doubling = load(folder.path());
  struct Row {
    NpyType type;
    double value, doubled;
  };
  const Row table[] = {{NpyType::float64, 0.1, 0.2},
                       {NpyType::float32, 0.1, 0.2f},
                       {NpyType::int64, 0x1p52, 0x1p53},
                       {NpyType::int32, 0x1p30, -0x1p31},
                       {NpyType::int16, 0x1p14, -0x1p15},
                       {NpyType::int8, 64, -128},
                       {NpyType::uint8, 200, 144},
                       {NpyType::boolean, 1, 1}};
  for (const Row& row : table) {
    EXPECT_EQ(predict(doubling, {{1}, {row.value}, row.type}).values,
              std::vector<double>{row.doubled});
  }
  EXPECT_EQ(predict(doubling, {{}, {3}, NpyType::int64}).shape.size(), 0u);
  EXPECT_EQ(predict(doubling, {{0, 3}, {}, NpyType::float32}).values.size(), 0u);
  EXPECT_THROW(predict(doubling, {{1}, {1}, NpyType::uint16}), BadInput);
  EXPECT_THROW(predict(doubling, {{1}, {0x1p53}, NpyType::int64}), BadInput);
}

TEST(ScriptModel, WhichFileItIs) {
  const TempDir dir;
  auto why = [&] { return thrown([&] { find_model(dir.path()); }); };
  EXPECT_THAT(why(), HasSubstr("exactly one .pt or .pth file; it has none"));
  EXPECT_THAT(thrown([&] { find_model(dir.path() / "none"); }), HasSubstr("it has none"));
  std::ofstream(dir.path() / "notes.txt") << "x";
  std::ofstream(dir.path() / "b.pth") << "x";
  EXPECT_EQ(find_model(dir.path()), dir.path() / "b.pth");
  std::ofstream(dir.path() / "a.pt") << "x";
  EXPECT_THAT(why(), HasSubstr("it has a.pt, b.pth"));
  std::ofstream(dir.path() / "model.pt") << "x";
  EXPECT_EQ(find_model(dir.path()), dir.path() / "model.pt");
}

TEST(ScriptModel, WhatIsNoneIsRefused) {
  EXPECT_THAT(thrown([&] { load(Folder("state_dict.pth").path()); }),
              HasSubstr("state_dict.pth is a state_dict and no TorchScript model"));
  const TempDir dir;
  std::ofstream(dir.path() / "model.pt") << "not a model";
  const std::string why = thrown([&] { load(dir.path()); });
  EXPECT_THAT(why, HasSubstr("model.pt is no TorchScript model: "));
  EXPECT_EQ(why.find('\n'), std::string::npos) << why;
  EXPECT_THAT(thrown([&] {
                load(Folder::of_code("def forward(self, x, y):\n  return x + y\n").path());
              }),
              HasSubstr("its forward takes 2 arguments"));
  EXPECT_THAT(thrown([&] { load(Folder::of_code("def other(self, x):\n  return x\n").path()); }),
              HasSubstr("has no method forward"));
  load(Folder::of_code("def forward(self, x, y: int = 1):\n  return x + y\n").path());
  const Folder pair = Folder::of_code("def forward(self, x):\n  return x, x\n");
  EXPECT_THAT(thrown([&] { load(pair.path()); }),
              HasSubstr("its forward answers Tuple[Tensor, Tensor]"));
  EXPECT_THROW(load(pair.path()), NotServed);
}

TEST(ScriptModel, FaultsOfTheModelAreOneLine) {
  const Folder strict = Folder::of_code(
      "def forward(self, x):\n  assert x.dim() == 2, 'a table'\n  return x @ torch.ones([2, 1])\n");
  Model table = load(strict.path());
  const Tensor wrong[] = {{{1}, {1}, NpyType::float32},
                          {{1, 3}, {1, 2, 3}, NpyType::float32},
                          {{1, 2}, {1, 2}, NpyType::float64}};
  for (const Tensor& input : wrong) {
    const std::string why = thrown([&] { predict(table, input); });
    EXPECT_THAT(why, HasSubstr("Error: "));
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
    EXPECT_THAT(why, ::testing::Not(HasSubstr("TorchScript interpreter")));
  }
  EXPECT_EQ(predict(table, {{1, 2}, {1, 2}, NpyType::float32}).values, std::vector<double>{3});
}

serving::ServeOptions local(const fs::path& model_dir) {
  serving::ServeOptions options;
  options.host = "127.0.0.1";
  options.port = 0;
  options.model_dir = model_dir;
  return options;
}

TEST(Server, ManyAtOnceGetTheirOwnAnswers) {
  const Folder folder("scripted.pt");
  const Program served = program();
  serving::ModelServer server(served, local(folder.path()));
  std::vector<std::future<void>> clients;
  for (std::size_t client = 0; client < 8; ++client) {
    clients.push_back(std::async(std::launch::async, [&server, client] {
      for (std::size_t i = 0; i < 20; ++i) {
        const std::size_t first = (client + i) % 4, count = 1 + i % (4 - first);
        const http::Response response =
            ask(server.port(), "POST", "/invocations",
                sdk::to_npy(images(first, count), NpyType::float32), "application/x-npy",
                "application/x-npy");
        ASSERT_EQ(response.status, 200) << response.body;
        expect_near(sdk::from_npy(response.body).values, expected(first, count));
      }
    }));
  }
  for (auto& client : clients) client.get();
}

TEST(Server, RowsThatDependOnOneAnotherGetTheirOwnAnswersToo) {
  const Folder folder = Folder::of_code("def forward(self, x):\n  return x - x.mean(0)\n");
  const Program served = program();
  serving::ModelServer server(served, local(folder.path()));
  std::vector<std::future<void>> clients;
  for (int client = 0; client < 8; ++client) {
    clients.push_back(std::async(std::launch::async, [&server, client] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = fmt::format("[[{}], [{}]]", client, client + 2);
        EXPECT_EQ(ask(server.port(), "POST", "/invocations", body).body, "[[-1.0], [1.0]]");
      }
    }));
  }
  for (auto& client : clients) client.get();
}

/// The program itself, as an instance starts it.
class Process {
 public:
  Process(const fs::path& model_dir, const std::string& port,
          std::vector<std::string> more = {}) {
    std::vector<std::string> words{std::string(TRAINYARD_BIN_DIR) + "/trainyard-torch-server",
                                   "--model-dir", model_dir};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], 1);
      ::dup2(ends[1], 2);
      ::close(ends[0]);
      ::close(ends[1]);
      ::setenv("SAGEMAKER_BIND_TO_PORT", port.c_str(), 1);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  ~Process() {
    if (pid_ > 0) end(SIGKILL);
    std::fclose(output_);
  }

  std::string line() {
    char text[1024];
    return std::fgets(text, sizeof text, output_) == nullptr ? "" : text;
  }

  /// The exit status; 256 when a signal ended it.
  int end(int signal) {
    if (signal != 0) ::kill(pid_, signal);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

TEST(Program, ServesAModelFolder) {
  const Folder folder("scripted.pt");
  Process process(folder.path(), "0");
  const std::string said = process.line();
  const std::string words = "Serving on port ";
  ASSERT_EQ(said.substr(0, words.size()), words) << said;
  const int port = std::stoi(said.substr(words.size()));
  EXPECT_EQ(ask(port, "GET", "/ping").status, 200);
  const Tensor input = images(1, 2);
  const std::pair<const char*, std::string> bodies[] = {
      {"application/json", dump(sdk::to_nested(input))},
      {"application/x-npy", sdk::to_npy(input, NpyType::float32)}};
  for (const auto& [type, body] : bodies) {
    const http::Response json = ask(port, "POST", "/invocations", body, type);
    EXPECT_EQ(json.headers.get("content-type"), "application/json");
    expect_near(sdk::from_nested(*parse_json(json.body)).values, expected(1, 2));
    const http::Response npy = ask(port, "POST", "/invocations", body, type, "application/x-npy");
    EXPECT_THAT(npy.body, HasSubstr("'<f8'"));
    expect_near(sdk::from_npy(npy.body).values, expected(1, 2));
    const http::Response csv = ask(port, "POST", "/invocations", body, type, "text/csv");
    expect_near(sdk::from_csv(csv.body).values, expected(1, 2));
  }
  const http::Response refused = ask(port, "POST", "/invocations", "1,2\n3,4\n", "text/csv");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("RuntimeError: "));
  EXPECT_EQ(ask(port, "POST", "/invocations", "[", "application/json").status, 500);
  const http::Response unknown = ask(port, "POST", "/invocations", "x", "image/png");
  EXPECT_EQ(unknown.status, 500);
  EXPECT_THAT(unknown.body, HasSubstr("Content type image/png is not supported by this framework"));
  EXPECT_EQ(process.end(SIGTERM), 0);
}

TEST(Program, LeavesToAnotherServerWhatItCannotServe) {
  const Folder pair = Folder::of_code("def forward(self, x):\n  return x, x\n");
  const fs::path other = pair.path() / "other";
  write_file_atomically(other, "#!/bin/sh\necho $1 instead; exit 3\n", 0755);
  Process process(pair.path(), "0", {"--otherwise", other, "served"});
  EXPECT_THAT(process.line(), HasSubstr("its forward answers Tuple[Tensor, Tensor]"));
  EXPECT_EQ(process.line(), "served instead\n");
  EXPECT_EQ(process.end(0), 3);
}

TEST(Program, SaysWhyItCannotServe) {
  const Folder folder("state_dict.pth");
  Process process(folder.path(), "0");
  EXPECT_THAT(process.line(), HasSubstr("state_dict.pth is a state_dict and no TorchScript model"));
  EXPECT_EQ(process.end(0), 1);
}

}  // namespace
}  // namespace trainyard::torch_server
