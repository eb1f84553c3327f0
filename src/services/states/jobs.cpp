#include "services/states/jobs.hpp"

#include "services/states/nested.hpp"
#include "services/states/sagemaker.hpp"

namespace trainyard::states {
namespace {

const SyncRule* const kSyncRules[] = {&kTrainingJobs, &kExecutions};

constexpr std::string_view kPollMessage = "states.poll";

JobWait row_of(const Row& row) {
  return {row.integer(0), asl::CallId::parse(row.text(1)).value(), row.text(2), row.text(3),
          row.maybe_text(4)};
}

std::string poll_key(int64_t execution, const asl::CallId& id) {
  return std::to_string(execution) + "#" + id.text();
}

}  // namespace

const SyncRule* find_sync_rule(const asl::Resource& resource) {
  if (!resource.pattern.starts_with("sync")) return nullptr;
  for (const SyncRule* rule : kSyncRules) {
    if (rule->service == resource.service && rule->operation == resource.operation) return rule;
  }
  return nullptr;
}

const SyncRule* find_sync_rule_of_event(std::string_view source, std::string_view detail_type) {
  for (const SyncRule* rule : kSyncRules) {
    if (rule->source == source && rule->detail_type == detail_type) return rule;
  }
  return nullptr;
}

void insert_wait(Call& call, const JobWait& wait) {
  call.txn.exec("INSERT INTO states_jobs(execution, call, job, task, role) VALUES (?, ?, ?, ?, ?)",
                wait.execution, wait.call.text(), wait.job, wait.task, wait.role);
  post_poll(call, wait);
}

std::optional<JobWait> find_wait(Txn& txn, int64_t execution, const asl::CallId& call) {
  return txn.one(
      "SELECT execution, call, job, task, role FROM states_jobs WHERE execution = ? AND call = ?",
      row_of, execution, call.text());
}

std::vector<JobWait> find_waits(Txn& txn, std::string_view job) {
  std::vector<JobWait> waits;
  txn.each(
      "SELECT execution, call, job, task, role FROM states_jobs WHERE job = ? "
      "ORDER BY execution, call",
      [&](const Row& row) { waits.push_back(row_of(row)); }, job);
  return waits;
}

bool is_awaited(Txn& txn, std::string_view job) {
  return txn.exists("SELECT 1 FROM states_jobs WHERE job = ? LIMIT 1", job);
}

void delete_wait(Call& call, int64_t execution, const asl::CallId& id) {
  call.txn.exec("DELETE FROM states_jobs WHERE execution = ? AND call = ?", execution, id.text());
  outbox::cancel(call.txn, kPollMessage, poll_key(execution, id));
}

void delete_waits(Call& call, int64_t execution) {
  call.txn.exec("DELETE FROM states_jobs WHERE execution = ?", execution);
}

std::optional<JobWait> wait_of(Txn& txn, const outbox::Message& message) {
  auto id = asl::CallId::parse(find_string(message.payload, "call").value_or(""));
  auto execution = find_integer(message.payload, "execution");
  return id && execution ? find_wait(txn, *execution, *id) : std::nullopt;
}

void post_poll(Call& call, const JobWait& wait) {
  // One at a time, so that a poll that comes twice does not go on as two.
  outbox::cancel(call.txn, kPollMessage, poll_key(wait.execution, wait.call));
  outbox::post(call.txn, kPollMessage, poll_key(wait.execution, wait.call),
               {{"execution", wait.execution}, {"call", wait.call.text()}}, call.now + kPollEvery);
}

}  // namespace trainyard::states
