// What a durable engine cannot go below: the rows that a run of the daemon has left, written again
// by one thread with prepared statements and nothing else. Same tables and indexes, same settings
// of SQLite (WAL, synchronous FULL), the same rows in one commit.
//   bare-commit turns DAEMON.db NEW.db GROUP EVENTS     as many rows as GROUP executions' turns of
//                                                       EVENTS history events write, one commit
//                                                       each
//   bare-commit paced DAEMON.db NEW.db RATE SECONDS     one execution with all of its rows is asked
//                                                       for at a time, in a Poisson process; what
//                                                       waits is one commit
// Prints one line of JSON.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "arrivals.hpp"

namespace {

using Clock = std::chrono::steady_clock;

void check(int code, sqlite3* db) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw std::runtime_error(sqlite3_errmsg(db));
  }
}

struct Database {
  sqlite3* handle = nullptr;
  explicit Database(const char* file) { check(sqlite3_open(file, &handle), handle); }
  ~Database() { sqlite3_close(handle); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void execute(const std::string& sql) {
    check(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), handle);
  }
};

struct Statement {
  sqlite3* db;
  sqlite3_stmt* handle = nullptr;
  Statement(Database& database, const std::string& sql) : db(database.handle) {
    check(sqlite3_prepare_v3(db, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr), db);
  }
  ~Statement() { sqlite3_finalize(handle); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  bool step() {
    const int code = sqlite3_step(handle);
    check(code, db);
    return code == SQLITE_ROW;
  }
};

/// One column of a row, as SQLite keeps it.
struct Value {
  int type = SQLITE_NULL;
  int64_t integer = 0;
  double real = 0;
  std::string text;
};
using Row = std::vector<Value>;

Row row_of(sqlite3_stmt* at) {
  Row row(static_cast<std::size_t>(sqlite3_column_count(at)));
  for (int i = 0; i < static_cast<int>(row.size()); ++i) {
    Value& value = row[static_cast<std::size_t>(i)];
    value.type = sqlite3_column_type(at, i);
    value.integer = sqlite3_column_int64(at, i);
    value.real = sqlite3_column_double(at, i);
    const void* bytes = sqlite3_column_blob(at, i);
    if (bytes) {
      value.text.assign(static_cast<const char*>(bytes),
                        static_cast<std::size_t>(sqlite3_column_bytes(at, i)));
    }
  }
  return row;
}

void bind(sqlite3_stmt* statement, int at, const Value& value) {
  switch (value.type) {
    case SQLITE_INTEGER:
      sqlite3_bind_int64(statement, at, value.integer);
      break;
    case SQLITE_FLOAT:
      sqlite3_bind_double(statement, at, value.real);
      break;
    case SQLITE_NULL:
      sqlite3_bind_null(statement, at);
      break;
    default:
      sqlite3_bind_text64(statement, at, value.text.data(), value.text.size(), SQLITE_STATIC,
                          SQLITE_UTF8);
  }
}

void run(Statement& statement, const Row& row) {
  int at = 0;
  for (const Value& value : row) bind(statement.handle, ++at, value);
  statement.step();
  sqlite3_reset(statement.handle);
}

/// The rows of one table, and the statement that inserts one.
struct Table {
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::size_t column(const char* name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) throw std::runtime_error(std::string("no column ") + name);
    return static_cast<std::size_t>(found - columns.begin());
  }
};

Table read_table(Database& from, const std::string& name, const std::string& order) {
  Table table;
  Statement all(from, "SELECT * FROM " + name + " ORDER BY " + order);
  for (int i = 0; i < sqlite3_column_count(all.handle); ++i) {
    table.columns.emplace_back(sqlite3_column_name(all.handle, i));
  }
  while (all.step()) table.rows.push_back(row_of(all.handle));
  return table;
}

std::string insert_into(const std::string& name, const Table& table) {
  std::string sql = "INSERT INTO " + name + " VALUES (";
  for (std::size_t i = 0; i < table.columns.size(); ++i) sql += i == 0 ? "?" : ", ?";
  return sql + ")";
}

/// One execution as the daemon left it: its row, and each event with the payload that it brought.
struct Execution {
  Row row;
  struct Event {
    const Row* row = nullptr;
    const Row* payload = nullptr;
  };
  std::vector<Event> events;
};

struct Recording {
  Table executions, history, payloads;
  std::vector<Execution> list;
  std::size_t entered = 0;  // states

  explicit Recording(Database& from)
      : executions(read_table(from, "states_executions", "id")),
        history(read_table(from, "states_history", "execution, id")),
        payloads(read_table(from, "states_payloads", "execution")) {
    std::map<std::pair<int64_t, std::string>, const Row*> bodies;
    for (const Row& row : payloads.rows) {
      bodies[{row[payloads.column("execution")].integer, row[payloads.column("digest")].text}] =
          &row;
    }
    std::map<int64_t, std::size_t> places;
    for (const Row& row : executions.rows) {
      places[row[executions.column("id")].integer] = list.size();
      list.push_back({row, {}});
    }
    const std::size_t execution = history.column("execution"), type = history.column("type"),
                      digest = history.column("payload_digest");
    for (const Row& row : history.rows) {
      Execution::Event event{&row, nullptr};
      const auto body = bodies.find({row[execution].integer, row[digest].text});
      if (body != bodies.end()) {
        event.payload = body->second;
        bodies.erase(body);
      }
      list.at(places.at(row[execution].integer)).events.push_back(event);
      if (row[type].text.ends_with("StateEntered")) ++entered;
    }
  }
};

/// The new database: the daemon's tables, settings and statements.
class Writer {
 public:
  Writer(const char* file, Database& from, const Recording& recording) : db_(file) {
    db_.execute("PRAGMA cache_size=-8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    Statement tables(from,
                     "SELECT sql FROM sqlite_master WHERE name LIKE 'states_%' AND sql NOT NULL");
    while (tables.step()) {
      db_.execute(reinterpret_cast<const char*>(sqlite3_column_text(tables.handle, 0)));
    }
    execution_ = prepare(insert_into("states_executions", recording.executions));
    event_ = prepare(insert_into("states_history", recording.history));
    payload_ = prepare(insert_into("states_payloads", recording.payloads));
    moved_ = prepare("UPDATE states_executions SET snapshot = ? WHERE id = ?");
    id_ = recording.executions.column("id");
    snapshot_ = recording.executions.column("snapshot");
  }

  void begin() { db_.execute("BEGIN IMMEDIATE"); }
  void commit() { db_.execute("COMMIT"); }
  void insert(const Execution& execution) { run(*execution_, execution.row); }
  void append(const Execution::Event& event) {
    if (event.payload) run(*payload_, *event.payload);
    run(*event_, *event.row);
  }
  /// What every turn ends with.
  void move(const Execution& execution) {
    run(*moved_, {execution.row[snapshot_], execution.row[id_]});
  }

 private:
  std::unique_ptr<Statement> prepare(const std::string& sql) {
    return std::make_unique<Statement>(db_, sql);
  }

  Database db_;
  std::unique_ptr<Statement> execution_, event_, payload_, moved_;
  std::size_t id_ = 0, snapshot_ = 0;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void turns(Writer& writer, const Recording& recording, std::size_t group, std::size_t events) {
  std::size_t longest = 0;
  writer.begin();
  for (const Execution& execution : recording.list) {
    writer.insert(execution);
    longest = std::max(longest, execution.events.size());
  }
  writer.commit();
  const auto begin = Clock::now();
  const std::clock_t cpu = std::clock();
  std::size_t commits = 0;
  for (std::size_t done = 0; done < longest; done += events) {
    for (std::size_t first = 0; first < recording.list.size(); first += group, ++commits) {
      writer.begin();
      for (std::size_t i = first; i < std::min(first + group, recording.list.size()); ++i) {
        const Execution& execution = recording.list[i];
        const std::size_t end = std::min(done + events, execution.events.size());
        for (std::size_t at = done; at < end; ++at) writer.append(execution.events[at]);
        writer.move(execution);
      }
      writer.commit();
    }
  }
  std::printf(
      "{\"transitions\": %zu, \"commits\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
      recording.entered, commits, seconds_since(begin),
      static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
}

/// A copy of an execution's rows under a number of its own.
Execution renumbered(const Recording& recording, const Execution& from, int64_t number,
                     std::vector<Row>& rows) {
  const std::size_t id = recording.executions.column("id"),
                    arn = recording.executions.column("arn");
  Execution copy = from;
  copy.row[id].integer = number;
  copy.row[arn].text += "-" + std::to_string(number);
  rows.clear();
  rows.reserve(2 * from.events.size());  // the events point at them
  auto take = [&](const Row* row, const Table& table) -> const Row* {
    if (!row) return nullptr;
    rows.push_back(*row);
    rows.back()[table.column("execution")].integer = number;
    return &rows.back();
  };
  for (Execution::Event& event : copy.events) {
    event.row = take(event.row, recording.history);
    event.payload = take(event.payload, recording.payloads);
  }
  return copy;
}

/// Commits what has come in since the last commit, until told to stop.
class GroupCommit {
 public:
  GroupCommit(Writer& writer, const Recording& recording)
      : writer_(writer), recording_(recording), thread_([this] { loop(); }) {}

  void ask(Clock::time_point when) {
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(when);
    }
    changed_.notify_one();
  }
  /// Microseconds from being asked for to being durable, shortest first.
  std::vector<double> finish() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    std::sort(micros_.begin(), micros_.end());
    return micros_;
  }

 private:
  void loop() {
    for (;;) {
      std::vector<Clock::time_point> group;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        group.swap(waiting_);
      }
      writer_.begin();
      for (std::size_t i = 0; i < group.size(); ++i) write_one();
      writer_.commit();
      for (const auto when : group) micros_.push_back(seconds_since(when) * 1e6);
    }
  }

  void write_one() {
    const Execution& from =
        recording_.list[static_cast<std::size_t>(number_) % recording_.list.size()];
    const Execution execution = renumbered(recording_, from, ++number_, rows_);
    writer_.insert(execution);
    for (const Execution::Event& event : execution.events) writer_.append(event);
    writer_.move(execution);
  }

  Writer& writer_;
  const Recording& recording_;
  int64_t number_ = 0;
  std::vector<Row> rows_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Clock::time_point> waiting_;
  bool stopping_ = false;
  std::vector<double> micros_;
  std::thread thread_;
};

void paced(Writer& writer, const Recording& recording, double rate, double seconds) {
  GroupCommit commits(writer, recording);
  const auto begin = Clock::now();
  for (Arrivals arrivals(rate, begin);
       std::chrono::duration<double>(arrivals.next() - begin).count() < seconds; arrivals.pass()) {
    std::this_thread::sleep_until(arrivals.next());
    commits.ask(arrivals.next());
  }
  const std::vector<double> micros = commits.finish();
  if (micros.empty()) throw std::runtime_error("nothing was asked for");
  std::printf("{\"requests\": %zu, \"per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
              micros.size(), static_cast<double>(micros.size()) / seconds_since(begin),
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc != 6 || (mode != "turns" && mode != "paced")) {
    std::fprintf(stderr, "usage: bare-commit turns|paced DAEMON.db NEW.db NUMBER NUMBER\n");
    return 2;
  }
  try {
    Database from(argv[2]);
    const Recording recording(from);
    Writer writer(argv[3], from, recording);
    if (mode == "turns") {
      turns(writer, recording, std::strtoull(argv[4], nullptr, 10),
            std::strtoull(argv[5], nullptr, 10));
    } else {
      paced(writer, recording, std::strtod(argv[4], nullptr), std::strtod(argv[5], nullptr));
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare-commit: %s\n", error.what());
    return 1;
  }
}
