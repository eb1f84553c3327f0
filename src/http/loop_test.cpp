#include <sys/eventfd.h>
#include <unistd.h>

#include <future>

#include "http/http_testing.hpp"

namespace trainyard::http {
namespace {

constexpr const char* kAsk = "POST /ask HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";

/// A response that comes when the test says so.
class Answer final : public PendingResponse {
 public:
  struct State {
    Fd fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<Progress> progress{Progress::waiting};
    std::atomic<bool> gone{false};
    std::string text = "answer";
    int64_t deadline = INT64_MAX;
    bool streamed = false;
    bool calls = false;  // in the place of a descriptor
    std::mutex mutex;
    std::function<void()> ready;
    std::function<bool()> peer_gone;  // of the request
    std::function<void(bool)> over;

    void tell(Progress now) {
      progress = now;
      uint64_t one = 1;
      ASSERT_EQ(::write(fd.get(), &one, sizeof one), 8);
      std::lock_guard lock(mutex);
      if (ready) std::exchange(ready, nullptr)();
    }
  };

  explicit Answer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Answer() override { state_->gone = true; }
  Progress progress() override {
    bool late = monotonic_nanos() >= state_->deadline;
    return late && state_->progress == Progress::waiting ? Progress::partial
                                                         : state_->progress.load();
  }
  int fd() const override { return state_->calls ? -1 : state_->fd.get(); }
  bool calls() const override { return state_->calls; }
  void call(std::function<void()> ready) override {
    std::lock_guard lock(state_->mutex);
    if (state_->progress != Progress::waiting) return ready();
    state_->ready = std::move(ready);
  }
  int64_t deadline() const override { return state_->deadline; }
  Response finish() override {
    while (state_->progress == Progress::waiting && monotonic_nanos() < state_->deadline) {
      pollfd entry{state_->fd.get(), POLLIN, 0};
      ::poll(&entry, 1, 10);
    }
    if (state_->progress == Progress::waiting) throw ApiError("Late", 504, "nothing came");
    Response response = plain(state_->text);
    response.over = state_->over;
    if (!state_->streamed) return response;
    response.stream = std::make_unique<StringBody>(state_->text);
    response.stream_length = state_->text.size();
    return response;
  }

 private:
  std::shared_ptr<State> state_;
};

enum class Way { threads, loop, calls };

/// Every test runs without a loop and with one, which watches or is called: what a client sees is
/// the same.
class PendingTest : public HttpTest, public testing::WithParamInterface<Way> {
 protected:
  void start_asked(ServerOptions options = {}) {
    if (GetParam() != Way::threads) {
      options.quick = [](const Request& request) { return request.path() == "/ask"; };
    }
    start(
        [this](Request& request) {
          if (request.path() != "/ask") return play(request);
          std::string body = read_all(*request.body, 100u << 20);
          std::lock_guard lock(mutex_);
          bodies_.push_back(std::move(body));
          Response response;
          auto state = std::make_shared<Answer::State>();
          state->calls = GetParam() == Way::calls;
          state->peer_gone = request.gone;
          prepare_(*state);
          response.pending = std::make_unique<Answer>(state);
          asked_.push_back(std::move(state));
          changed_.notify_all();
          return response;
        },
        options);
  }
  std::shared_ptr<Answer::State> asked(std::size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() > index; });
    return asked_[index];
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Answer::State>> asked_;
  std::vector<std::string> bodies_;
  std::function<void(Answer::State&)> prepare_ = [](Answer::State&) {};
};

INSTANTIATE_TEST_SUITE_P(, PendingTest, testing::Values(Way::threads, Way::loop, Way::calls),
                         [](const auto& info) {
                           return info.param == Way::threads ? "Threads"
                                  : info.param == Way::loop  ? "Loop"
                                                             : "Calls";
                         });

TEST_P(PendingTest, AnswersWhenWhatItWaitsForHasCome) {
  start_asked();
  RawClient client(port_);
  for (std::size_t round = 0; round < 3; ++round) {
    client.send(kAsk);
    auto state = asked(round);
    state->streamed = round == 1;
    state->tell(Wait::Progress::whole);
    EXPECT_THAT(client.read_until("answer"), EndsWith("answer"));
    EXPECT_EQ(bodies_.at(round), "hi");
  }
}

TEST(Loop, WatchesADescriptorOfItsOwner) {
  ServerOptions options;
  options.quick = [](const Request&) { return true; };
  Server server(options, [](Request&) { return plain("x"); });
  const Fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
  std::mutex mutex;
  std::condition_variable changed;
  int rung = 0;
  server.watch(bell.get(), [&] {
    uint64_t one = 0;
    EXPECT_EQ(::read(bell.get(), &one, sizeof one), 8);
    std::lock_guard lock(mutex);
    ++rung;
    changed.notify_all();
  });
  const uint64_t times = 3;
  ASSERT_EQ(::write(bell.get(), &times, sizeof times), 8);
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return rung == 3; });  // for as long as there is something
  lock.unlock();
  server.unwatch(bell.get());
  server.watch(bell.get(), [] {});
  server.unwatch(bell.get());
}

TEST_P(PendingTest, ConnectionsDoNotWaitForOneAnother) {
  start_asked();
  constexpr std::size_t kClients = 20;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->send(kAsk);
    asked(i)->text = "answer " + std::to_string(i) + ";";
  }
  for (std::size_t i = kClients; i-- > 0;) {
    asked(i)->tell(i % 2 == 0 ? Wait::Progress::whole : Wait::Progress::partial);
    EXPECT_THAT(clients[i]->read_until(";"), EndsWith("answer " + std::to_string(i) + ";"));
  }
}

TEST_P(PendingTest, ServesOtherRequestsOfTheSameConnection) {
  start_asked();
  RawClient client(port_);
  const std::string large(300'000, 'x');
  client.send(kAsk);
  asked(0)->tell(Wait::Progress::whole);
  client.read_until("answer");
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(client.read_until("abc"), EndsWith("abc"));
  client.send("POST /ask HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + large);
  asked(1)->tell(Wait::Progress::whole);
  client.read_until("answer");
  EXPECT_EQ(bodies_.at(1), large);
  client.send("POST /ask HTT");  // the rest of the head comes later
  client.send("P/1.1\r\nHost: h\r\nContent-Length: 2\r\n");
  client.send("\r\nh");
  client.send("i");
  asked(2)->tell(Wait::Progress::whole);
  EXPECT_THAT(client.read_until("answer"), EndsWith("answer"));
  client.send("malformed\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 "));
}

TEST_P(PendingTest, AnswersPipelinedRequestsInOrder) {
  start_asked();
  RawClient client(port_);
  client.send(std::string(kAsk) + "GET /a HTTP/1.1\r\nHost: h\r\n\r\n" + kAsk);
  asked(0)->tell(Wait::Progress::whole);
  EXPECT_THAT(client.read_until("GET /a"), HasSubstr("answer"));
  asked(1)->tell(Wait::Progress::whole);
  EXPECT_THAT(client.read_until("answer"), EndsWith("answer"));
}

TEST_P(PendingTest, FinishesWhenTheTimeIsOver) {
  prepare_ = [](Answer::State& state) { state.deadline = monotonic_nanos() + 50'000'000; };
  start_asked();
  RawClient client(port_);
  client.send(kAsk);
  EXPECT_THAT(client.read_until("Late", milliseconds(10'000)), StartsWith("HTTP/1.1 504 "));
}

TEST_P(PendingTest, AClientThatDoesNotReadHoldsNobodyUp) {
  start_asked();
  RawClient silent(port_), other(port_);
  silent.send(kAsk);
  asked(0)->text = std::string(32u << 20, 'y') + "end";
  other.send(kAsk);
  asked(1);
  asked(0)->tell(Wait::Progress::whole);
  asked(1)->tell(Wait::Progress::whole);
  EXPECT_THAT(other.read_until("answer"), EndsWith("answer"));
  EXPECT_THAT(silent.read_until("end"), EndsWith("yend"));
}

TEST_P(PendingTest, IdleConnectionsEndSilently) {
  start_asked({.idle_timeout = milliseconds(100)});
  RawClient client(port_);
  client.send(kAsk);
  asked(0)->tell(Wait::Progress::whole);
  client.read_until("answer");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(client.closed());
}

TEST_P(PendingTest, TellsWhetherTheAnswerHasGoneOut) {
  std::promise<bool> over[2];
  std::size_t number = 0;
  prepare_ = [&](Answer::State& state) {
    state.over = [&, mine = number++](bool sent) { over[mine].set_value(sent); };
  };
  start_asked();
  RawClient client(port_);
  client.send(kAsk);
  EXPECT_FALSE(asked(0)->peer_gone());
  asked(0)->tell(Wait::Progress::whole);
  client.read_until("answer");
  EXPECT_TRUE(over[0].get_future().get());
  client.send(kAsk);
  auto state = asked(1);
  client.reset();
  while (!state->peer_gone()) std::this_thread::yield();
  state->tell(Wait::Progress::partial);
  EXPECT_FALSE(over[1].get_future().get());
}

TEST_P(PendingTest, StopEndsWhatIsStillAwaited) {
  start_asked();
  RawClient waiting(port_), idle(port_);
  idle.send(kAsk);
  asked(0)->tell(Wait::Progress::whole);
  idle.read_until("answer");
  waiting.send(kAsk);
  auto state = asked(1);
  std::thread later([&] { state->tell(Wait::Progress::whole); });
  server_->stop(milliseconds(5000));
  later.join();
  EXPECT_THAT(waiting.read_to_end(), EndsWith("answer"));
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(state->gone);
}

TEST_F(HttpTest, ADoorHasItsShareOfConnections) {
  start(play, {.connections_per_door = 2});
  RawClient one(port_), two(port_);
  for (RawClient* client : {&one, &two}) {
    client->send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    client->read_until("GET /a");
  }
  RawClient third(port_);
  EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503 "));
  two.finish_sending();
  two.read_to_end();
  std::string answer;
  do {  // the server notices the end a moment later
    RawClient fourth(port_);
    fourth.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    answer = fourth.read_until("GET /a", milliseconds(50));
  } while (!answer.starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpTest, ATrickleDoesNotHoldAThread) {
  start(play, {.body_timeout = milliseconds(200)});
  for (const char* path : {"/echo", "/ignore"}) {
    RawClient client(port_);
    client.send("POST " + std::string(path) +
                " HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n");
    std::string seen;
    for (int i = 0; i < 400 && !client.closed(); ++i) {
      if (!client.try_send("x")) break;
      seen += client.read_until("\x01never", milliseconds(20));
    }
    EXPECT_TRUE(client.closed()) << path << seen;
  }
}

}  // namespace
}  // namespace trainyard::http
