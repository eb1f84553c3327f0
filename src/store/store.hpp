// One SQLite database (WAL, synchronous FULL), one writer thread that commits requests in groups,
// and read-only snapshots for any thread. Knows nothing of the services above.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/files.hpp"
#include "store/notices.hpp"
#include "store/txn.hpp"

namespace trainyard {

/// One forward step of one component's tables. Versions count from 1 without gaps; a step, once
/// released, never changes.
struct Migration {
  std::string_view component;  // "states"
  int version;
  std::string_view sql;
};

/// What a commit outlives.
enum class Durability {
  of_machine,  // the loss of power: every group of commits is one fsync
  of_process,  // the end of the process only: for tests that make very many commits
};

class Store {
 public:
  /// Opens or creates DIR/trainyard.db and brings every component up to date. SystemError when the
  /// folder is not writable, the disk is full, or the data is newer than this program.
  Store(fs::path dir, std::span<const Migration> migrations,
        Durability durability = Durability::of_machine);
  ~Store();  // finishes what is queued
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Runs `work` on the writer thread inside a savepoint and waits for the group's fsync. What it
  /// throws undoes its own changes only and is rethrown here. `work` may run more than once and so
  /// must have no effect but through its Txn. Crash points: store.commit, store.committed.
  template <class Work>
  auto write(Work work) -> decltype(work(std::declval<Txn&>())) {
    using Result = decltype(work(std::declval<Txn&>()));
    if constexpr (std::is_void_v<Result>) {
      run_write([&](Txn& txn) { work(txn); });
    } else {
      std::optional<Result> result;
      run_write([&](Txn& txn) { result.emplace(work(txn)); });
      return std::move(*result);
    }
  }

  /// Runs `work` on the calling thread against a consistent snapshot of what is committed.
  template <class Work>
  auto read(Work work) -> decltype(work(std::declval<Txn&>())) {
    using Result = decltype(work(std::declval<Txn&>()));
    if constexpr (std::is_void_v<Result>) {
      run_read([&](Txn& txn) { work(txn); });
    } else {
      std::optional<Result> result;
      run_read([&](Txn& txn) { result.emplace(work(txn)); });
      return std::move(*result);
    }
  }

  /// Who waits for what transactions tell.
  Notices& notices();
  /// Called after each commit, on the writer thread: wake and return.
  void on_commit(std::function<void()> committed);
  /// Called after each commit that posted to the outbox, on the writer thread: wake and return.
  void on_outbox(std::function<void()> wake);

  /// Tests: run every write twice, undoing the first time (handlers must be re-runnable).
  void set_rerun_writes(bool rerun);

  const fs::path& dir() const;

 private:
  void run_write(const std::function<void(Txn&)>& work);
  void run_read(const std::function<void(Txn&)>& work);

  struct Impl;
  class ReadTxn;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard
