// Rows of groups and streams, and what every operation on them shares.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "services/call.hpp"

namespace trainyard::logs {

/// Amazon CloudWatch Logs API Reference, "PutLogEvents": what one event counts beside its message.
inline constexpr std::size_t kEventOverhead = 26;
/// A page of events holds at most so many bytes ("GetLogEvents").
inline constexpr std::size_t kPageBytesMax = 1 << 20;
inline constexpr int kPageEventsMax = 10'000;

struct StreamRow {
  int64_t id = 0;
  std::string name;
  int64_t created = 0;  // ms
};

std::string segment_of(int64_t stream_id);

/// The group that a request names, by name or by identifier (a name or an ARN). ApiError
/// InvalidParameterException unless exactly one is given.
std::string group_name(const std::optional<std::string>& name,
                       const std::optional<std::string>& identifier);

/// ApiError ResourceNotFoundException.
void require_group(Txn& txn, const std::string& group);
StreamRow require_stream(Txn& txn, const std::string& group, const std::string& stream);
std::optional<StreamRow> find_stream(Txn& txn, const std::string& group,
                                     const std::string& stream);

/// Names that begin with `prefix` lie from it up to here: no name holds this byte.
inline std::string behind_prefix(const std::string& prefix) { return prefix + "\xff"; }

std::string group_arn(const Site& site, const std::string& group);  // without ":*"

/// ApiError for a nextToken that no page has given.
ApiError wrong_token();

}  // namespace trainyard::logs
