// Append-only record files, for logs and metrics: never rows of the workflow database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"

namespace trainyard {

/// Named streams of records (timestamp in ms, text). Positions count records from 0 and never move.
/// Appends are durable when they return.
class Segments {
 public:
  explicit Segments(fs::path dir);
  ~Segments();

  struct Record {
    int64_t position = 0;
    int64_t timestamp = 0;  // as given, ms
    int64_t ingested = 0;   // ms
    std::string text;
  };

  /// Returns the position of the first record appended. A torn tail of a crash is cut off at open.
  int64_t append(const std::string& stream, const std::vector<Record>& records);
  /// Appends records that are to stand from position `first` on. Those that are there already are
  /// skipped, so that a repeat does no harm; behind a gap they follow what is there.
  void append_from(const std::string& stream, int64_t first, std::vector<Record> records);
  /// Calls visit for records from `position` on (backwards: from there down) until it says false.
  void scan(const std::string& stream, int64_t position, bool backwards,
            const std::function<bool(const Record&)>& visit) const;
  int64_t count(const std::string& stream) const;  // 0 for an unknown stream
  void remove(const std::string& stream);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard
