#include "generated/events/operations.hpp"
#include "services/events/deliveries.hpp"
#include "services/events/pattern.hpp"
#include "services/events/rules.hpp"

namespace trainyard::events {
namespace {

constexpr std::size_t kEntriesBytesMax = 256 * 1024;

struct Occurrence {
  std::string source, detail_type;
  json::array resources;
  json::object detail;
  Time time;
};

/// Members in AWS's order ("AWS service event metadata").
json::object make_event(Call& call, const Occurrence& occurrence) {
  return {{"version", "0"},
          {"id", call.random.uuid()},
          {"detail-type", occurrence.detail_type},
          {"source", occurrence.source},
          {"account", call.site.account},
          {"time", iso8601_seconds(occurrence.time)},
          {"region", call.site.region},
          {"resources", occurrence.resources},
          {"detail", occurrence.detail}};
}

/// Hands the event to the targets of every rule that it matches.
void route(Call& call, const json::object& event) {
  std::vector<std::pair<std::string, json::object>> rules;
  call.txn.each("SELECT name, pattern FROM events_rules WHERE state <> 'DISABLED' ORDER BY name",
                [&](const Row& row) {
                  rules.emplace_back(row.text(0), parse_own_json(row.text(1)).as_object());
                });
  for (const auto& [rule, pattern] : rules) {
    if (!matches(pattern, event)) continue;
    std::vector<std::string> targets;
    call.txn.each("SELECT arn FROM events_targets WHERE rule = ? ORDER BY id",
                  [&](const Row& row) { targets.push_back(row.text(0)); }, rule);
    for (const std::string& target : targets) {
      TRAINYARD_ASSERT(target == task_events_arn(call.site));  // PutTargets takes no other
      outbox::post(call.txn, "states.event", rule, event, call.now);
    }
  }
}

/// What PutEvents counts of an entry (Amazon EventBridge User Guide, "Calculating event size").
std::size_t size_of(const PutEventsRequestEntry& entry) {
  std::size_t size = entry.time ? 14 : 0;
  for (const auto* text : {&entry.source, &entry.detail_type, &entry.detail}) {
    if (*text) size += (*text)->size();
  }
  if (entry.resources) {
    for (const std::string& resource : *entry.resources) size += resource.size();
  }
  return size;
}

PutEventsResultEntry refused(const char* code, std::string message) {
  PutEventsResultEntry result;
  result.error_code = code;
  result.error_message = std::move(message);
  return result;
}

/// Each entry is taken or refused on its own.
PutEventsResultEntry put_entry(Call& call, const PutEventsRequestEntry& entry) {
  auto missing = [](const std::optional<std::string>& text) { return !text || text->empty(); };
  for (const auto& [text, name] : {std::pair(&entry.source, "Source"),
                                   {&entry.detail_type, "DetailType"},
                                   {&entry.detail, "Detail"}}) {
    if (missing(*text)) {
      return refused("InvalidArgument",
                     std::string("Parameter ") + name + " is not valid. Reason: " + name +
                         " is a required argument.");
    }
  }
  if (entry.source->starts_with("aws.")) {
    return refused("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  try {
    require_bus(call.site, entry.event_bus_name);
  } catch (const ApiError& error) {
    return refused("InvalidArgument", error.message());
  }
  auto detail = parse_json(*entry.detail);
  if (!detail || !detail->is_object()) return refused("MalformedDetail", "Detail is malformed.");
  Occurrence occurrence{*entry.source, *entry.detail_type, {}, detail->get_object(),
                        entry.time.value_or(call.now)};
  if (entry.resources) {
    occurrence.resources = json::array(entry.resources->begin(), entry.resources->end());
  }
  json::object event = make_event(call, occurrence);
  route(call, event);
  PutEventsResultEntry result;
  result.event_id = find_string(event, "id");
  return result;
}

}  // namespace

void deliver_event(Call& call, const outbox::Message& message) {
  const json::object& payload = message.payload;
  Occurrence occurrence;
  occurrence.source = find_string(payload, "source").value();
  occurrence.detail_type = find_string(payload, "detail-type").value();
  occurrence.resources = payload.at("resources").as_array();
  occurrence.detail = payload.at("detail").as_object();
  occurrence.time = call.now;
  route(call, make_event(call, occurrence));
}

PutEventsOutput put_events(Call& call, const PutEventsInput& input) {
  std::size_t size = 0;
  for (const PutEventsRequestEntry& entry : input.entries) size += size_of(entry);
  if (size > kEntriesBytesMax) {
    throw validation_exception("Total size of the entries in the request is over the limit.");
  }
  PutEventsOutput output;
  output.failed_entry_count = 0;
  auto& results = output.entries.emplace();
  for (const PutEventsRequestEntry& entry : input.entries) {
    results.push_back(put_entry(call, entry));
    if (results.back().error_code) ++*output.failed_entry_count;
  }
  return output;
}

}  // namespace trainyard::events
