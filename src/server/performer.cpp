#include "server/performer.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/points.hpp"

namespace trainyard::server {
namespace {

constexpr int kOutsideThreads = 4;
/// As many calls of workflows wait for answers at a time; further ones wait for a thread.
constexpr int kSlowThreads = 64;
/// So many of one kind are looked at for those that can be handed out now.
constexpr int kOutsideLookahead = 256;
constexpr std::chrono::milliseconds kIdleWait{1'000};

std::chrono::milliseconds retry_delay(int failures) {
  auto delay = std::chrono::seconds(1LL << std::min(failures, 10));
  return std::min<std::chrono::seconds>(delay, kRetryDelayMax);
}

}  // namespace

struct Performer::Impl {
  Parts parts;
  Deliveries deliveries;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool woken = false;
  std::set<std::string> busy;  // keys of which an outside thread has a message
  /// Messages that act on the world, for the threads that perform them.
  struct Lane {
    const Deliveries::Outside& kinds;
    int thread_count;
    std::deque<outbox::Message> waiting = {};
  };
  Lane lanes[2];
  std::vector<std::thread> threads;

  Impl(const Parts& p, Deliveries d)
      : parts(p),
        deliveries(std::move(d)),
        lanes{{deliveries.outside, kOutsideThreads}, {deliveries.slow, kSlowThreads}} {}

  void defer(const outbox::Message& message, const char* why) {
    log_warning("delivery {} of {} failed ({}), will be tried again", message.kind, message.key,
                why);
    parts.store.write([&](Txn& txn) {
      outbox::defer(txn, message.id, parts.clock.now() + retry_delay(message.failures));
    });
  }

  void deliver_one(Txn& txn, const Caller& caller, const outbox::Message& message) {
    if (!outbox::remove(txn, message.id)) return;
    Call call = make_call(parts, txn, caller);
    deliveries.inside.find(message.kind)->second(call, message);
  }

  /// Delivers messages whose effect is in the store: effect and removal commit together. When one
  /// fails nothing of this is left, and false is returned.
  bool deliver_together(const std::vector<outbox::Message>& messages) {
    try {
      parts.store.write([&](Txn& txn) {
        Caller caller = own_caller(parts.site);
        for (const auto& message : messages) deliver_one(txn, caller, message);
      });
      return true;
    } catch (const StoreError&) {
      throw;
    } catch (const std::exception&) {
      return false;
    }
  }

  /// Each with a savepoint of its own, which costs more than it is worth where none fails.
  void deliver_apart(const std::vector<outbox::Message>& messages) {
    std::vector<std::pair<const outbox::Message*, std::string>> failed;
    parts.store.write([&](Txn& txn) {
      failed.clear();  // the work may run again
      Caller caller = own_caller(parts.site);
      for (const auto& message : messages) {
        try {
          txn.savepoint([&] { deliver_one(txn, caller, message); });
        } catch (const ApiError& error) {
          failed.emplace_back(&message, error.code() + ": " + error.message());
        } catch (const StoreError&) {
          throw;  // nothing of this transaction is left
        } catch (const std::exception& error) {
          failed.emplace_back(&message, error.what());
        }
      }
    });
    for (const auto& [message, why] : failed) defer(*message, why.c_str());
  }

  void deliver_inside(const std::vector<outbox::Message>& messages) {
    for (const auto& message : messages) crash_point(("perform." + message.kind).c_str());
    if (!deliver_together(messages)) deliver_apart(messages);
  }

  /// Performs one message that acts on the world, then removes it. A crash between the two repeats
  /// it: executors recognise an attempt by its id.
  void perform_outside(const Lane& lane, const outbox::Message& message) {
    crash_point(("perform." + message.kind).c_str());
    try {
      lane.kinds.find(message.kind)->second(message);
    } catch (const std::exception& error) {
      defer(message, error.what());
      return;
    }
    crash_point(("performed." + message.kind).c_str());
    parts.store.write([&](Txn& txn) { outbox::remove(txn, message.id); });
  }

  /// What is due of `kinds`, oldest first. Each kind is asked for by itself, so that no backlog of
  /// one hides another.
  template <class Kinds>
  std::vector<outbox::Message> due(const Kinds& kinds, Time now, int limit) {
    std::vector<outbox::Message> messages;
    parts.store.read([&](Txn& txn) {
      messages.clear();
      for (const auto& [kind, delivery] : kinds) {
        std::ranges::move(outbox::due(txn, now, limit, kind), std::back_inserter(messages));
      }
    });
    std::ranges::sort(messages, {}, [](const auto& one) { return std::pair(one.due, one.id); });
    return messages;
  }

  std::set<std::string> keys_under_way() {
    std::lock_guard lock(mutex);
    return busy;
  }

  /// Messages of which no other of their key is under way; they count as under way from here on.
  /// What one key wants done is done in its order: a start before its stop.
  std::vector<outbox::Message> take_outside(const Lane& lane, Time now) {
    // Copied before the messages are read: one that is performed meanwhile may still be among them.
    std::set<std::string> before = keys_under_way();
    std::vector<outbox::Message> messages = due(lane.kinds, now, kOutsideLookahead);
    std::erase_if(messages, [&](const auto& one) { return !before.insert(one.key).second; });
    std::lock_guard lock(mutex);
    for (const auto& message : messages) busy.insert(message.key);
    return messages;
  }

  void release(const outbox::Message& message) {
    std::lock_guard lock(mutex);
    busy.erase(message.key);
    woken = true;  // the next of its key may wait
    changed.notify_all();
  }

  /// Hands out what is due in a lane, or performs it here; returns how many messages there were.
  int hand_out(Lane& lane, Time now, bool here) {
    std::vector<outbox::Message> out = take_outside(lane, now);
    const int count = static_cast<int>(out.size());
    if (here) {
      for (const auto& message : out) {
        perform_outside(lane, message);
        release(message);
      }
    } else if (count > 0) {
      std::lock_guard lock(mutex);
      std::ranges::move(out, std::back_inserter(lane.waiting));
      changed.notify_all();
    }
    return count;
  }

  /// Delivers what is due inside and hands the rest out, or performs it here; returns how many
  /// messages there were.
  int turn(Time now, bool outside_here) {
    int count = 0;
    for (Lane& lane : lanes) count += hand_out(lane, now, outside_here);
    std::vector<outbox::Message> in = due(deliveries.inside, now, kDeliveriesPerTurn);
    if (in.size() > kDeliveriesPerTurn) in.resize(kDeliveriesPerTurn);
    if (!in.empty()) deliver_inside(in);
    return count + static_cast<int>(in.size());
  }

  void inside_loop() {
    for (;;) {
      Time now = parts.clock.now();
      try {
        if (turn(now, false) > 0) continue_soon();
      } catch (const std::exception& error) {
        log_error("outbox: {}", error.what());
      }
      if (!wait_after(now)) return;
    }
  }

  void continue_soon() {
    std::lock_guard lock(mutex);
    woken = true;
  }

  /// Until something is due or posted; false when stopping. What was due at `now` already has been
  /// delivered, put off or handed out, or waits for one of its key, whose end wakes this.
  bool wait_after(Time now) {
    std::chrono::milliseconds wait = kIdleWait;
    {
      std::lock_guard lock(mutex);
      if (stopping) return false;
      if (woken) {
        woken = false;
        return true;
      }
    }
    try {
      auto next = parts.store.read([&](Txn& txn) { return outbox::next_due(txn, now); });
      if (next) {
        wait = std::clamp(*next - parts.clock.now(), std::chrono::milliseconds(1), kIdleWait);
      }
    } catch (const std::exception& error) {
      log_error("outbox: {}", error.what());
    }
    std::unique_lock lock(mutex);
    changed.wait_for(lock, wait, [&] { return stopping || woken; });
    woken = false;
    return !stopping;
  }

  void outside_loop(Lane& lane) {
    for (;;) {
      outbox::Message message;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopping || !lane.waiting.empty(); });
        if (stopping) return;
        message = std::move(lane.waiting.front());
        lane.waiting.pop_front();
      }
      try {
        perform_outside(lane, message);
      } catch (const std::exception& error) {
        log_error("outbox {}: {}", message.kind, error.what());
      }
      release(message);
    }
  }
};

Performer::Performer(const Parts& parts, Deliveries deliveries)
    : impl_(std::make_unique<Impl>(parts, std::move(deliveries))) {}

Performer::~Performer() { stop(); }

void Performer::start() {
  impl_->threads.emplace_back([this] { impl_->inside_loop(); });
  for (Impl::Lane& lane : impl_->lanes) {
    for (int i = 0; i < lane.thread_count && !lane.kinds.empty(); ++i) {
      impl_->threads.emplace_back([this, &lane] { impl_->outside_loop(lane); });
    }
  }
}

void Performer::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

void Performer::wake() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->woken = true;
  }
  impl_->changed.notify_all();
}

int Performer::run_due() {
  int total = 0;
  while (int performed = impl_->turn(impl_->parts.clock.now(), true)) total += performed;
  return total;
}

}  // namespace trainyard::server
