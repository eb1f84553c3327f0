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
/// Appends are durable when they return. A stream's first use cuts off the torn tail of a crash;
/// damage elsewhere is logged, and no scan shows it.
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

  /// Says false to end a scan.
  using Visit = std::function<bool(const Record&)>;
  /// Whether a run of records with times from `earliest` to `latest` (ms) is to be looked at.
  using Wanted = std::function<bool(int64_t earliest, int64_t latest)>;

  /// Returns the position of the first record appended.
  int64_t append(const std::string& stream, const std::vector<Record>& records);
  /// Appends records of a writer that numbers what it writes, here from `first` on. Those whose
  /// numbers it has written before are skipped, so that a repeat does no harm, whatever others
  /// append in between; gaps are allowed. One such writer a stream.
  void append_from(const std::string& stream, int64_t first, std::vector<Record> records);
  /// Visits records from `position` on (backwards: from there down).
  void scan(const std::string& stream, int64_t position, bool backwards, const Visit& visit) const;
  /// Visits records by runs of neighbours, the first run first (backwards: the last one), within a
  /// run by position; runs that are not wanted when their turn comes are not read.
  void scan_times(const std::string& stream, bool backwards, const Wanted& wanted,
                  const Visit& visit) const;
  int64_t count(const std::string& stream) const;  // 0 for an unknown stream
  void remove(const std::string& stream);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trainyard
