// An open transaction: SQL with positional '?' parameters, prepared once and cached. Statements
// keep to what SQLite and PostgreSQL share (INSERT … ON CONFLICT, no PRAGMA, no rowid tricks).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace trainyard {

/// A parameter: NULL, integer, real, text. (Blobs of bytes travel as text; SQLite keeps both.)
using Param = std::variant<std::nullptr_t, int64_t, double, std::string_view>;

inline Param to_param(std::nullptr_t) { return nullptr; }
inline Param to_param(bool value) { return int64_t{value}; }
inline Param to_param(int value) { return int64_t{value}; }
inline Param to_param(int64_t value) { return value; }
inline Param to_param(uint64_t value) { return static_cast<int64_t>(value); }
inline Param to_param(double value) { return value; }
inline Param to_param(Time value) { return to_millis(value); }
inline Param to_param(std::string_view value) { return value; }
inline Param to_param(const std::string& value) { return std::string_view(value); }
inline Param to_param(const char* value) { return std::string_view(value); }
template <class T>
Param to_param(const std::optional<T>& value) {
  return value ? to_param(*value) : Param(nullptr);
}

/// The row that a query is at; valid inside the callback only.
class Row {
 public:
  explicit Row(void* statement) : statement_(statement) {}
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  Time time(int column) const { return from_millis(integer(column)); }
  std::optional<std::string> maybe_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
  }
  std::optional<int64_t> maybe_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }
  std::optional<Time> maybe_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
  }

 private:
  void* statement_;
};

/// A fault that undid the whole transaction (disk full, I/O): its whole group is lost. One that is
/// confined to its statement (a broken constraint) is a plain SystemError.
class StoreError : public SystemError {
 public:
  using SystemError::SystemError;
};

class Txn {
 public:
  virtual ~Txn() = default;

  /// INSERT, UPDATE, DELETE; returns the number of rows changed.
  template <class... Args>
  int64_t exec(std::string_view sql, const Args&... args) {
    return run(sql, {to_param(args)...}, nullptr);
  }
  /// Calls row(const Row&) for each row. Do not start another statement of the same text inside.
  template <class Visit, class... Args>
  void each(std::string_view sql, Visit visit, const Args&... args) {
    run(sql, {to_param(args)...}, [&](const Row& row) {
      visit(row);
      return true;
    });
  }
  /// map(const Row&) of the first row, or nullopt.
  template <class Map, class... Args>
  auto one(std::string_view sql, Map map, const Args&... args)
      -> std::optional<decltype(map(std::declval<const Row&>()))> {
    std::optional<decltype(map(std::declval<const Row&>()))> result;
    run(sql, {to_param(args)...}, [&](const Row& row) {
      result.emplace(map(row));
      return false;
    });
    return result;
  }
  /// True when the query yields a row.
  template <class... Args>
  bool exists(std::string_view sql, const Args&... args) {
    bool found = false;
    run(sql, {to_param(args)...}, [&](const Row&) {
      found = true;
      return false;
    });
    return found;
  }

  virtual bool read_only() const = 0;
  /// Names the state that a read transaction sees, among all states of all stores of this process,
  /// in the order of their commits; 0 once a commit has begun since (what it sees may be old then),
  /// and always in a write transaction. See Remembered.
  virtual uint64_t version() const = 0;
  /// Runs `work` inside a savepoint: what it throws undoes its changes and goes on to the caller.
  virtual void savepoint(const std::function<void()>& work) = 0;
  /// Called by the outbox when this transaction posts.
  virtual void note_outbox() = 0;
  /// Tells the topic (see Notices) once this transaction is committed.
  virtual void tell(std::string_view topic) = 0;

 protected:
  /// `visit` returns false to stop. SystemError on a constraint or I/O fault.
  virtual int64_t run(std::string_view sql, std::vector<Param> params,
                      const std::function<bool(const Row&)>& visit) = 0;
};

}  // namespace trainyard
