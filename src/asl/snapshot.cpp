#include <charconv>

#include "asl/execution.hpp"
#include "base/error.hpp"

namespace trainyard::asl {
namespace {

constexpr int64_t kVersion = 1;

constexpr std::string_view kStatuses[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
constexpr std::string_view kPhases[] = {"entering", "calling",  "submitted",
                                        "waiting",  "retrying", "ended"};

template <class Enum, std::size_t N>
Enum enum_from(const std::string_view (&names)[N], const json::value& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name.as_string() == names[i]) return static_cast<Enum>(i);
  }
  throw SystemError("a stored execution has the unknown word " + dump(name));
}

json::object to_json(const Branch& branch) {
  return {{"phase", kPhases[static_cast<std::size_t>(branch.phase)]},
          {"state", branch.state},
          {"input", branch.input},
          {"entered", branch.entered},
          {"enteredAt", to_millis(branch.entered_at)},
          {"lastEvent", branch.last_event},
          {"attempt", branch.attempt},
          {"retries", json::array(branch.retries.begin(), branch.retries.end())}};
}

Branch branch_from_json(const json::object& object) {
  Branch branch;
  branch.phase = enum_from<Branch::Phase>(kPhases, object.at("phase"));
  branch.state = to_std(object.at("state").as_string());
  branch.input = object.at("input");
  branch.entered = object.at("entered").to_number<int64_t>();
  branch.entered_at = from_millis(object.at("enteredAt").to_number<int64_t>());
  branch.last_event = object.at("lastEvent").to_number<int64_t>();
  branch.attempt = object.at("attempt").to_number<int>();
  for (const auto& count : object.at("retries").as_array()) {
    branch.retries.push_back(count.to_number<int64_t>());
  }
  return branch;
}

}  // namespace

std::string_view name_of(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }

std::string CallId::text() const { return std::to_string(entered) + "." + std::to_string(attempt); }

std::optional<CallId> CallId::parse(std::string_view text) {
  CallId id;
  const char* end = text.data() + text.size();
  auto entered = std::from_chars(text.data(), end, id.entered);
  if (entered.ec != std::errc() || entered.ptr == end || *entered.ptr != '.') return std::nullopt;
  auto attempt = std::from_chars(entered.ptr + 1, end, id.attempt);
  if (attempt.ec != std::errc() || attempt.ptr != end) return std::nullopt;
  return id;
}

json::object to_json(const Snapshot& snapshot) {
  json::array branches;
  for (const Branch& branch : snapshot.branches) branches.push_back(to_json(branch));
  return {{"version", kVersion},
          {"status", name_of(snapshot.status)},
          {"lastEvent", snapshot.last_event},
          {"timers", json::array(snapshot.timers.begin(), snapshot.timers.end())},
          {"branches", std::move(branches)}};
}

Snapshot snapshot_from_json(const json::object& object) {
  if (find_integer(object, "version") != kVersion) {
    throw SystemError("a stored execution has a version that this program does not know");
  }
  try {
    Snapshot snapshot;
    snapshot.status = enum_from<Status>(kStatuses, object.at("status"));
    snapshot.last_event = object.at("lastEvent").to_number<int64_t>();
    for (const auto& timer : object.at("timers").as_array()) {
      snapshot.timers.push_back(to_std(timer.as_string()));
    }
    for (const auto& branch : object.at("branches").as_array()) {
      snapshot.branches.push_back(branch_from_json(branch.as_object()));
    }
    return snapshot;
  } catch (const std::logic_error& error) {  // what Boost.JSON throws for a missing member
    throw SystemError(std::string("a stored execution is damaged: ") + error.what());
  }
}

json::object to_json(const HistoryEvent& event) {
  json::object object{{"id", event.id}, {"previousEventId", event.previous}, {"type", event.type}};
  if (event.details_name.empty()) return object;
  json::object details = event.details;
  if (!event.payload_member.empty()) {
    details[event.payload_member] = event.payload;
    if (event.payload_member != "parameters") {
      details[event.payload_member + "Details"] = json::object{{"truncated", false}};
    }
  }
  object[event.details_name] = std::move(details);
  return object;
}

}  // namespace trainyard::asl
