#include "store/store.hpp"

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

class SqliteTxn final : public Txn {
 public:
  SqliteTxn(Connection& connection, bool read_only)
      : connection_(connection), read_only_(read_only) {}

  bool read_only() const override { return read_only_; }
  void note_outbox() override { posted_ = true; }
  bool posted() const { return posted_; }

  void savepoint(const std::function<void()>& work) override {
    std::string name = "s" + std::to_string(++depth_);
    connection_.run("SAVEPOINT " + name, {}, nullptr);
    try {
      work();
    } catch (const StoreError&) {
      throw;  // the transaction may be gone already: whoever began it decides
    } catch (...) {
      connection_.run("ROLLBACK TO " + name, {}, nullptr);
      connection_.run("RELEASE " + name, {}, nullptr);
      --depth_;
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
  bool read_only_;
  bool posted_ = false;
  int depth_ = 0;
};

/// Thrown to undo a first run that was only made to prove that a second gives the same.
struct Rerun {};

void migrate(Connection& connection, std::span<const Migration> migrations) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS migrations(component TEXT PRIMARY KEY, version INTEGER)");
  SqliteTxn txn(connection, false);
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
  /// it after the commit, as everyone does.
  void commit_group(const std::vector<Job*>& group) {
    std::vector<std::exception_ptr> outcomes(group.size());
    bool posted = false;
    try {
      writer->execute("BEGIN IMMEDIATE");
      for (std::size_t i = 0; i < group.size(); ++i) {
        SqliteTxn txn(*writer, false);
        try {
          if (rerun) run_and_undo(txn, group[i]->work);
          txn.savepoint([&] { group[i]->work(txn); });
          posted = posted || txn.posted();
        } catch (const StoreError&) {
          throw;
        } catch (...) {
          outcomes[i] = std::current_exception();
        }
      }
      crash_point("store.commit");
      writer->execute("COMMIT");
      crash_point("store.committed");
    } catch (...) {
      auto fault = std::current_exception();
      abandon();
      outcomes.assign(group.size(), fault);
      posted = false;
    }
    if (posted && wake) wake();
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

  void give_back(std::unique_ptr<Connection> reader) {
    std::lock_guard lock(readers_mutex);
    if (readers.size() < kIdleReadersMax) readers.push_back(std::move(reader));
  }
};

Store::Store(fs::path dir, std::span<const Migration> migrations)
    : impl_(std::make_unique<Impl>()) {
  impl_->dir = std::move(dir);
  impl_->file = impl_->dir / "trainyard.db";
  impl_->writer = std::make_unique<Connection>(impl_->file, false);
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
  auto reader = impl_->take_reader();
  reader->run("BEGIN", {}, nullptr);
  try {
    SqliteTxn txn(*reader, true);
    work(txn);
  } catch (...) {
    reader->run("ROLLBACK", {}, nullptr);
    impl_->give_back(std::move(reader));
    throw;
  }
  reader->run("COMMIT", {}, nullptr);
  impl_->give_back(std::move(reader));
}

}  // namespace trainyard
