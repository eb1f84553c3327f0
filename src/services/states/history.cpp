#include "services/states/history.hpp"

#include <limits>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/paging.hpp"
#include "services/states/pages.hpp"
#include "services/states/rows.hpp"
#include "wire/json.hpp"

namespace trainyard::states {
namespace {

/// Payloads up to this size are no longer than a reference to them is worth.
constexpr std::size_t kInlinePayloadBytes = 128;

std::string intern(Txn& txn, int64_t execution, const std::string& payload) {
  std::string digest = sha256_hex(payload);
  txn.exec(
      "INSERT INTO states_payloads(execution, digest, body) VALUES (?, ?, ?) "
      "ON CONFLICT(execution, digest) DO NOTHING",
      execution, digest, payload);
  return digest;
}

/// The event as the API shows it.
HistoryEvent to_api(const asl::HistoryEvent& event) {
  json::object object = asl::to_json(event);
  object["timestamp"] = to_epoch_seconds(event.at);
  return wire::from_json<HistoryEvent>(object);
}

}  // namespace

void append_history(Txn& txn, int64_t execution, const std::vector<asl::HistoryEvent>& events) {
  // What a state puts out is what the next one takes in.
  std::unordered_map<std::string_view, std::string> interned;
  for (const asl::HistoryEvent& event : events) {
    std::optional<std::string_view> payload, digest;
    if (event.payload.size() > kInlinePayloadBytes) {
      auto [known, fresh] = interned.try_emplace(event.payload);
      if (fresh) known->second = intern(txn, execution, event.payload);
      digest = known->second;
    } else {
      payload = event.payload;
    }
    txn.exec(
        "INSERT INTO states_history(execution, id, previous, at, type, details_name, details, "
        "payload_member, payload, payload_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        execution, event.id, event.previous, event.at, event.type, event.details_name,
        dump(event.details), event.payload_member, payload, digest);
  }
}

std::vector<asl::HistoryEvent> read_history(Txn& txn, const HistoryPage& page) {
  std::vector<asl::HistoryEvent> events;
  auto visit = [&](const Row& row) {
    asl::HistoryEvent event;
    event.id = row.integer(0);
    event.previous = row.integer(1);
    event.at = row.time(2);
    event.type = row.text(3);
    event.details_name = row.text(4);
    event.details = parse_own_json(row.text(5)).as_object();
    if (page.payloads || row.text(6) == "parameters") {  // `parameters` is a required member
      event.payload_member = row.text(6);
      event.payload = page.payloads ? row.maybe_text(7).value_or("") : "";
    }
    events.push_back(std::move(event));
  };
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  if (page.backwards) {
    txn.each(
        "SELECT h.id, h.previous, h.at, h.type, h.details_name, h.details, h.payload_member, "
        "coalesce(h.payload, p.body) FROM states_history h LEFT JOIN states_payloads p "
        "ON p.execution = h.execution AND p.digest = h.payload_digest "
        "WHERE h.execution = ? AND h.id < ? ORDER BY h.id DESC LIMIT ?",
        visit, page.execution, page.position.value_or(kLast), page.limit);
  } else {
    txn.each(
        "SELECT h.id, h.previous, h.at, h.type, h.details_name, h.details, h.payload_member, "
        "coalesce(h.payload, p.body) FROM states_history h LEFT JOIN states_payloads p "
        "ON p.execution = h.execution AND p.digest = h.payload_digest "
        "WHERE h.execution = ? AND h.id > ? ORDER BY h.id LIMIT ?",
        visit, page.execution, page.position.value_or(0), page.limit);
  }
  return events;
}

GetExecutionHistoryOutput get_execution_history(Call& call, const GetExecutionHistoryInput& input) {
  ExecutionRow execution = get_execution(call.txn, input.execution_arn);
  HistoryPage page;
  page.execution = execution.id;
  page.backwards = input.reverse_order.value_or(false);
  page.payloads = input.include_execution_data.value_or(true);
  std::string listing = "GetExecutionHistory " + execution.arn + (page.backwards ? " -" : " +");
  page.position = page_position(listing, input.next_token);
  int size = page_size(input.max_results);
  page.limit = size + 1;
  GetExecutionHistoryOutput output;
  for (const auto& event : read_history(call.txn, page)) {
    if (static_cast<int>(output.events.size()) == size) {
      output.next_token = make_page_token(listing, std::to_string(output.events.back().id));
      break;
    }
    output.events.push_back(to_api(event));
  }
  return output;
}

}  // namespace trainyard::states
