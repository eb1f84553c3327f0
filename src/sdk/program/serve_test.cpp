// The model server over real HTTP.
#include <future>

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/program/content.hpp"
#include "sdk/program/serve.hpp"
#include "sdk/program/serve_testing.hpp"

namespace trainyard::serving {
namespace {

using sdk::Tensor;
using ::testing::HasSubstr;

/// Doubles what it gets; refuses negative numbers, and breaks at 99.
Program doubling() {
  return {.model_fn = [](const fs::path&) { return std::make_shared<double>(2); },
          .predict_fn = [](Model& model, const Tensor& input) {
            Tensor output = input;
            for (double& value : output.values) {
              if (value < 0) throw BadInput("only positive numbers");
              if (value == 99) throw std::runtime_error("the model broke");
              value *= *static_cast<double*>(model.get());
            }
            return output;
          }};
}

ServeOptions local() {
  ServeOptions options;
  options.host = "127.0.0.1";
  options.port = 0;
  options.workers = 2;
  return options;
}

TEST(Serve, AnswersInTheTypesThatAreAskedFor) {
  const Program program = doubling();
  ModelServer server(program, local());
  const Tensor doubled{{2, 2}, {2, 4, 6, 8}};
  const char* kTypes[] = {"application/json", "text/csv", "application/x-npy"};
  for (const char* type : kTypes) {
    for (const char* accept : kTypes) {
      const http::Response response =
          ask(server.port(), "POST", "/invocations",
              encode(content_type_of(type), {{2, 2}, {1, 2, 3, 4}}), type, accept);
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(response.headers.get("content-type"), accept);
      EXPECT_EQ(decode(content_type_of(accept), response.body).values, doubled.values);
    }
  }
  EXPECT_EQ(ask(server.port(), "POST", "/invocations", "[[1, 2]]").body, "[[2.0, 4.0]]");
}

TEST(Serve, AsTheInferenceToolkit) {
  const Program program = doubling();
  ServeOptions options = local();
  options.as_inference_toolkit = true;
  ModelServer server(program, options);
  auto answer = [&](const std::string& body) {
    return ask(server.port(), "POST", "/invocations", body, "text/csv").body;
  };
  EXPECT_EQ(answer("1,2\n3,4\n"), "[[2.0, 4.0], [6.0, 8.0]]");
  EXPECT_EQ(answer("1,2\n"), "[2.0, 4.0]");
  EXPECT_EQ(answer("1\n2\n"), "[2.0, 4.0]");
  EXPECT_EQ(answer("1\n"), "2.0");
  const std::pair<const char*, const char*> faults[] = {
      {"{", "application/json"}, {"[-1]", "application/json"}, {"x", "image/png"}};
  for (const auto& [body, type] : faults) {
    EXPECT_EQ(ask(server.port(), "POST", "/invocations", body, type).status, 500) << body;
  }
}

TEST(Serve, FaultsHaveTheirStatus) {
  const Program program = doubling();
  ModelServer server(program, local());
  struct Row {
    int status;
    std::string method, target, body, type, accept, words;
  };
  const std::string json = "application/json";
  const Row table[] = {
      {400, "POST", "/invocations", "{", json, "", "not valid application/json"},
      {400, "POST", "/invocations", "", json, "", "not valid"},
      {400, "POST", "/invocations", "[[1],[2,3]]", json, "", "different lengths"},
      {400, "POST", "/invocations", "x", "application/x-npy", "", "not a npy file"},
      {400, "POST", "/invocations", "1,2\n3\n", "text/csv", "", "different lengths"},
      {400, "POST", "/invocations", "[-1]", json, "", "only positive numbers"},
      {415, "POST", "/invocations", "x", "image/png", "", "image/png is not supported"},
      {406, "POST", "/invocations", "[1]", json, "image/png", "image/png is not supported"},
      {500, "POST", "/invocations", "[99]", json, "", "the model broke"},
      {405, "GET", "/invocations", "", "", "", ""},
      {404, "GET", "/else", "", "", "", ""},
      {200, "GET", "/ping", "", "", "", ""},
      {200, "GET", "/execution-parameters", "", "", "", "\"MaxConcurrentTransforms\":2"},
  };
  for (const Row& row : table) {
    const http::Response response =
        ask(server.port(), row.method, row.target, row.body, row.type, row.accept);
    EXPECT_EQ(response.status, row.status) << row.target << " " << row.body;
    EXPECT_THAT(response.body, HasSubstr(row.words));
  }
  EXPECT_EQ(ask(server.port(), "GET", "/ping").body, "");
}

int free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

TEST(Serve, IsHealthyOnceTheModelIsWarm) {
  std::promise<void> go;
  std::promise<void> loading;
  int warm_ups = 0;
  Program program = doubling();
  program.model_fn = [&](const fs::path& folder) {
    EXPECT_EQ(folder, "/the/model");
    loading.set_value();
    go.get_future().wait();
    return std::make_shared<double>(2);
  };
  program.predict_fn = [&](Model&, const Tensor& input) {
    ++warm_ups;
    return input;
  };
  program.example = Tensor{{1, 1}, {0}};
  ServeOptions options = local();
  options.port = free_port();
  options.workers = 1;
  options.model_dir = "/the/model";
  auto starting = std::async(std::launch::async, [&] {
    return std::make_unique<ModelServer>(program, options);
  });
  loading.get_future().wait();
  EXPECT_EQ(ask(options.port, "GET", "/ping").status, 503);
  EXPECT_EQ(ask(options.port, "POST", "/invocations", "[1]").status, 503);
  go.set_value();
  const auto server = starting.get();
  EXPECT_GT(warm_ups, 0);
  EXPECT_EQ(ask(options.port, "GET", "/ping").status, 200);
}

TEST(Serve, AModelThatDoesNotLoadEndsTheServer) {
  Program program = doubling();
  program.model_fn = [](const fs::path& folder) -> Model {
    throw SystemError("no model in " + folder.string());
  };
  EXPECT_THROW(ModelServer(program, local()), SystemError);
}

TEST(Serve, ManyAtOnceGetTheirOwnAnswers) {
  const Program program = doubling();
  ModelServer server(program, local());
  std::vector<std::future<bool>> clients;
  for (int client = 0; client < 8; ++client) {
    clients.push_back(std::async(std::launch::async, [&server, client] {
      for (int i = 0; i < 25; ++i) {
        const int value = 100 + client * 100 + i;
        const auto response =
            ask(server.port(), "POST", "/invocations", "[[" + std::to_string(value) + "]]");
        if (response.body != "[[" + std::to_string(2 * value) + ".0]]") return false;
      }
      return true;
    }));
  }
  for (auto& client : clients) EXPECT_TRUE(client.get());
}

}  // namespace
}  // namespace trainyard::serving
