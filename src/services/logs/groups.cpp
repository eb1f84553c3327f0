#include "generated/logs/errors.hpp"
#include "generated/logs/operations.hpp"
#include "services/logs/deliveries.hpp"
#include "services/logs/rows.hpp"
#include "services/paging.hpp"
#include "store/segments.hpp"

namespace trainyard::logs {
namespace {

constexpr int kDescribeMax = 50;
constexpr const char* kRemoveSegment = "logs.segment.remove";
constexpr const char* kStandard = "STANDARD";

void post_removal(Call& call, int64_t stream_id) {
  std::string segment = segment_of(stream_id);
  outbox::post(call.txn, kRemoveSegment, segment, {{"segment", segment}}, call.now);
}

/// The name that a token continues behind; "" without one.
std::string position_in(const std::optional<std::string>& token, const std::string& listing) {
  if (!token) return "";
  auto position = read_page_token(listing, *token);
  if (!position) throw wrong_token();
  return *position;
}

struct GroupRow {
  std::string name, group_class;
  int64_t created = 0;
};

LogGroup shown(const GroupRow& row, const Site& site) {
  LogGroup group;
  group.log_group_name = row.name;
  group.creation_time = row.created;
  group.metric_filter_count = 0;
  group.log_group_arn = group_arn(site, row.name);
  group.arn = *group.log_group_arn + ":*";
  group.log_group_class = row.group_class;
  return group;
}

/// Names, or ARNs of groups, that the listing is limited to.
std::vector<std::string> identified(const DescribeLogGroupsInput& input) {
  std::vector<std::string> names;
  if (!input.log_group_identifiers) return names;
  for (const std::string& identifier : *input.log_group_identifiers) {
    names.push_back(group_name(std::nullopt, identifier));
  }
  return names;
}

}  // namespace

CreateLogGroupOutput create_log_group(Call& call, const CreateLogGroupInput& input) {
  if (input.kms_key_id || input.deletion_protection_enabled.value_or(false)) {
    throw errors::invalid_parameter_exception(
        "Log groups with a KMS key or deletion protection are not implemented");
  }
  if (call.txn.exists("SELECT 1 FROM logs_groups WHERE name = ?", input.log_group_name)) {
    throw errors::resource_already_exists_exception("The specified log group already exists");
  }
  call.txn.exec("INSERT INTO logs_groups(name, created, class) VALUES (?, ?, ?)",
                input.log_group_name, call.now, input.log_group_class.value_or(kStandard));
  return {};
}

DeleteLogGroupOutput delete_log_group(Call& call, const DeleteLogGroupInput& input) {
  require_group(call.txn, input.log_group_name);
  std::vector<int64_t> streams;
  call.txn.each("SELECT id FROM logs_streams WHERE group_name = ?",
                [&](const Row& row) { streams.push_back(row.integer(0)); }, input.log_group_name);
  for (int64_t stream : streams) post_removal(call, stream);
  call.txn.exec("DELETE FROM logs_streams WHERE group_name = ?", input.log_group_name);
  call.txn.exec("DELETE FROM logs_groups WHERE name = ?", input.log_group_name);
  return {};
}

DescribeLogGroupsOutput describe_log_groups(Call& call, const DescribeLogGroupsInput& input) {
  if (input.log_group_name_prefix && input.log_group_name_pattern) {
    throw errors::invalid_parameter_exception(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  std::string prefix = input.log_group_name_prefix.value_or("");
  std::string pattern = input.log_group_name_pattern.value_or("");
  std::vector<std::string> only = identified(input);
  std::string listing = "logs:DescribeLogGroups:" + prefix + ":" + pattern;
  std::string after = position_in(input.next_token, listing);
  std::size_t limit = static_cast<std::size_t>(input.limit.value_or(kDescribeMax));
  std::vector<GroupRow> rows;
  call.txn.each("SELECT name, class, created FROM logs_groups WHERE name > ? ORDER BY name",
                [&](const Row& row) {
                  GroupRow group{row.text(0), row.text(1), row.integer(2)};
                  bool listed = group.name.starts_with(prefix) &&
                                group.name.find(pattern) != std::string::npos &&
                                (!input.log_group_class ||
                                 *input.log_group_class == group.group_class) &&
                                (only.empty() ||
                                 std::find(only.begin(), only.end(), group.name) != only.end());
                  if (listed && rows.size() <= limit) rows.push_back(std::move(group));
                },
                after);
  DescribeLogGroupsOutput output;
  output.log_groups.emplace();
  bool more = rows.size() > limit;
  if (more) rows.pop_back();
  for (const GroupRow& row : rows) output.log_groups->push_back(shown(row, call.site));
  if (more) output.next_token = make_page_token(listing, rows.back().name);
  return output;
}

CreateLogStreamOutput create_log_stream(Call& call, const CreateLogStreamInput& input) {
  require_group(call.txn, input.log_group_name);
  if (find_stream(call.txn, input.log_group_name, input.log_stream_name)) {
    throw errors::resource_already_exists_exception("The specified log stream already exists");
  }
  call.txn.exec("INSERT INTO logs_streams(group_name, name, created) VALUES (?, ?, ?)",
                input.log_group_name, input.log_stream_name, call.now);
  return {};
}

DeleteLogStreamOutput delete_log_stream(Call& call, const DeleteLogStreamInput& input) {
  StreamRow stream = require_stream(call.txn, input.log_group_name, input.log_stream_name);
  post_removal(call, stream.id);
  call.txn.exec("DELETE FROM logs_streams WHERE id = ?", stream.id);
  return {};
}

void remove_segment(Segments& segments, const json::object& payload) {
  segments.remove(find_string(payload, "segment").value());
}

}  // namespace trainyard::logs
