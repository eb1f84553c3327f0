// The front with workers that a small script plays.
#include <csignal>
#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "hosting/frame.hpp"
#include "hosting/model_server.hpp"
#include "http/channel.hpp"
#include "http/client.hpp"

namespace trainyard::hosting {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kAnswerMax = 64u << 20;
constexpr int64_t kPatience = 20'000'000'000;
const fs::path kFakeWorker = fs::path(TRAINYARD_SOURCE_DIR) / "src/hosting/testdata/fake_worker.py";

class Front : public testing::Test {
 protected:
  void start(int workers = 1, milliseconds timeout = milliseconds(60'000)) {
    Settings settings;
    settings.host = "127.0.0.1";
    settings.port = 0;
    settings.workers = workers;
    settings.timeout = timeout;
    variables_["PATH"] = "/usr/bin:/bin";
    server_ = std::make_unique<ModelServer>(
        settings, WorkerCommand{{"python3", "-u", kFakeWorker.string()}, variables_,
                                folder_.path()});
  }
  void start_and_wait(int workers = 1, milliseconds timeout = milliseconds(60'000)) {
    start(workers, timeout);
    until([&] { return get("/ping").status == 200; });
  }
  template <class Condition>
  void until(const Condition& condition) {
    const int64_t end = monotonic_nanos() + kPatience;
    while (!condition()) {
      ASSERT_LT(monotonic_nanos(), end);
      std::this_thread::sleep_for(milliseconds(5));
    }
  }
  http::Response exchange(const http::Outgoing& request) {
    http::Address address;
    address.host = "localhost";
    address.port = server_->port();
    http::Connection connection(
        http::connect_tcp("127.0.0.1", server_->port(), milliseconds(5'000)), address, {});
    return connection.exchange(request, kAnswerMax);
  }
  http::Response get(const std::string& target) {
    http::Outgoing request;
    request.target = target;
    return exchange(request);
  }
  http::Response ask(std::string body) {
    http::Outgoing request;
    request.method = "POST";
    request.target = "/invocations";
    request.headers.add("Content-Type", "text/x-\xe9t\xe9");
    request.body = std::move(body);
    return exchange(request);
  }
  std::future<http::Response> ask_later(std::string body) {
    return std::async(std::launch::async, [this, body] { return ask(body); });
  }
  std::string wait_for_file(const char* name) { return "wait " + (folder_.path() / name).string(); }
  void make(const char* name) { std::ofstream(folder_.path() / name) << "x"; }
  bool gave_up(int wait_ms) {
    pollfd entry{server_->given_up(), POLLIN, 0};
    return ::poll(&entry, 1, wait_ms) == 1;
  }

  TempDir folder_;
  Variables variables_;
  std::unique_ptr<ModelServer> server_;
};

TEST_F(Front, Answers) {
  start_and_wait();
  const http::Response echo = ask("hello");
  EXPECT_EQ(echo.status, 200);
  EXPECT_EQ(echo.body, "hello");
  EXPECT_EQ(echo.headers.get("Content-Type"), "application/x-echo");
  EXPECT_EQ(ask("").body, "");
  const http::Response refused = ask("status 418");
  EXPECT_EQ(refused.status, 418);
  EXPECT_EQ(refused.body, "as asked");
  const auto headers = parse_json(ask("headers").body);
  EXPECT_EQ(find_string(headers->get_object(), "content-type"), "text/x-\u00e9t\u00e9");
  EXPECT_EQ(get("/invocations").status, 405);
  EXPECT_EQ(get("/models").status, 404);
  EXPECT_EQ(get("/execution-parameters").body,
            R"({"MaxConcurrentTransforms":1,"BatchStrategy":"MULTI_RECORD","MaxPayloadInMB":6})");
}

TEST_F(Front, CarriesWhatDoesNotFitIntoASocket) {
  start_and_wait();
  std::string body = "large ";
  for (int i = 0; body.size() < (8u << 20); ++i) body += std::to_string(i);
  EXPECT_TRUE(ask(body).body == body);
  // The same from the queue.
  auto first = ask_later(wait_for_file("go"));
  auto second = ask_later(body), third = ask_later(body);
  make("go");
  EXPECT_TRUE(second.get().body == body);
  EXPECT_TRUE(third.get().body == body);
}

TEST_F(Front, IsNotReadyBeforeAModelIsLoaded) {
  variables_["FAKE_LOAD"] = "hang";
  start();
  EXPECT_EQ(get("/ping").status, 503);
  EXPECT_EQ(ask("early").status, 503);
}

TEST_F(Front, GivesUpWhenNoWorkerLoads) {
  variables_["FAKE_LOAD"] = "exit";
  start(2);
  EXPECT_TRUE(gave_up(20'000));
  EXPECT_EQ(get("/ping").status, 503);
}

TEST_F(Front, GivesUpWhenThereIsNoSuchProgram) {
  Settings settings;
  settings.host = "127.0.0.1";
  settings.port = 0;
  server_ = std::make_unique<ModelServer>(
      settings, WorkerCommand{{"/no/such/python"}, {}, folder_.path()});
  EXPECT_TRUE(gave_up(20'000));
}

TEST_F(Front, FirstFreeWorkerTakesTheRequest) {
  start_and_wait(2);
  std::set<std::string> pids;
  until([&] {
    auto one = ask_later("pid"), two = ask_later("pid");
    pids.insert(one.get().body);
    pids.insert(two.get().body);
    return pids.size() == 2;
  });
  auto slow = ask_later(wait_for_file("go"));
  // One worker is taken: the other answers them all.
  std::set<std::string> others;
  for (int i = 0; i < 20; ++i) others.insert(ask("pid").body);
  make("go");
  EXPECT_EQ(slow.get().status, 200);
  EXPECT_LE(others.size(), 2u);  // the slow one may have come last
}

TEST_F(Front, RequestsWaitForAWorkerInOrder) {
  start_and_wait();
  auto slow = ask_later(wait_for_file("go"));
  std::vector<std::future<http::Response>> rest;
  for (int i = 0; i < 40; ++i) rest.push_back(ask_later("number " + std::to_string(i)));
  make("go");
  EXPECT_EQ(slow.get().status, 200);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(rest[i].get().body, "number " + std::to_string(i));
}

TEST_F(Front, OneConnectionServesManyRequests) {
  start_and_wait();
  http::Address address;
  address.host = "localhost";
  address.port = server_->port();
  http::Connection connection(
      http::connect_tcp("127.0.0.1", server_->port(), milliseconds(5'000)), address, {});
  for (int i = 0; i < 200; ++i) {
    http::Outgoing request;
    request.method = "POST";
    request.target = "/invocations";
    request.body = "number " + std::to_string(i);
    ASSERT_EQ(connection.exchange(request, kAnswerMax).body, request.body);
  }
}

TEST_F(Front, ACrashCostsOneRequest) {
  start_and_wait();
  const std::string before = ask("pid").body;
  for (const char* crash : {"die", "garbage"}) {
    const http::Response lost = ask(crash);
    EXPECT_EQ(lost.status, 500) << crash;
    EXPECT_THAT(lost.body, HasSubstr("ended while it served this request"));
    until([&] { return get("/ping").status == 200; });
    EXPECT_NE(ask("pid").body, before);
  }
  EXPECT_EQ(ask("headless").status, 500);
  EXPECT_EQ(ask("still there").body, "still there");
}

TEST_F(Front, RequestsThatWaitOutliveACrash) {
  start_and_wait();
  auto slow = ask_later(wait_for_file("go"));
  auto dies = ask_later("die"), waits = ask_later("waits");
  make("go");
  EXPECT_EQ(slow.get().status, 200);
  EXPECT_EQ(dies.get().status, 500);
  EXPECT_EQ(waits.get().body, "waits");
}

TEST_F(Front, ReplacesAWorkerThatDiesIdle) {
  start_and_wait();
  const std::string pid = ask("pid").body;
  ::kill(std::stoi(pid), SIGKILL);
  until([&] {
    const http::Response response = ask("pid");
    return response.status == 200 && response.body != pid;
  });
}

TEST_F(Front, AWorkerThatTakesTooLongIsReplaced) {
  start_and_wait(1, milliseconds(300));
  const std::string pid = ask("pid").body;
  const http::Response late = ask("hang");
  EXPECT_EQ(late.status, 504);
  EXPECT_THAT(late.body, HasSubstr("did not answer within 0.3 s"));
  until([&] { return ask("pid").status == 200; });
  EXPECT_NE(ask("pid").body, pid);
}

TEST_F(Front, FailsLaterOnlyWhenNoneIsLeft) {
  make("model");
  variables_["FAKE_LOAD"] = (folder_.path() / "model").string();
  start_and_wait(2);
  fs::remove(folder_.path() / "model");
  // Whoever is asked while the other still serves ends it too.
  until([&] { return ask("die").status == 503 || gave_up(0); });
  EXPECT_TRUE(gave_up(20'000));
  EXPECT_EQ(ask("late").status, 503);
}

TEST_F(Front, DrainFinishesWhatRuns) {
  start_and_wait();
  auto slow = ask_later(wait_for_file("go"));
  auto waits = ask_later("waits");
  auto drained = std::async(std::launch::async, [&] { server_->drain(milliseconds(20'000)); });
  make("go");
  drained.get();
  for (auto* answer : {&slow, &waits}) {
    try {
      EXPECT_EQ(answer->get().status, 200);
    } catch (const std::exception&) {
      // It had not yet come in.
    }
  }
}

/// The program with an interpreter that is the fake worker; its exit status.
int run_program(const fs::path& base, const char* workers, const std::string& load, int signal) {
  fs::create_directories(base / "model");
  const fs::path program = fs::path(TRAINYARD_BIN_DIR) / "trainyard-model-server";
  const fs::path interpreter = base / "python";
  std::ofstream(interpreter) << "#!/bin/sh\nexec python3 -u " << kFakeWorker.string() << "\n";
  fs::permissions(interpreter, fs::perms::owner_all);
  int port = 0;
  { const Fd probe = http::listen_tcp_socket("127.0.0.1", 0, port); }
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("SAGEMAKER_BASE_DIR", base.c_str(), 1);
    ::setenv("SAGEMAKER_BIND_TO_PORT", std::to_string(port).c_str(), 1);
    ::setenv("SAGEMAKER_MODEL_SERVER_WORKERS", workers, 1);
    ::setenv("TRAINYARD_PYTHON", interpreter.c_str(), 1);
    ::setenv("FAKE_LOAD", load.c_str(), 1);
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(99);
  }
  http::Address address;
  address.host = "localhost";
  address.port = port;
  const int64_t end = monotonic_nanos() + kPatience;
  for (bool warm = signal == 0; !warm && monotonic_nanos() < end;) {
    try {
      http::Connection connection(http::connect_tcp("127.0.0.1", port, milliseconds(500)), address,
                                  {});
      http::Outgoing ping;
      ping.target = "/ping";
      warm = connection.exchange(ping, kAnswerMax).status == 200;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(milliseconds(10));  // it does not listen yet
    }
  }
  if (signal != 0) ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Program, ExitStatus) {
  TempDir folder;
  EXPECT_EQ(run_program(folder.path(), "2", "", SIGTERM), 0);
  EXPECT_EQ(run_program(folder.path(), "2", "exit", 0), 1);
  EXPECT_EQ(run_program(folder.path(), "none", "", 0), 1);
}

TEST(Settings, FromTheEnvironment) {
  const Settings plain = read_settings({}, 3);
  EXPECT_EQ(plain.port, 8080);
  EXPECT_EQ(plain.workers, 3);
  EXPECT_EQ(plain.timeout, std::chrono::seconds(60));
  const Settings told = read_settings({{"SAGEMAKER_BIND_TO_PORT", "9000"},
                                       {"SAGEMAKER_MODEL_SERVER_TIMEOUT", "2"},
                                       {"SM_NUM_CPUS", "7"}}, 3);
  EXPECT_EQ(told.port, 9000);
  EXPECT_EQ(told.workers, 7);
  EXPECT_EQ(told.timeout, std::chrono::seconds(2));
  EXPECT_EQ(read_settings({{"SAGEMAKER_MODEL_SERVER_WORKERS", "2"}}, 3).workers, 2);
  for (const char* text : {"0", "-1", "x", "2x", "99999999999"}) {
    try {
      read_settings({{"SAGEMAKER_MODEL_SERVER_WORKERS", text}}, 3);
      ADD_FAILURE() << text;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr("SAGEMAKER_MODEL_SERVER_WORKERS is \""));
    }
  }
}

TEST(Settings, WorkersShareTheCpus) {
  Settings settings;
  settings.workers = 2;
  settings.base = "/b";
  WorkerCommand command = python_worker(settings, {{"PYTHONPATH", "/mine"}}, "/p", 8);
  EXPECT_THAT(command.argv, ElementsAre("python3", "-u", "-m", "trainyard_worker"));
  EXPECT_EQ(command.environment["OMP_NUM_THREADS"], "4");
  EXPECT_EQ(command.environment["PYTHONPATH"], "/mine:/p/python/worker");
  EXPECT_EQ(command.folder, "/b/model");
  command = python_worker(settings, {{"OMP_NUM_THREADS", "3"}, {"TRAINYARD_PYTHON", "/x/py"}},
                          "/p", 8);
  EXPECT_EQ(command.environment["OMP_NUM_THREADS"], "3");
  EXPECT_EQ(command.argv[0], "/x/py");
}

struct Pair {
  explicit Pair(int type) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
    ours = Fd(pair[0]);
    theirs = Fd(pair[1]);
  }
  void say(const std::string& text) const {
    ASSERT_EQ(::send(theirs.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  Fd ours, theirs;
};

TEST(Frames, ComeInPiecesAndSeveralAtOnce) {
  Pair pair(SOCK_STREAM);
  const std::string first = frame_start(7, R"({"a":1})", 4) + "body";
  const std::string second = frame_start(uint64_t{1} << 40, "{}", 0);
  FrameReader reader;
  for (const char c : first) {
    EXPECT_TRUE(reader.take(pair.ours.get()));
    EXPECT_FALSE(reader.next().has_value());
    pair.say(std::string(1, c));
  }
  pair.say(second + first);
  ASSERT_TRUE(reader.take(pair.ours.get()));
  for (const uint64_t number : {uint64_t{7}, uint64_t{1} << 40, uint64_t{7}}) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->number, number);
    EXPECT_EQ(frame->head, number == 7 ? R"({"a":1})" : "{}");
    EXPECT_EQ(frame->body, number == 7 ? "body" : "");
  }
  EXPECT_FALSE(reader.next().has_value());
  pair.say(first);
  pair.theirs.reset();
  while (reader.take(pair.ours.get())) {
  }
  EXPECT_TRUE(reader.next().has_value());  // what was said before the end counts
}

TEST(Frames, ThatAreNoneEndIt) {
  Pair pair(SOCK_STREAM);
  FrameReader reader;
  pair.say(std::string(100, '\xff'));
  EXPECT_FALSE(reader.take(pair.ours.get()));
  EXPECT_FALSE(reader.next().has_value());
}

TEST(Frames, RequestsAreWholeMessages) {
  Pair pair(SOCK_SEQPACKET);
  const std::string start = frame_start(1, "{}", 4);
  EXPECT_FALSE(first_request(pair.theirs.get()).has_value());
  EXPECT_TRUE(send_request(pair.ours.get(), start, "body"));
  EXPECT_EQ(first_request(pair.theirs.get()), 1u);
  EXPECT_TRUE(send_request(pair.ours.get(), start, std::string(kMessageBytesMax, 'x')));
  char text[kMessageBytesMax];
  EXPECT_EQ(::recv(pair.theirs.get(), text, sizeof text, 0),
            static_cast<ssize_t>(start.size() + 4));
  // The rest of the long one is in a file.
  EXPECT_EQ(::recv(pair.theirs.get(), text, sizeof text, 0),
            static_cast<ssize_t>(kFramePrefixBytes));
  while (send_request(pair.ours.get(), start, std::string(kMessageBytesMax / 2, 'x'))) {
  }
  pair.theirs.reset();
  EXPECT_THROW(send_request(pair.ours.get(), start, "body"), SystemError);
}

}  // namespace
}  // namespace trainyard::hosting
