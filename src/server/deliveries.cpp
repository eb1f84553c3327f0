#include "server/deliveries.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "server/agent_door.hpp"
#include "server/outside_calls.hpp"
#include "services/events/deliveries.hpp"
#include "services/logs/deliveries.hpp"
#include "services/s3/deliveries.hpp"
#include "services/sagemaker/attempts.hpp"
#include "services/states/deliveries.hpp"

namespace trainyard::server {
namespace {

compute::AttemptSpec parse_spec(const json::object& payload) {
  const json::object* spec = find_object(payload, "spec");
  TRAINYARD_ASSERT(spec != nullptr);
  compute::AttemptSpec attempt;
  attempt.id = find_string(*spec, "id").value_or("");
  for (const auto& host : spec->at("hosts").as_array()) {
    attempt.hosts.push_back(to_std(host.as_string()));
  }
  attempt.plan = spec->at("plan").as_object();
  attempt.sees_images = attempt.plan.contains("oci");
  attempt.volume = find_string(attempt.plan, "volume").value_or("");
  return attempt;
}

void cancel(const Parts& parts, AgentDoor& agents, const outbox::Message& message) {
  parts.executor.cancel(message.key);
  agents.tell_stop(message.key);
}

/// A start that the machine refuses (no namespaces, disk full) ends the attempt with that reason:
/// a job that fails clearly serves its user better than one that is tried for ever.
void submit(const Parts& parts, AgentDoor& agents, const outbox::Message& message) {
  compute::AttemptSpec spec = parse_spec(message.payload);
  agents.open_door(spec.id);
  try {
    parts.executor.submit(spec);
  } catch (const SystemError& error) {
    log_error("attempt {} cannot start: {}", spec.id, error.what());
    std::string reason = error.what();
    parts.store.write([&](Txn& txn) {
      Caller caller = own_caller(parts.site);
      Call call = make_call(parts, txn, caller);
      for (const auto& host : spec.hosts) sagemaker::instance_lost(call, spec.id, host, reason);
    });
    return;
  }
  // A start that failed at first comes after a stop that was posted later and found nothing.
  bool stopped =
      parts.store.read([&](Txn& txn) { return sagemaker::is_cancelled(txn, spec.id); });
  if (stopped) cancel(parts, agents, message);
}

void forget(const Parts& parts, AgentDoor& agents, const outbox::Message& message) {
  agents.close_door(message.key);
  parts.executor.forget(message.key);
}

void remove_volume(const Parts& parts, AgentDoor&, const outbox::Message& message) {
  parts.executor.remove_volume(message.key);
}

void remove_blob(const Parts& parts, AgentDoor&, const outbox::Message& message) {
  s3::remove_blob(parts.blobs, message.payload);
}

void remove_segment(const Parts& parts, AgentDoor&, const outbox::Message& message) {
  logs::remove_segment(parts.segments, message.payload);
}

struct Inside {
  std::string_view kind;
  void (*deliver)(Call&, const outbox::Message&);
};
constexpr Inside kInside[] = {
    {"states.task", states::deliver_task},
    {"states.timer", states::deliver_timer},
    {"states.event", states::deliver_event},
    {"states.poll", states::deliver_poll},
    {"states.stop", states::deliver_stop},
    {"states.sweep", states::deliver_sweep},
    {"events.put", events::deliver_event},
    {"sagemaker.deadline", sagemaker::deliver_deadline},
};

struct Outside {
  std::string_view kind;
  void (*perform)(const Parts&, AgentDoor&, const outbox::Message&);
};
constexpr Outside kOutside[] = {
    {"compute.submit", submit},
    {"compute.cancel", cancel},
    {"compute.forget", forget},
    {"compute.volume.remove", remove_volume},
    {"s3.blob.remove", remove_blob},
    {"logs.segment.remove", remove_segment},
};

}  // namespace

Deliveries all_deliveries(const Parts& parts, AgentDoor& agents, OutsideCalls& calls) {
  Deliveries deliveries;
  for (const Inside& row : kInside) deliveries.inside.emplace(row.kind, row.deliver);
  for (const Outside& row : kOutside) {
    deliveries.outside.emplace(row.kind, [&parts, &agents, row](const outbox::Message& message) {
      row.perform(parts, agents, message);
    });
  }
  deliveries.slow.emplace("states.call",
                          [&calls](const outbox::Message& message) { calls.perform(message); });
  return deliveries;
}

}  // namespace trainyard::server
