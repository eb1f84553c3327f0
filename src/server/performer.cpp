#include "server/performer.hpp"

#include <condition_variable>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/points.hpp"
#include "server/deliveries.hpp"

namespace trainyard::server {
namespace {

constexpr int kOutsideThreads = 4;
constexpr std::chrono::milliseconds kIdleWait{1'000};

std::chrono::milliseconds retry_delay(int failures) {
  auto delay = std::chrono::seconds(1LL << std::min(failures, 10));
  return std::min<std::chrono::seconds>(delay, kRetryDelayMax);
}

}  // namespace

struct Performer::Impl {
  Parts parts;
  AgentDoor& agents;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool woken = false;
  std::set<int64_t> in_flight;             // messages that an outside thread has
  std::vector<outbox::Message> outside;    // queue of the outside threads
  std::vector<std::thread> threads;

  Impl(const Parts& p, AgentDoor& a) : parts(p), agents(a) {}

  void defer(const outbox::Message& message, const char* why) {
    log_warning("delivery {} of {} failed ({}), will be tried again", message.kind, message.key,
                why);
    parts.store.write([&](Txn& txn) {
      outbox::defer(txn, message.id, parts.clock.now() + retry_delay(message.failures));
    });
  }

  /// Delivers messages whose effect is in the store: effect and removal commit together. Each has a
  /// savepoint of its own, so that one that fails leaves the others alone.
  void deliver_inside(const std::vector<outbox::Message>& messages) {
    for (const auto& message : messages) crash_point(("perform." + message.kind).c_str());
    std::vector<std::pair<const outbox::Message*, std::string>> failed;
    parts.store.write([&](Txn& txn) {
      failed.clear();  // the work may run again
      Caller caller = own_caller(parts.site);
      for (const auto& message : messages) {
        try {
          txn.savepoint([&] {
            if (!outbox::remove(txn, message.id)) return;
            Call call = make_call(parts, txn, caller);
            inside_delivery(message.kind)(call, message);
          });
        } catch (const ApiError& error) {
          failed.emplace_back(&message, error.code() + ": " + error.message());
        } catch (const StoreError&) {
          throw;  // nothing of this transaction is left
        } catch (const SystemError& error) {
          failed.emplace_back(&message, error.what());
        }
      }
    });
    for (const auto& [message, why] : failed) defer(*message, why.c_str());
  }

  /// Performs one message that acts on the world, then removes it. A crash between the two repeats
  /// it: executors recognise an attempt by its id.
  void perform_outside(const outbox::Message& message) {
    crash_point(("perform." + message.kind).c_str());
    try {
      outside_delivery(message.kind)(parts, agents, message);
    } catch (const std::exception& error) {
      defer(message, error.what());
      return;
    }
    crash_point(("performed." + message.kind).c_str());
    parts.store.write([&](Txn& txn) { outbox::remove(txn, message.id); });
  }

  std::vector<outbox::Message> take_due() {
    auto messages = parts.store.read(
        [&](Txn& txn) { return outbox::due(txn, parts.clock.now(), kDeliveriesPerTurn * 4); });
    std::lock_guard lock(mutex);
    std::erase_if(messages, [&](const auto& message) { return in_flight.contains(message.id); });
    return messages;
  }

  /// Splits what is due; returns how many messages there were.
  int turn(bool outside_here) {
    auto messages = take_due();
    std::vector<outbox::Message> inside;
    for (auto& message : messages) {
      if (is_inside(message.kind)) {
        if (inside.size() < kDeliveriesPerTurn) inside.push_back(message);
      } else if (outside_here) {
        perform_outside(message);
      } else {
        std::lock_guard lock(mutex);
        in_flight.insert(message.id);
        outside.push_back(message);
      }
    }
    if (!outside_here) changed.notify_all();
    if (!inside.empty()) deliver_inside(inside);
    return static_cast<int>(messages.size());
  }

  void inside_loop() {
    for (;;) {
      try {
        if (turn(false) > 0) continue_soon();
      } catch (const std::exception& error) {
        log_error("outbox: {}", error.what());
      }
      if (!wait_for_due()) return;
    }
  }

  void continue_soon() {
    std::lock_guard lock(mutex);
    woken = true;
  }

  /// Until something is due or posted; false when stopping.
  bool wait_for_due() {
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
      auto next = parts.store.read([](Txn& txn) { return outbox::next_due(txn); });
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

  void outside_loop() {
    for (;;) {
      outbox::Message message;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopping || !outside.empty(); });
        if (stopping) return;
        message = outside.front();
        outside.erase(outside.begin());
      }
      try {
        perform_outside(message);
      } catch (const std::exception& error) {
        log_error("outbox {}: {}", message.kind, error.what());
      }
      std::lock_guard lock(mutex);
      in_flight.erase(message.id);
    }
  }
};

Performer::Performer(const Parts& parts, AgentDoor& agents)
    : impl_(std::make_unique<Impl>(parts, agents)) {}

Performer::~Performer() { stop(); }

void Performer::start() {
  impl_->threads.emplace_back([this] { impl_->inside_loop(); });
  for (int i = 0; i < kOutsideThreads; ++i) {
    impl_->threads.emplace_back([this] { impl_->outside_loop(); });
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
  while (int performed = impl_->turn(true)) total += performed;
  return total;
}

}  // namespace trainyard::server
