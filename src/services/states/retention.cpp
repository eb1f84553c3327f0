#include "services/states/retention.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "generated/states/errors.hpp"
#include "services/states/deliveries.hpp"
#include "services/states/turn.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kSweepMessage = "states.sweep";
/// An execution that starts or ends after a sweep is due long after the next.
constexpr std::chrono::hours kSweepEvery{24};
/// What one sweep removes or ends at most, so that it holds up nobody; the next follows at once.
constexpr int kSweptMax = 100;

/// Tables whose rows belong to an execution.
constexpr std::string_view kTables[] = {"states_history",  "states_payloads",
                                        "states_parts",    "states_jobs",
                                        "states_redrives", "states_activity_tasks"};

void remove_where(Txn& txn, std::string_view column, int64_t value) {
  for (std::string_view table : kTables) {
    txn.exec(fmt::format("DELETE FROM {} WHERE execution IN "
                         "(SELECT id FROM states_executions WHERE {} = ?)",
                         table, column),
             value);
  }
  txn.exec(fmt::format("DELETE FROM states_executions WHERE {} = ?", column), value);
}

/// Ids, oldest first, and how old the first is that is not among them.
struct Oldest {
  std::vector<int64_t> ids;
  std::optional<Time> next;
};

/// `sql` yields ids and times, oldest first; the first that are not after `until`.
Oldest oldest(Txn& txn, const char* sql, Time until) {
  Oldest oldest;
  txn.each(
      sql,
      [&](const Row& row) {
        if (oldest.next) return;
        if (row.time(1) > until || oldest.ids.size() == kSweptMax) {
          oldest.next = row.time(1);
        } else {
          oldest.ids.push_back(row.integer(0));
        }
      },
      kSweptMax + 1);
  return oldest;
}

Oldest ended_before(Txn& txn, Time until) {
  return oldest(txn,
                "SELECT id, stopped FROM states_executions WHERE stopped IS NOT NULL "
                "ORDER BY stopped LIMIT ?",
                until);
}

/// Of those that run. They start in the order of their ids.
Oldest started_before(Txn& txn, Time until) {
  return oldest(txn,
                "SELECT id, started FROM states_executions WHERE status = 'RUNNING' "
                "ORDER BY id LIMIT ?",
                until);
}

/// The span of the open executions' ids is an upper bound of their number, and found at once.
bool are_surely_fewer(Txn& txn, int64_t most) {
  return txn
      .one(
          "SELECT (SELECT max(id) FROM states_executions WHERE status = 'RUNNING') - "
          "(SELECT min(id) FROM states_executions WHERE status = 'RUNNING') < ? - 1",
          [](const Row& row) { return row.maybe_integer(0).value_or(1) != 0; }, most)
      .value();
}

}  // namespace

void remove_execution(Txn& txn, int64_t execution) { remove_where(txn, "id", execution); }

void remove_executions_of(Txn& txn, int64_t machine) { remove_where(txn, "machine", machine); }

bool is_forgotten(const ExecutionRow& execution, const Call& call) {
  return execution.stopped &&
         *execution.stopped + call.site.limits.states.history_retention <= call.now;
}

void check_open_executions(Call& call) {
  const int64_t most = call.site.limits.states.open_executions;
  if (are_surely_fewer(call.txn, most)) return;
  // Ordered, so that the index of the open ones is used and not one of all.
  const int64_t open = get_number(call.txn,
                                  "SELECT count(*) FROM (SELECT 1 FROM states_executions "
                                  "WHERE status = 'RUNNING' ORDER BY id LIMIT ?)",
                                  most);
  if (open < most) return;
  throw errors::execution_limit_exceeded(
      fmt::format("Execution Limit Exceeded: at most {} executions are open at a time.", most));
}

void begin_sweeps(Call& call) {
  if (call.txn.exists("SELECT 1 FROM outbox WHERE kind = ? LIMIT 1", kSweepMessage)) return;
  outbox::post(call.txn, kSweepMessage, "", {}, call.now);
}

void deliver_sweep(Call& call, const outbox::Message&) {
  const Limits::States& limits = call.site.limits.states;
  Time next = call.now + kSweepEvery;
  const Oldest ended = ended_before(call.txn, call.now - limits.history_retention);
  for (int64_t execution : ended.ids) remove_execution(call.txn, execution);
  if (ended.next) next = std::min(next, *ended.next + limits.history_retention);
  const Oldest running = started_before(call.txn, call.now - limits.execution_time);
  for (int64_t execution : running.ids) {
    run_turn(call, execution, asl::Expired{}, CallMode::outbox);
  }
  if (running.next) next = std::min(next, *running.next + limits.execution_time);
  // One at a time, so that a sweep that comes twice does not go on as two.
  outbox::cancel(call.txn, kSweepMessage, "");
  outbox::post(call.txn, kSweepMessage, "", {}, std::max(next, call.now));
}

}  // namespace trainyard::states
