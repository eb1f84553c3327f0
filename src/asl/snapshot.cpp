#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "asl/execution.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::asl {
namespace {

constexpr int64_t kVersion = 2;

constexpr std::string_view kStatuses[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
constexpr std::string_view kPhases[] = {"entering", "calling", "submitted", "waiting",
                                        "retrying", "grouped", "failed",    "aborted",
                                        "restarting", "ended"};
static_assert(std::size(kPhases) == static_cast<std::size_t>(Branch::Phase::ended) + 1);

template <class Enum, std::size_t N>
Enum enum_from(const std::string_view (&names)[N], const json::value& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name.as_string() == names[i]) return static_cast<Enum>(i);
  }
  throw SystemError("a stored execution has the unknown word " + dump(name));
}

using Parts = std::map<std::string, std::string>;

/// "items.3.0": of branch 3, the first of its texts.
std::string part_name(std::string_view what, int64_t branch, std::size_t block) {
  return fmt::format("{}.{}.{}", what, branch, block);
}

void store_blocks(std::string_view what, int64_t branch, const Blocks& blocks, Parts& parts) {
  for (std::size_t i = 0; i < blocks.blocks(); ++i) {
    parts[part_name(what, branch, i)] = blocks.text(i);
  }
}

Blocks blocks_from(std::string_view what, int64_t branch, std::size_t size, const Parts& parts) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i * Blocks::kElements < size; ++i) {
    texts.push_back(parts.at(part_name(what, branch, i)));
  }
  return Blocks(size, std::move(texts));
}

json::object to_json(int64_t id, const Group& group, Parts& parts) {
  if (group.items) store_blocks("items", id, *group.items, parts);
  store_blocks("results", id, group.results, parts);
  return {{"map", group.items.has_value()}, {"size", group.size},
          {"started", group.started()},     {"ended", group.ended},
          {"limit", group.limit},           {"weight", group.weight}};
}

Group group_from_json(int64_t id, const json::object& object, const Parts& parts) {
  Group group;
  group.size = object.at("size").to_number<std::size_t>();
  if (object.at("map").as_bool()) group.items = blocks_from("items", id, group.size, parts);
  group.results =
      blocks_from("results", id, object.at("started").to_number<std::size_t>(), parts);
  group.ended = object.at("ended").to_number<std::size_t>();
  group.limit = object.at("limit").to_number<std::size_t>();
  group.weight = object.at("weight").to_number<std::size_t>();
  return group;
}

/// Of a branch that waits for others the text alone is kept: it is large where there are many
/// items.
std::string input_part(int64_t branch) { return "input." + std::to_string(branch); }

json::object to_json(const TaskResult& result) {
  if (!result.failure) return {{"output", result.output}};
  return {{"error", result.failure->error}, {"cause", result.failure->cause}};
}

TaskResult result_from_json(const json::object& object) {
  if (const json::value* output = object.if_contains("output")) return {*output, std::nullopt};
  return {nullptr, Failure{find_string(object, "error").value_or(""),
                           find_string(object, "cause").value_or("")}};
}

json::object to_json(int64_t id, const Branch& branch, Parts& parts) {
  json::object object{{"phase", kPhases[static_cast<std::size_t>(branch.phase)]},
                      {"state", branch.state},
                      {"entered", branch.entered},
                      {"enteredAt", to_millis(branch.entered_at)},
                      {"lastEvent", branch.last_event},
                      {"attempt", branch.attempt},
                      {"retries", json::array(branch.retries.begin(), branch.retries.end())}};
  if (branch.group) {
    parts[input_part(id)] = branch.input_text.empty() ? dump(branch.input) : branch.input_text;
  } else {
    object["input"] = branch.input;
  }
  if (branch.parent) object["parent"] = *branch.parent;
  if (branch.index > 0) object["index"] = branch.index;
  if (!branch.nonce.empty()) object["nonce"] = branch.nonce;
  if (branch.heartbeat) object["heartbeat"] = *branch.heartbeat;
  if (branch.early) object["early"] = to_json(*branch.early);
  if (branch.group) object["group"] = to_json(id, *branch.group, parts);
  return object;
}

Branch branch_from_json(int64_t id, const json::object& object, const Parts& parts) {
  Branch branch;
  branch.phase = enum_from<Branch::Phase>(kPhases, object.at("phase"));
  branch.state = to_std(object.at("state").as_string());
  branch.entered = object.at("entered").to_number<int64_t>();
  branch.entered_at = from_millis(object.at("enteredAt").to_number<int64_t>());
  branch.last_event = object.at("lastEvent").to_number<int64_t>();
  branch.attempt = object.at("attempt").to_number<int>();
  for (const auto& count : object.at("retries").as_array()) {
    branch.retries.push_back(count.to_number<int64_t>());
  }
  branch.parent = find_integer(object, "parent");
  branch.index = static_cast<std::size_t>(find_integer(object, "index").value_or(0));
  branch.nonce = find_string(object, "nonce").value_or("");
  branch.heartbeat = find_integer(object, "heartbeat");
  if (const json::object* early = find_object(object, "early")) {
    branch.early = result_from_json(*early);
  }
  if (const json::object* group = find_object(object, "group")) {
    branch.group = group_from_json(id, *group, parts);
    branch.input_text = parts.at(input_part(id));
  } else {
    branch.input = object.at("input");
  }
  if (branch.parent) {
    branch.weight = kBranchWeight + (branch.group ? branch.input_text.size()
                                                  : weight_of(branch.input));
  }
  return branch;
}

/// The only one of version 1, which knew no groups.
void read_version_1(const json::object& object, Snapshot& snapshot) {
  for (const auto& branch : object.at("branches").as_array()) {
    snapshot.branches.emplace(kRoot, branch_from_json(kRoot, branch.as_object(), {}));
  }
}

void read_branches(const json::object& object, const Parts& parts, Snapshot& snapshot) {
  constexpr std::string_view kBranch = "branch.";
  snapshot.redrives = object.at("redrives").to_number<int64_t>();
  if (auto at = find_integer(object, "redrivenAt")) snapshot.redriven_at = from_millis(*at);
  snapshot.next_branch = object.at("nextBranch").to_number<int64_t>();
  if (const json::object* root = find_object(object, "root")) {
    snapshot.branches.emplace(kRoot, branch_from_json(kRoot, *root, parts));
  }
  for (auto part = parts.lower_bound(std::string(kBranch));
       part != parts.end() && part->first.starts_with(kBranch); ++part) {
    int64_t id = std::stoll(part->first.substr(kBranch.size()));
    json::value branch = parse_own_json(part->second);
    snapshot.branches.emplace(id, branch_from_json(id, branch.as_object(), parts));
  }
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

std::string TaskToken::text() const { return base64(execution + "#" + call.text() + "#" + nonce); }

std::optional<TaskToken> TaskToken::parse(std::string_view text) {
  auto decoded = unbase64(text);
  if (!decoded) return std::nullopt;
  auto parts = split(*decoded, '#');
  if (parts.size() != 3) return std::nullopt;
  auto call = CallId::parse(parts[1]);
  if (!call) return std::nullopt;
  return TaskToken{parts[0], *call, parts[2]};
}

bool waits_for(const Snapshot& snapshot, const TaskToken& token) {
  return std::any_of(snapshot.branches.begin(), snapshot.branches.end(), [&](const auto& entry) {
    const Branch& branch = entry.second;
    const bool waits = branch.phase == Branch::Phase::submitted ||
                       (branch.phase == Branch::Phase::calling && !branch.early);
    return waits && token.call == CallId{branch.entered, branch.attempt} &&
           !branch.nonce.empty() && branch.nonce == token.nonce;
  });
}

bool waits_for_answer(const Snapshot& snapshot, const CallId& call) {
  return std::any_of(snapshot.branches.begin(), snapshot.branches.end(), [&](const auto& entry) {
    const Branch& branch = entry.second;
    return branch.phase == Branch::Phase::calling && call == CallId{branch.entered, branch.attempt};
  });
}

Stored to_stored(const Snapshot& snapshot) {
  Stored stored;
  json::object core{{"version", kVersion},
                    {"status", name_of(snapshot.status)},
                    {"lastEvent", snapshot.last_event},
                    {"timers", json::array(snapshot.timers.begin(), snapshot.timers.end())},
                    {"redrives", snapshot.redrives},
                    {"nextBranch", snapshot.next_branch}};
  if (snapshot.redriven_at) core["redrivenAt"] = to_millis(*snapshot.redriven_at);
  for (const auto& [id, branch] : snapshot.branches) {
    json::object object = to_json(id, branch, stored.parts);
    if (id == kRoot) {
      core["root"] = std::move(object);
    } else {
      stored.parts["branch." + std::to_string(id)] = dump(object);
    }
  }
  stored.core = dump(core);
  return stored;
}

Snapshot from_stored(const Stored& stored) {
  try {
    json::value core = parse_own_json(stored.core);
    const json::object& object = core.as_object();
    auto version = find_integer(object, "version");
    if (version != 1 && version != kVersion) throw std::out_of_range("its version is not known");
    Snapshot snapshot;
    snapshot.status = enum_from<Status>(kStatuses, object.at("status"));
    snapshot.last_event = object.at("lastEvent").to_number<int64_t>();
    for (const auto& timer : object.at("timers").as_array()) {
      snapshot.timers.insert(to_std(timer.as_string()));
    }
    if (version == 1) {
      read_version_1(object, snapshot);
    } else {
      read_branches(object, stored.parts, snapshot);
    }
    return snapshot;
  } catch (const std::exception& error) {  // of several kinds: Boost.JSON's, a map's
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
