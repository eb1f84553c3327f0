// The outbox: what a transaction wants done after it, now or at a later time. Timers are messages
// with a future due time. The server's performer takes messages in order of (due, id) and hands
// each to the delivery of its kind; a delivery inside a transaction removes its message in that
// same transaction (exactly once); one that acts on the world removes it afterwards (at least once,
// so the receiver must recognise a repeat by the message's key).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "store/store.hpp"

namespace trainyard::outbox {

struct Message {
  int64_t id = 0;
  std::string kind;     // names the delivery: "states.task.call", "compute.submit"
  std::string key;      // groups messages of one owner, so that they can be cancelled
  json::object payload;
  Time due;
  int failures = 0;
};

/// Posts a message, due at `due`.
void post(Txn& txn, std::string_view kind, std::string_view key, const json::object& payload,
          Time due);
/// Removes messages that were not performed yet; returns how many.
int64_t cancel(Txn& txn, std::string_view kind, std::string_view key);

/// Up to `limit` messages due at `now`, oldest first: of every kind, or of one.
std::vector<Message> due(Txn& txn, Time now, int limit);
std::vector<Message> due(Txn& txn, Time now, int limit, std::string_view kind);
/// When the next one after `now` is due.
std::optional<Time> next_due(Txn& txn, Time now);
/// False when it is gone (cancelled, or performed before a crash took the news).
bool remove(Txn& txn, int64_t id);
/// Puts a failed message off until `due` and counts the failure.
void defer(Txn& txn, int64_t id, Time due);

extern const Migration kMigrations[2];

}  // namespace trainyard::outbox
