#include "services/logs/rows.hpp"

#include "base/arn.hpp"
#include "generated/logs/errors.hpp"

namespace trainyard::logs {

std::string segment_of(int64_t stream_id) { return "logs/" + std::to_string(stream_id); }

std::string group_name(const std::optional<std::string>& name,
                       const std::optional<std::string>& identifier) {
  if (name.has_value() == identifier.has_value()) {
    throw errors::invalid_parameter_exception(
        "Exactly one of logGroupName and logGroupIdentifier must be given");
  }
  if (name) return *name;
  auto arn = parse_arn(*identifier);
  if (!arn) return *identifier;
  constexpr std::string_view kPrefix = "log-group:";
  std::string group = arn->resource;
  if (!group.starts_with(kPrefix)) {
    throw errors::invalid_parameter_exception("logGroupIdentifier is not the ARN of a log group: " +
                                              *identifier);
  }
  group = group.substr(kPrefix.size());
  return group.ends_with(":*") ? group.substr(0, group.size() - 2) : group;
}

void require_group(Txn& txn, const std::string& group) {
  if (txn.exists("SELECT 1 FROM logs_groups WHERE name = ?", group)) return;
  throw errors::resource_not_found_exception("The specified log group does not exist.");
}

std::optional<StreamRow> find_stream(Txn& txn, const std::string& group,
                                     const std::string& stream) {
  return txn.one(
      "SELECT id, created FROM logs_streams WHERE group_name = ? AND name = ?",
      [&](const Row& row) { return StreamRow{row.integer(0), stream, row.integer(1)}; },
      group, stream);
}

StreamRow require_stream(Txn& txn, const std::string& group, const std::string& stream) {
  require_group(txn, group);
  if (auto row = find_stream(txn, group, stream)) return *row;
  throw errors::resource_not_found_exception("The specified log stream does not exist.");
}

std::string group_arn(const Site& site, const std::string& group) {
  return "arn:aws:logs:" + site.region + ":" + site.account + ":log-group:" + group;
}

ApiError wrong_token() {
  return errors::invalid_parameter_exception("The specified nextToken is invalid.");
}

}  // namespace trainyard::logs
