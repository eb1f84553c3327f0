#include "server/performer.hpp"

#include <condition_variable>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "server/server_testing.hpp"
#include "services/testing.hpp"

namespace trainyard::server {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

/// What was performed, in order, and who waits for what.
class Book {
 public:
  void write(const std::string& line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  void await(const std::string& line) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return std::ranges::count(lines_, line) > 0; });
  }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class PerformerTest : public ServiceTest {
 protected:
  PerformerTest() : ServiceTest(outbox::kMigrations) { store.set_rerun_writes(false); }

  void post(std::string_view kind, const std::string& key) {
    store.write([&](Txn& txn) { outbox::post(txn, kind, key, {}, clock.now()); });
  }
  std::vector<outbox::Message> left() {
    return store.read(
        [&](Txn& txn) { return outbox::due(txn, clock.now() + std::chrono::hours(1), 1000); });
  }

  NotingExecutor executor;
  Parts parts{store, clock, random, site, blobs, segments, door, executor};
  Book book;
};

TEST_F(PerformerTest, AKeysMessagesNeverOvertakeOneAnother) {
  Deliveries deliveries;
  deliveries.outside["start"] = [&](const outbox::Message& message) {
    book.write("starts " + message.key);
    if (message.key == "a") book.await("stopped b");
    book.write("started " + message.key);
  };
  deliveries.outside["stop"] = [&](const outbox::Message& message) {
    book.write("stopped " + message.key);
  };
  post("start", "a");
  post("stop", "a");
  post("start", "b");
  post("stop", "b");
  Performer performer(parts, deliveries);
  store.on_outbox([&] { performer.wake(); });
  performer.start();
  book.await("stopped a");
  performer.stop();
  auto of = [&](const char* key) {
    auto lines = book.lines();
    std::erase_if(lines, [&](const std::string& line) { return !line.ends_with(key); });
    return lines;
  };
  EXPECT_THAT(of("a"), ElementsAre("starts a", "started a", "stopped a"));
  EXPECT_THAT(of("b"), ElementsAre("starts b", "started b", "stopped b"));
  EXPECT_THAT(left(), SizeIs(0));
}

TEST_F(PerformerTest, ABacklogOutsideDoesNotHoldUpTheInside) {
  Deliveries deliveries;
  deliveries.outside["remove"] = [&](const outbox::Message&) { book.await("told"); };
  deliveries.inside["tell"] = [&](Call&, const outbox::Message&) { book.write("told"); };
  for (int i = 0; i < 400; ++i) post("remove", "blob-" + std::to_string(i));
  post("tell", "k");
  Performer performer(parts, deliveries);
  performer.start();
  book.await("told");
  performer.stop();
}

TEST_F(PerformerTest, WhatWaitsForOthersHoldsNothingUp) {
  Deliveries deliveries;
  deliveries.slow["call"] = [&](const outbox::Message&) { book.await("removed"); };
  deliveries.outside["remove"] = [&](const outbox::Message&) { book.write("removed"); };
  for (int i = 0; i < 100; ++i) post("call", "task-" + std::to_string(i));
  Performer performer(parts, deliveries);
  store.on_outbox([&] { performer.wake(); });
  performer.start();
  post("remove", "blob");
  book.await("removed");
  while (!left().empty()) std::this_thread::yield();
  performer.stop();
}

TEST_F(PerformerTest, OneThatFailsLeavesTheOthersAlone) {
  Deliveries deliveries;
  deliveries.inside["tell"] = [&](Call& call, const outbox::Message& message) {
    outbox::post(call.txn, "told", message.key, {}, clock.now() + std::chrono::minutes(30));
    if (message.key == "bad") throw std::out_of_range("not what it should be");
  };
  for (const char* key : {"one", "bad", "two"}) post("tell", key);
  Performer performer(parts, deliveries);
  EXPECT_EQ(performer.run_due(), 3);
  std::vector<std::string> told;
  for (const auto& message : left()) {
    if (message.kind == "told") {
      told.push_back(message.key);
      continue;
    }
    EXPECT_EQ(message.key, "bad");
    EXPECT_EQ(message.failures, 1);
    EXPECT_GT(message.due, clock.now());
  }
  EXPECT_THAT(told, ElementsAre("one", "two"));
  EXPECT_THAT(left(), SizeIs(3));
}

}  // namespace
}  // namespace trainyard::server
