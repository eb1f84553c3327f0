#include "store/sqlite.hpp"

#include <cstring>

#include <sqlite3.h>

namespace trainyard {
namespace {

/// The page caches of a connection that reads and of the one that writes, in KiB: the daemon stays
/// small, the kernel caches the rest. What a commit has changed beyond that is written twice.
constexpr int kCacheKib = 2048;
constexpr int kWriterCacheKib = 8192;
constexpr int kBusyTimeoutMs = 10'000;

/// Of all connections, before the first: memory is counted by a lock around each allocation.
void configure() {
  static const bool done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
  TRAINYARD_ASSERT(done);
}

void bind(sqlite3_stmt* statement, int index, const Param& param) {
  if (std::holds_alternative<std::nullptr_t>(param)) {
    sqlite3_bind_null(statement, index);
  } else if (const auto* integer = std::get_if<int64_t>(&param)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* real = std::get_if<double>(&param)) {
    sqlite3_bind_double(statement, index, *real);
  } else {
    const auto& text = std::get<std::string_view>(param);
    sqlite3_bind_text64(statement, index, text.data() ? text.data() : "", text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  }
}

/// A statement goes back to its cache clean, whatever the visitor throws.
class Lease {
 public:
  explicit Lease(sqlite3_stmt* statement) : statement_(statement) {}
  ~Lease() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

sqlite3_stmt* as_statement(void* statement) { return static_cast<sqlite3_stmt*>(statement); }

}  // namespace

bool Row::is_null(int column) const {
  return sqlite3_column_type(as_statement(statement_), column) == SQLITE_NULL;
}
int64_t Row::integer(int column) const {
  return sqlite3_column_int64(as_statement(statement_), column);
}
double Row::real(int column) const {
  return sqlite3_column_double(as_statement(statement_), column);
}
std::string Row::text(int column) const {
  const auto* data =
      static_cast<const char*>(sqlite3_column_blob(as_statement(statement_), column));
  int size = sqlite3_column_bytes(as_statement(statement_), column);
  return data ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

Connection::Connection(const fs::path& file, bool read_only) : file_(file) {
  configure();
  int flags = SQLITE_OPEN_NOMUTEX |
              (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (sqlite3_open_v2(file.c_str(), &db_, flags, nullptr) != SQLITE_OK) fail("cannot open");
  sqlite3_busy_timeout(db_, kBusyTimeoutMs);
  execute("PRAGMA cache_size=-" + std::to_string(read_only ? kCacheKib : kWriterCacheKib));
  if (read_only) {
    execute("PRAGMA query_only=1");
  } else {
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA foreign_keys=ON");
  }
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

void Connection::fail(std::string_view what) {
  std::string reason = db_ ? sqlite3_errmsg(db_) : "out of memory";
  // The system's own word ("Read-only file system") says more than "unable to open".
  int system = db_ ? sqlite3_system_errno(db_) : 0;
  int code = db_ ? sqlite3_errcode(db_) & 0xff : SQLITE_NOMEM;
  if (system != 0 && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR)) {
    reason += std::string(" (") + std::strerror(system) + ")";
  }
  std::string text = std::string(what) + " " + file_.string() + ": " + reason;
  // These undo one statement; the transaction and everyone else in its group go on.
  bool confined = code == SQLITE_CONSTRAINT || code == SQLITE_ERROR || code == SQLITE_MISMATCH ||
                  code == SQLITE_TOOBIG;
  if (confined) throw SystemError(text);
  throw StoreError(text);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

void Connection::execute(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot write");
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    fail("statement \"" + std::string(sql) + "\" on");
  }
  statements_.emplace(sql, statement);
  return statement;
}

int64_t Connection::run(std::string_view sql, const std::vector<Param>& params,
                        const std::function<bool(const Row&)>& visit) {
  sqlite3_stmt* statement = prepare(sql);
  Lease lease(statement);
  TRAINYARD_ASSERT(!sqlite3_stmt_busy(statement));
  TRAINYARD_ASSERT(sqlite3_bind_parameter_count(statement) == static_cast<int>(params.size()));
  int index = 0;
  for (const Param& param : params) bind(statement, ++index, param);
  for (;;) {
    int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return sqlite3_changes64(db_);
    if (code != SQLITE_ROW) fail("cannot use");
    if (visit && !visit(Row(statement))) return 0;
  }
}

}  // namespace trainyard
