// One SQLite connection with its prepared statements. Internal to the store.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "store/txn.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace trainyard {

class Connection {
 public:
  Connection(const fs::path& file, bool read_only);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Statements without parameters or rows; several may stand in one text.
  void execute(const std::string& sql);
  int64_t run(std::string_view sql, const std::vector<Param>& params,
              const std::function<bool(const Row&)>& visit);
  bool in_transaction() const;

 private:
  sqlite3_stmt* prepare(std::string_view sql);
  [[noreturn]] void fail(std::string_view what);

  fs::path file_;
  sqlite3* db_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace trainyard
