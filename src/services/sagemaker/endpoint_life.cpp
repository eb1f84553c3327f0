#include "services/sagemaker/endpoint_life.hpp"

#include <algorithm>
#include <set>

#include "services/sagemaker/events.hpp"
#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/reasons.hpp"
#include "services/sagemaker/serving.hpp"
#include "services/sagemaker/stored.hpp"
#include "services/sagemaker/tags.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr const char* kHost = kServingHost;

// The agent itself keeps the limit on /ping. These hold when it cannot: a download that hangs, a
// machine that is starved.
constexpr std::chrono::seconds kDownloadTimeout{1200};
/// An instance that fails its health checks for so long is ended and replaced.
constexpr std::chrono::seconds kUnhealthyMax{60};
constexpr std::chrono::seconds kReplaceDelayMax{60};

void announce(Call& call, const Endpoint& endpoint) {
  update_resource(call.txn, to_resource(endpoint));
  post_state_change(call, Kind::endpoint, endpoint.resource.name, "SageMaker Endpoint State Change",
                    describe(call.txn, call.site, endpoint));
}

void set_status(Call& call, Endpoint& endpoint, std::string_view status) {
  endpoint.resource.status = status;
  endpoint.resource.modified = call.now;
}

bool is_generation(const std::optional<Deployment>& deployment, int64_t generation) {
  return deployment && deployment->generation == generation;
}

bool is_deploying(const Endpoint& endpoint) {
  return endpoint.resource.status == "Creating" || endpoint.resource.status == "Updating";
}

/// Live attempts of one deployment.
std::vector<Attempt> attempts_of(Call& call, const Endpoint& endpoint, int64_t generation) {
  auto attempts = live_attempts_of(call.txn, Kind::endpoint, endpoint.resource.name);
  std::erase_if(attempts, [&](const Attempt& one) { return one.generation != generation; });
  return attempts;
}

std::chrono::seconds startup_limit(const ProductionVariant& variant) {
  auto download = variant.model_data_download_timeout_in_seconds;
  auto ping = variant.container_startup_health_check_timeout_in_seconds;
  return (download ? std::chrono::seconds(*download) : kDownloadTimeout) +
         std::chrono::seconds(ping.value_or(kPingTimeoutSeconds)) + kStartupSlack;
}

void start_instance(Call& call, const Endpoint& endpoint, const Deployment& deployment,
                    const Variant& variant, int64_t slot, int64_t failures) {
  Attempt attempt;
  attempt.owner_kind = Kind::endpoint;
  attempt.owner = endpoint.resource.name;
  attempt.role_arn = variant.model.execution_role_arn.value_or("");
  attempt.generation = deployment.generation;
  attempt.variant = variant.config.variant_name;
  attempt.slot = slot;
  attempt.failures = failures;
  insert_attempt(call, attempt, {kHost});
  submit_attempt(call, attempt, {kHost},
                 serving_plan(call.site, variant.config, variant.model, attempt));
  post_deadline(call, attempt.id, "startup", call.now + startup_limit(variant.config));
}

/// Starts an instance in every slot of the deployment that has none. While the daemon ends, slots
/// stay empty: restore_endpoints fills them at its next start, whether or not what was told to end
/// has ended.
void fill_slots(Call& call, const Endpoint& endpoint, const Deployment& deployment) {
  if (is_stopping(call.txn)) return;
  std::set<std::pair<std::string, int64_t>> taken;
  for (const Attempt& attempt : attempts_of(call, endpoint, deployment.generation)) {
    if (!attempt.cancelled) taken.emplace(attempt.variant, attempt.slot);
  }
  for (const Variant& variant : deployment.variants) {
    for (int64_t slot = 0; slot < variant.config.initial_instance_count.value_or(0); ++slot) {
      if (taken.contains({variant.config.variant_name, slot})) continue;
      start_instance(call, endpoint, deployment, variant, slot, 0);
    }
  }
}

void cancel_generation(Call& call, const Endpoint& endpoint, int64_t generation) {
  for (Attempt& attempt : attempts_of(call, endpoint, generation)) cancel_attempt(call, attempt);
}

/// The new instances all serve: requests go to them from here on, and the old ones end.
void switch_deployments(Call& call, Endpoint& endpoint) {
  if (endpoint.active) cancel_generation(call, endpoint, endpoint.active->generation);
  endpoint.active = std::move(endpoint.pending);
  endpoint.pending.reset();
  set_status(call, endpoint, "InService");
  bump_routes(call.txn);
  announce(call, endpoint);
}

std::string start_failure(const Attempt& attempt, const Instance& instance) {
  if (instance.error == "ClientError" || instance.outcome == "lost" ||
      instance.error == "InternalServerError") {
    return failure_reason(instance.error, instance.reason);
  }
  return "The primary container for production variant " + attempt.variant +
         " did not pass the ping health check. Please check CloudWatch logs for this endpoint.";
}

/// RollingBack ends when the last instance of the failed deployment has.
void finish_rollback(Call& call, Endpoint& endpoint) {
  if (!attempts_of(call, endpoint, endpoint.pending->generation).empty()) return;
  endpoint.pending.reset();
  set_status(call, endpoint, "InService");
  announce(call, endpoint);
}

/// An instance of the pending deployment cannot start: a new endpoint has failed, an updated one
/// goes back to what it served before.
void fail_deployment(Call& call, Endpoint& endpoint, std::string reason) {
  endpoint.failure = std::move(reason);
  cancel_generation(call, endpoint, endpoint.pending->generation);
  set_status(call, endpoint, endpoint.active ? "RollingBack" : "Failed");
  announce(call, endpoint);
  if (endpoint.active) finish_rollback(call, endpoint);
}

void finish_delete(Call& call, const Endpoint& endpoint) {
  if (!live_attempts_of(call.txn, Kind::endpoint, endpoint.resource.name).empty()) return;
  remove_resource(call.txn, Kind::endpoint, endpoint.resource.name);
}

/// 1 s, 2 s, 4 s … 60 s after the first, second, third … failure in a row.
std::chrono::seconds replace_delay(int64_t failures) {
  constexpr int64_t kDoublingsMax = 6;
  std::chrono::seconds delay(int64_t{1} << std::min(failures, kDoublingsMax));
  return std::min(delay, kReplaceDelayMax);
}

void schedule_replacement(Call& call, const Attempt& dead) {
  bool steady = dead.serving_since && call.now - *dead.serving_since >= kSteadyAfter;
  int64_t failures = steady ? 0 : dead.failures;
  post_deadline(call, dead.id, "replace", call.now + replace_delay(failures),
                {{"endpoint", dead.owner},
                 {"generation", dead.generation},
                 {"variant", dead.variant},
                 {"slot", dead.slot},
                 {"failures", failures + 1}});
}

/// All instances of a deployment serve?
bool is_complete(Call& call, const Endpoint& endpoint, const Deployment& deployment) {
  auto serving = serving_instances(call.txn, endpoint.resource.name, deployment.generation);
  return static_cast<int64_t>(serving.size()) >= deployment.instance_count();
}

void came_into_service(Call& call, Endpoint& endpoint, const Attempt& attempt) {
  if (is_generation(endpoint.active, attempt.generation)) {
    bump_routes(call.txn);
    if (endpoint.resource.status == "SystemUpdating" &&
        is_complete(call, endpoint, *endpoint.active)) {
      set_status(call, endpoint, "InService");
      announce(call, endpoint);
    }
  } else if (is_generation(endpoint.pending, attempt.generation) && is_deploying(endpoint) &&
             is_complete(call, endpoint, *endpoint.pending)) {
    switch_deployments(call, endpoint);
  }
}

/// Whether another instance was started in its slot: the end of the daemon took this one, and its
/// own end is no misfortune.
bool has_successor(Call& call, const Endpoint& endpoint, const Attempt& attempt) {
  auto live = attempts_of(call, endpoint, attempt.generation);
  return std::any_of(live.begin(), live.end(), [&](const Attempt& one) {
    return one.id != attempt.id && one.variant == attempt.variant && one.slot == attempt.slot;
  });
}

/// What agents had to tell while the daemon was away arrives after its start: no deadline may come
/// before it.
void extend_startups(Call& call, const Endpoint& endpoint, const Deployment& deployment) {
  for (const Attempt& attempt : attempts_of(call, endpoint, deployment.generation)) {
    if (attempt.cancelled || attempt.serving_since) continue;
    const Variant* variant = deployment.find(attempt.variant);
    TRAINYARD_ASSERT(variant != nullptr);
    Time due = std::max(attempt.created + startup_limit(variant->config),
                        call.now + kStartupSlack);
    outbox::cancel(call.txn, "sagemaker.deadline", attempt.id);  // it has no other before it serves
    post_deadline(call, attempt.id, "startup", due);
  }
}

void restore_endpoint(Call& call, Endpoint& endpoint) {
  const std::string& status = endpoint.resource.status;
  if (status == "Deleting") return finish_delete(call, endpoint);
  if (status == "Failed") return;
  if (endpoint.active) {
    fill_slots(call, endpoint, *endpoint.active);
    extend_startups(call, endpoint, *endpoint.active);
    auto serving =
        serving_instances(call.txn, endpoint.resource.name, endpoint.active->generation);
    if (status == "InService" && serving.empty()) {
      set_status(call, endpoint, "SystemUpdating");
      announce(call, endpoint);
    }
  }
  if (endpoint.resource.status == "RollingBack") return finish_rollback(call, endpoint);
  if (!endpoint.pending) return;
  fill_slots(call, endpoint, *endpoint.pending);
  extend_startups(call, endpoint, *endpoint.pending);
}

}  // namespace

void start_endpoint(Call& call, const CreateEndpointInput& input, Deployment deployment) {
  Endpoint endpoint;
  endpoint.resource = {Kind::endpoint, input.endpoint_name, "Creating", call.now, call.now,
                       wire::to_json(input), {}};
  endpoint.resource.request.erase("Tags");
  if (input.deployment_config) endpoint.deployment_config = wire::to_json(*input.deployment_config);
  deployment.generation = endpoint.generations = 1;
  endpoint.pending = std::move(deployment);
  insert_resource(call.txn, to_resource(endpoint));
  if (input.tags) put_tags(call.txn, Kind::endpoint, input.endpoint_name, *input.tags);
  fill_slots(call, endpoint, *endpoint.pending);
  announce(call, endpoint);
}

void update_endpoint(Call& call, Endpoint& endpoint, Deployment deployment) {
  deployment.generation = ++endpoint.generations;
  endpoint.pending = std::move(deployment);
  endpoint.failure.clear();
  set_status(call, endpoint, "Updating");
  fill_slots(call, endpoint, *endpoint.pending);
  announce(call, endpoint);
}

void retire_endpoint(Call& call, Endpoint& endpoint) {
  set_status(call, endpoint, "Deleting");
  for (Attempt& attempt : live_attempts_of(call.txn, Kind::endpoint, endpoint.resource.name)) {
    cancel_attempt(call, attempt);
  }
  bump_routes(call.txn);
  announce(call, endpoint);
  finish_delete(call, endpoint);
}

void serving_phase(Call& call, Attempt& attempt, std::string_view host, std::string_view phase,
                   Time at) {
  auto instance = find_instance(call.txn, attempt.id, host);
  if (!instance || instance->ended || instance->phase == phase) return;
  // Before it has been in service, an instance that does not answer is one that still starts.
  if (phase == "Unhealthy" && instance->phase != "InService") return;
  set_phase(call.txn, attempt, host, phase, at);
  auto endpoint = find_endpoint(call.txn, attempt.owner);
  if (phase == "InService") {
    if (!attempt.serving_since) {
      attempt.serving_since = call.now;
      set_serving_since(call.txn, attempt, attempt.serving_since);
    }
    if (endpoint) came_into_service(call, *endpoint, attempt);
  } else {
    bump_routes(call.txn);
    post_deadline(call, attempt.id, "unhealthy", call.now + kUnhealthyMax,
                  {{"since", to_millis(at)}});
  }
}

void serving_ended(Call& call, Attempt& attempt, const Instance& instance) {
  if (!end_instance(call.txn, attempt, instance)) return;
  close_attempt(call, attempt);
  bump_routes(call.txn);
  auto endpoint = find_endpoint(call.txn, attempt.owner);
  if (!endpoint) return;
  if (endpoint->resource.status == "Deleting") return finish_delete(call, *endpoint);
  if (has_successor(call, *endpoint, attempt)) return;
  if (is_generation(endpoint->pending, attempt.generation)) {
    if (endpoint->resource.status == "RollingBack") return finish_rollback(call, *endpoint);
    if (is_deploying(*endpoint) && !is_stopping(call.txn)) {
      fail_deployment(call, *endpoint, start_failure(attempt, instance));
    }
  } else if (is_generation(endpoint->active, attempt.generation) && !is_stopping(call.txn)) {
    schedule_replacement(call, attempt);
  }
}

void startup_expired(Call& call, Attempt& attempt) {
  if (attempt.ended || attempt.cancelled || attempt.serving_since) return;
  cancel_attempt(call, attempt);
  auto endpoint = find_endpoint(call.txn, attempt.owner);
  if (endpoint && is_generation(endpoint->pending, attempt.generation) &&
      is_deploying(*endpoint)) {
    fail_deployment(call, *endpoint, start_failure(attempt, {}));
  }
}

void unhealthy_expired(Call& call, Attempt& attempt, Time unhealthy_since) {
  auto instance = find_instance(call.txn, attempt.id, kHost);
  bool still = instance && !instance->ended && instance->phase == "Unhealthy" &&
               instance->phase_since == unhealthy_since;
  if (still) cancel_attempt(call, attempt);
}

void replace_instance(Call& call, const json::object& payload) {
  auto endpoint = find_endpoint(call.txn, stored_text(payload, "endpoint"));
  const int64_t generation = stored_integer(payload, "generation");
  if (!endpoint || !is_generation(endpoint->active, generation) ||
      endpoint->resource.status == "Deleting" || is_stopping(call.txn)) {
    return;
  }
  const std::string name = stored_text(payload, "variant");
  const int64_t slot = stored_integer(payload, "slot");
  for (const Attempt& attempt : attempts_of(call, *endpoint, generation)) {
    if (attempt.variant == name && attempt.slot == slot) return;
  }
  const Variant* variant = endpoint->active->find(name);
  TRAINYARD_ASSERT(variant != nullptr);
  start_instance(call, *endpoint, *endpoint->active, *variant, slot,
                 stored_integer(payload, "failures"));
}

void stop_endpoints(Call& call) {
  for (const std::string& name : resource_names(call.txn, Kind::endpoint)) {
    for (Attempt& attempt : live_attempts_of(call.txn, Kind::endpoint, name)) {
      cancel_attempt(call, attempt);
    }
  }
  bump_routes(call.txn);
}

void restore_endpoints(Call& call) {
  for (const std::string& name : resource_names(call.txn, Kind::endpoint)) {
    auto endpoint = find_endpoint(call.txn, name);
    if (endpoint) restore_endpoint(call, *endpoint);
  }
}

}  // namespace trainyard::sagemaker
