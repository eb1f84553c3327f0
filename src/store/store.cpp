#include "store/store.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>

#include "base/log.hpp"
#include "base/points.hpp"
#include "store/sqlite.hpp"

namespace trainyard {
namespace {

/// How many requests one commit carries at most.
constexpr std::size_t kGroupMax = 256;
constexpr std::size_t kIdleReadersMax = 8;

class SqliteTxn : public Txn {
 public:
  explicit SqliteTxn(Connection& connection) : connection_(connection) {}

  bool read_only() const override { return false; }
  uint64_t version() const override { return 0; }
  void note_outbox() override { posted_ = true; }
  bool posted() const { return posted_; }
  void tell(std::string_view topic) override { told_.emplace_back(topic); }
  const std::vector<std::string>& told() const { return told_; }

  void savepoint(const std::function<void()>& work) override {
    std::string name = "s" + std::to_string(++depth_);
    const std::size_t told = told_.size();
    connection_.run("SAVEPOINT " + name, {}, nullptr);
    try {
      work();
    } catch (const StoreError&) {
      throw;  // the transaction may be gone already: whoever began it decides
    } catch (...) {
      connection_.run("ROLLBACK TO " + name, {}, nullptr);
      connection_.run("RELEASE " + name, {}, nullptr);
      --depth_;
      told_.resize(told);
      throw;
    }
    connection_.run("RELEASE " + name, {}, nullptr);
    --depth_;
  }

 protected:
  int64_t run(std::string_view sql, std::vector<Param> params,
              const std::function<bool(const Row&)>& visit) override {
    return connection_.run(sql, params, visit);
  }

 private:
  Connection& connection_;
  bool posted_ = false;
  std::vector<std::string> told_;
  int depth_ = 0;
};

/// No two states of stores have the same (tests open several stores in one process).
uint64_t next_version() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

/// Thrown to undo a first run that was only made to prove that a second gives the same.
struct Rerun {};

void migrate(Connection& connection, std::span<const Migration> migrations) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS migrations(component TEXT PRIMARY KEY, version INTEGER)");
  SqliteTxn txn(connection);
  std::map<std::string, int64_t> newest;
  for (const Migration& step : migrations) {
    auto& version = newest[std::string(step.component)];
    TRAINYARD_ASSERT(step.version == version + 1);
    version = step.version;
    int64_t have = txn.one("SELECT version FROM migrations WHERE component = ?",
                           [](const Row& row) { return row.integer(0); }, step.component)
                       .value_or(0);
    if (have >= step.version) continue;
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(std::string(step.sql));
    txn.exec("INSERT INTO migrations(component, version) VALUES (?, ?) "
             "ON CONFLICT(component) DO UPDATE SET version = excluded.version",
             step.component, step.version);
    connection.execute("COMMIT");
  }
  txn.each("SELECT component, version FROM migrations", [&](const Row& row) {
    auto known = newest.find(row.text(0));
    if (known == newest.end() || known->second < row.integer(1)) {
      throw SystemError("the data were written by a newer version of this program (" +
                        row.text(0) + " " + std::to_string(row.integer(1)) + ")");
    }
  });
}

}  // namespace

struct Store::Impl {
  struct Job {
    const std::function<void(Txn&)>& work;
    std::promise<void> done;
  };

  fs::path dir;
  fs::path file;
  std::unique_ptr<Connection> writer;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job*> queue;
  bool stopping = false;
  bool rerun = false;
  std::function<void()> wake;
  std::function<void()> committed;
  Notices notices;
  std::atomic<uint64_t> version{next_version()};  // 0 while a commit is under way
  std::thread thread;
  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Connection>> readers;

  void loop() {
    std::vector<Job*> group;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopping || !queue.empty(); });
        if (queue.empty()) return;
        while (!queue.empty() && group.size() < kGroupMax) {
          group.push_back(queue.front());
          queue.pop_front();
        }
      }
      commit_group(group);
      group.clear();
    }
  }

  /// One transaction, one fsync, for all. A job that throws loses only its own changes and hears of
  /// it after the commit, as everyone does. One that is alone needs no savepoint: SQLite writes
  /// every page that a savepoint may have to bring back to a temporary file first.
  void commit_group(const std::vector<Job*>& group) {
    std::vector<std::exception_ptr> outcomes(group.size());
    bool posted = false, stored = false;
    std::vector<std::string> told;
    try {
      writer->execute("BEGIN IMMEDIATE");
      for (std::size_t i = 0; i < group.size(); ++i) {
        SqliteTxn txn(*writer);
        try {
          if (rerun) run_and_undo(txn, group[i]->work);
          if (group.size() == 1) {
            group[i]->work(txn);
          } else {
            txn.savepoint([&] { group[i]->work(txn); });
          }
          posted = posted || txn.posted();
          told.insert(told.end(), txn.told().begin(), txn.told().end());
        } catch (const StoreError&) {
          throw;
        } catch (...) {
          outcomes[i] = std::current_exception();
        }
      }
      if (group.size() == 1 && outcomes[0]) {
        abandon();
        group[0]->done.set_exception(outcomes[0]);
        return;
      }
      crash_point("store.commit");
      version = 0;
      writer->execute("COMMIT");
      stored = true;
      crash_point("store.committed");
    } catch (...) {
      auto fault = std::current_exception();
      abandon();
      outcomes.assign(group.size(), fault);
      posted = false;
      told.clear();
    }
    version = next_version();
    if (stored && committed) committed();
    if (posted && wake) wake();
    for (const std::string& topic : told) notices.tell(topic);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (outcomes[i]) {
        group[i]->done.set_exception(outcomes[i]);
      } else {
        group[i]->done.set_value();
      }
    }
  }

  void run_and_undo(SqliteTxn& txn, const std::function<void(Txn&)>& work) {
    try {
      txn.savepoint([&] {
        work(txn);
        throw Rerun();
      });
    } catch (const Rerun&) {
    } catch (const StoreError&) {
      throw;
    } catch (...) {  // the second run throws it again, for the caller
    }
  }

  void abandon() {
    try {
      if (writer->in_transaction()) writer->execute("ROLLBACK");
    } catch (const std::exception& error) {
      log_error("store: {}", error.what());
    }
  }

  std::unique_ptr<Connection> begin_read() {
    auto reader = take_reader();
    reader->run("BEGIN", {}, nullptr);
    return reader;
  }

  /// A connection that cannot end its transaction is closed, which ends it.
  void end_read(std::unique_ptr<Connection> reader) {
    try {
      reader->run("COMMIT", {}, nullptr);
      std::lock_guard lock(readers_mutex);
      if (readers.size() < kIdleReadersMax) readers.push_back(std::move(reader));
    } catch (const std::exception& error) {
      log_error("store: {}", error.what());
    }
  }

  std::unique_ptr<Connection> take_reader() {
    {
      std::lock_guard lock(readers_mutex);
      if (!readers.empty()) {
        auto reader = std::move(readers.back());
        readers.pop_back();
        return reader;
      }
    }
    return std::make_unique<Connection>(file, true);
  }
};

/// Takes a connection for its first statement only: a read whose answers are remembered needs none.
class Store::ReadTxn final : public Txn {
 public:
  explicit ReadTxn(Impl& store) : store_(store), version_(store.version) {}
  ~ReadTxn() override {
    if (reader_) store_.end_read(std::move(reader_));
  }

  bool read_only() const override { return true; }
  uint64_t version() const override { return store_.version == version_ ? version_ : 0; }
  void note_outbox() override { TRAINYARD_ASSERT(false); }
  void tell(std::string_view) override { TRAINYARD_ASSERT(false); }
  void savepoint(const std::function<void()>& work) override { work(); }  // nothing to undo

 protected:
  int64_t run(std::string_view sql, std::vector<Param> params,
              const std::function<bool(const Row&)>& visit) override {
    if (!reader_) reader_ = store_.begin_read();
    return reader_->run(sql, params, visit);
  }

 private:
  Impl& store_;
  const uint64_t version_;  // read before the snapshot is taken
  std::unique_ptr<Connection> reader_;
};

Store::Store(fs::path dir, std::span<const Migration> migrations, Durability durability)
    : impl_(std::make_unique<Impl>()) {
  impl_->dir = std::move(dir);
  impl_->file = impl_->dir / "trainyard.db";
  impl_->writer = std::make_unique<Connection>(impl_->file, false);
  if (durability == Durability::of_process) impl_->writer->execute("PRAGMA synchronous=OFF");
  fs::permissions(impl_->file, fs::perms::owner_read | fs::perms::owner_write);
  migrate(*impl_->writer, migrations);
  impl_->thread = std::thread([impl = impl_.get()] { impl->loop(); });
}

Store::~Store() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

Notices& Store::notices() { return impl_->notices; }
void Store::on_commit(std::function<void()> committed) {
  impl_->committed = std::move(committed);
}
void Store::on_outbox(std::function<void()> wake) { impl_->wake = std::move(wake); }
void Store::set_rerun_writes(bool rerun) { impl_->rerun = rerun; }
const fs::path& Store::dir() const { return impl_->dir; }

void Store::run_write(const std::function<void(Txn&)>& work) {
  TRAINYARD_ASSERT(std::this_thread::get_id() != impl_->thread.get_id());
  Impl::Job job{work, {}};
  auto done = job.done.get_future();
  {
    std::lock_guard lock(impl_->mutex);
    TRAINYARD_ASSERT(!impl_->stopping);
    impl_->queue.push_back(&job);
  }
  impl_->changed.notify_one();
  done.get();
}

void Store::run_read(const std::function<void(Txn&)>& work) {
  ReadTxn txn(*impl_);
  work(txn);
}

}  // namespace trainyard
