#include "store/outbox.hpp"

namespace trainyard::outbox {

// Constant from the start: other files collect it into tables of theirs.
constinit const Migration kMigrations[2] = {
    {"outbox", 1, R"sql(
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  payload TEXT NOT NULL,
  due INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox(due, id);
CREATE INDEX outbox_key ON outbox(kind, key);
)sql"},
    {"outbox", 2, "CREATE INDEX outbox_kind_due ON outbox(kind, due, id)"}};

namespace {

Message message_of(const Row& row) {
  Message message;
  message.id = row.integer(0);
  message.kind = row.text(1);
  message.key = row.text(2);
  message.payload = parse_own_json(row.text(3)).as_object();
  message.due = row.time(4);
  message.failures = static_cast<int>(row.integer(5));
  return message;
}

}  // namespace

void post(Txn& txn, std::string_view kind, std::string_view key, const json::object& payload,
          Time due) {
  txn.exec("INSERT INTO outbox(kind, key, payload, due) VALUES (?, ?, ?, ?)", kind, key,
           dump(payload), due);
  txn.note_outbox();
}

int64_t cancel(Txn& txn, std::string_view kind, std::string_view key) {
  return txn.exec("DELETE FROM outbox WHERE kind = ? AND key = ?", kind, key);
}

std::vector<Message> due(Txn& txn, Time now, int limit) {
  std::vector<Message> messages;
  txn.each(
      "SELECT id, kind, key, payload, due, failures FROM outbox WHERE due <= ? "
      "ORDER BY due, id LIMIT ?",
      [&](const Row& row) { messages.push_back(message_of(row)); }, now, limit);
  return messages;
}

std::vector<Message> due(Txn& txn, Time now, int limit, std::string_view kind) {
  std::vector<Message> messages;
  txn.each(
      "SELECT id, kind, key, payload, due, failures FROM outbox WHERE kind = ? AND due <= ? "
      "ORDER BY due, id LIMIT ?",
      [&](const Row& row) { messages.push_back(message_of(row)); }, kind, now, limit);
  return messages;
}

std::optional<Time> next_due(Txn& txn, Time now) {
  return txn.one("SELECT due FROM outbox WHERE due > ? ORDER BY due LIMIT 1",
                 [](const Row& row) { return row.time(0); }, now);
}

bool remove(Txn& txn, int64_t id) {
  return txn.exec("DELETE FROM outbox WHERE id = ?", id) > 0;
}

void defer(Txn& txn, int64_t id, Time due) {
  txn.exec("UPDATE outbox SET due = ?, failures = failures + 1 WHERE id = ?", due, id);
}

}  // namespace trainyard::outbox
