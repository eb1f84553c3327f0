#include "services/sagemaker/attempt_rows.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr int kTokenCharacters = 48;
constexpr std::size_t kNameCharactersMax = 25;  // of the owner's, so that an id has at most 40
constexpr int kSuffixCharacters = 8;
/// Ended attempts of what has many (all but training jobs) are kept so long that an agent's
/// repeated last word finds them.
constexpr std::chrono::hours kEndedKept{1};

constexpr std::string_view kColumns =
    "SELECT id, owner_kind, owner, role_arn, token, generation, variant, slot, failures, created, "
    "serving_since, cancelled, ended FROM sagemaker_attempts ";

/// What the ids of a kind's attempts begin with.
std::string_view id_prefix(Kind kind) {
  if (kind == Kind::endpoint) return "serve-";
  return kind == Kind::notebook_instance ? "note-" : "train-";
}

Attempt to_attempt(const Row& row) {
  Attempt attempt;
  attempt.id = row.text(0);
  attempt.owner_kind = kind_named(row.text(1));
  attempt.owner = row.text(2);
  attempt.role_arn = row.text(3);
  attempt.token = row.text(4);
  attempt.generation = row.integer(5);
  attempt.variant = row.text(6);
  attempt.slot = row.integer(7);
  attempt.failures = row.integer(8);
  attempt.created = row.time(9);
  attempt.serving_since = row.maybe_time(10);
  attempt.cancelled = row.maybe_time(11);
  attempt.ended = row.maybe_time(12);
  return attempt;
}

Instance to_instance(const Row& row) {
  return {row.text(0), row.text(1), row.time(2),      row.text(3),
          row.text(4), row.text(5), row.maybe_time(6)};
}

/// train-<name>-<8 hex>: a person reads whose it is, chance keeps tries of one name apart.
std::string new_id(Call& call, const Attempt& attempt) {
  std::string name = to_lower(attempt.owner).substr(0, kNameCharactersMax);
  while (name.ends_with('-')) name.pop_back();
  const std::string prefix(id_prefix(attempt.owner_kind));
  for (;;) {
    std::string id = prefix + name + "-" + call.random.hex(kSuffixCharacters);
    if (!call.txn.exists("SELECT 1 FROM sagemaker_attempts WHERE id = ?", id)) return id;
  }
}

void forget_old_attempts(Call& call) {
  const Time before = call.now - kEndedKept;
  for (const Kind kind : {Kind::endpoint, Kind::notebook_instance}) {
    call.txn.exec("DELETE FROM sagemaker_instances WHERE attempt IN (SELECT id FROM "
                  "sagemaker_attempts WHERE owner_kind = ? AND ended < ?)",
                  kind_name(kind), before);
    call.txn.exec("DELETE FROM sagemaker_attempts WHERE owner_kind = ? AND ended < ?",
                  kind_name(kind), before);
  }
}

}  // namespace

void insert_attempt(Call& call, Attempt& attempt, const std::vector<std::string>& hosts) {
  attempt.id = new_id(call, attempt);
  attempt.token = call.random.hex(kTokenCharacters);
  attempt.created = call.now;
  call.txn.exec(
      "INSERT INTO sagemaker_attempts (id, owner_kind, owner, role_arn, token, generation, "
      "variant, slot, failures, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      attempt.id, kind_name(attempt.owner_kind), attempt.owner, attempt.role_arn, attempt.token,
      attempt.generation, attempt.variant, attempt.slot, attempt.failures, attempt.created);
  for (const std::string& host : hosts) {
    call.txn.exec("INSERT INTO sagemaker_instances (attempt, host, phase, phase_since, outcome, "
                  "error, reason) VALUES (?, ?, 'Starting', ?, '', '', '')",
                  attempt.id, host, call.now);
  }
}

std::optional<Attempt> find_attempt(Txn& txn, std::string_view id) {
  return txn.one(std::string(kColumns) + "WHERE id = ?", to_attempt, id);
}

std::vector<Attempt> live_attempts_of(Txn& txn, Kind kind, std::string_view owner) {
  std::vector<Attempt> attempts;
  txn.each(std::string(kColumns) + "WHERE owner_kind = ? AND owner = ? AND ended IS NULL "
                                   "ORDER BY generation, variant, slot, id",
           [&](const Row& row) { attempts.push_back(to_attempt(row)); }, kind_name(kind), owner);
  return attempts;
}

std::vector<Instance> instances_of(Txn& txn, std::string_view attempt) {
  std::vector<Instance> instances;
  txn.each("SELECT host, phase, phase_since, outcome, error, reason, ended "
           "FROM sagemaker_instances WHERE attempt = ? ORDER BY length(host), host",
           [&](const Row& row) { instances.push_back(to_instance(row)); }, attempt);
  return instances;
}

std::optional<Instance> find_instance(Txn& txn, std::string_view attempt, std::string_view host) {
  return txn.one("SELECT host, phase, phase_since, outcome, error, reason, ended "
                 "FROM sagemaker_instances WHERE attempt = ? AND host = ?",
                 to_instance, attempt, host);
}

void set_phase(Txn& txn, const Attempt& attempt, std::string_view host, std::string_view phase,
               Time since) {
  txn.exec("UPDATE sagemaker_instances SET phase = ?, phase_since = ? "
           "WHERE attempt = ? AND host = ?",
           phase, since, attempt.id, host);
}

bool end_instance(Txn& txn, const Attempt& attempt, const Instance& instance) {
  return txn.exec("UPDATE sagemaker_instances SET phase = 'Ended', outcome = ?, error = ?, "
                  "reason = ?, ended = ? WHERE attempt = ? AND host = ? AND ended IS NULL",
                  instance.outcome, instance.error, instance.reason, instance.ended, attempt.id,
                  instance.host) > 0;
}

void set_serving_since(Txn& txn, const Attempt& attempt, std::optional<Time> since) {
  txn.exec("UPDATE sagemaker_attempts SET serving_since = ? WHERE id = ?", since, attempt.id);
}

void submit_attempt(Call& call, const Attempt& attempt, const std::vector<std::string>& hosts,
                    json::object plan) {
  json::object spec{{"id", attempt.id},
                    {"hosts", json::value_from(hosts)},
                    {"plan", std::move(plan)}};
  outbox::post(call.txn, "compute.submit", attempt.id, {{"spec", std::move(spec)}}, call.now);
}

void cancel_attempt(Call& call, Attempt& attempt) {
  if (attempt.cancelled || attempt.ended) return;
  attempt.cancelled = call.now;
  call.txn.exec("UPDATE sagemaker_attempts SET cancelled = ? WHERE id = ?", attempt.cancelled,
                attempt.id);
  outbox::post(call.txn, "compute.cancel", attempt.id, {}, call.now);
}

void close_attempt(Call& call, Attempt& attempt) {
  if (attempt.ended) return;
  attempt.ended = call.now;
  call.txn.exec("UPDATE sagemaker_attempts SET ended = ? WHERE id = ?", attempt.ended, attempt.id);
  outbox::cancel(call.txn, "sagemaker.deadline", attempt.id);
  // A start that failed and whose message a crash left behind must not be tried again.
  outbox::cancel(call.txn, "compute.submit", attempt.id);
  outbox::cancel(call.txn, "compute.cancel", attempt.id);
  outbox::post(call.txn, "compute.forget", attempt.id, {}, call.now);
  forget_old_attempts(call);
}

void post_deadline(Call& call, std::string_view attempt, std::string_view what, Time due,
                   json::object payload) {
  payload["what"] = what;
  outbox::post(call.txn, "sagemaker.deadline", attempt, payload, due);
}

}  // namespace trainyard::sagemaker
