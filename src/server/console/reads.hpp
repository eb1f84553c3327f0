// What a watcher asks for, and what it is told: the lines of one stream, and when they are due. The
// watcher's thread, its time and its transactions are elsewhere (watch.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace trainyard::server::console {

inline constexpr std::size_t kReadsMax = 64;
inline constexpr std::size_t kReadIdMax = 128;  // characters
/// After the reads have run they do not run again for this long, or for as long as they took:
/// however busy the store is, a watcher takes half of a core at most.
inline constexpr std::chrono::milliseconds kRest{50};
/// Without a commit they rest this long: what lies in segments, as logs do, comes without one.
inline constexpr std::chrono::seconds kLook{1};
inline constexpr std::chrono::seconds kBeat{15};

struct Read {
  std::string id, service, operation;
  json::object input;
  /// Members of the input that take the value of a member of each answer: {"nextToken":
  /// "nextForwardToken"} makes GetLogEvents go on behind what it has given.
  std::map<std::string, std::string> follow;
  std::string last;  // the digest of the line that was told last
};

/// `body`: {"reads": [{"id", "service", "operation", "input", "follow"?}]}. ApiError
/// InvalidParameterException 400 says what is wrong with it. Whether there are such operations is
/// not asked.
std::vector<Read> parse_reads(const json::object& body);

/// Runs each read by `run`, and gives the lines ("…\n") of those whose answer, or ApiError, is
/// another than the one told last.
std::string changed_lines(std::vector<Read>& reads,
                          const std::function<json::object(const Read&)>& run);

/// When the reads of one stream run. All times are from one monotonic clock.
class Cadence {
 public:
  using Nanos = std::chrono::nanoseconds;

  /// Whether they are to run now; `beats` counts the commits.
  bool due(Nanos now, uint64_t beats) const;
  /// How long there is nothing to do unless a further commit comes.
  Nanos rest(Nanos now, uint64_t beats) const;
  /// Whether they have run since that commit.
  bool is_after(uint64_t beats) const { return ran_ && beats == beats_; }
  /// They ran from `begin` to `end`; `beats` was read before.
  void ran(Nanos begin, Nanos end, uint64_t beats);

 private:
  Nanos next(uint64_t beats) const;

  bool ran_ = false;
  uint64_t beats_ = 0;
  Nanos end_{0}, took_{0};
};

}  // namespace trainyard::server::console
