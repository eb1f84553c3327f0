#include "services/sagemaker/notebook_life.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "services/sagemaker/events.hpp"
#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/plan.hpp"
#include "services/sagemaker/reasons.hpp"
#include "services/sagemaker/tags.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr const char* kHost = kServingHost;
/// The agent itself keeps the limit on the first answer; this holds when it cannot.
constexpr std::chrono::seconds kStartupLimit =
    std::chrono::seconds(kNotebookStartSeconds) + kStartupSlack;
constexpr int kVolumeSuffixCharacters = 8;

constexpr std::string_view kResting[] = {"Stopped", "Failed"};
constexpr std::string_view kServing[] = {"InService"};

void announce(Call& call, const Notebook& notebook) {
  update_resource(call.txn, to_resource(notebook));
  post_state_change(call, Kind::notebook_instance, notebook.resource.name,
                    "SageMaker Notebook Instance State Change", describe(call.site, notebook));
}

void enter(Call& call, Notebook& notebook, std::string_view status) {
  notebook.resource.status = status;
  notebook.resource.modified = call.now;
}

void fail(Call& call, Notebook& notebook, std::string reason) {
  enter(call, notebook, "Failed");
  notebook.failure = std::move(reason);
  announce(call, notebook);
}

bool is_to_run(const Notebook& notebook) {
  return notebook.resource.status == "Pending" || notebook.resource.status == "InService";
}

std::vector<Attempt> live_attempts_of(Call& call, const Notebook& notebook) {
  return live_attempts_of(call.txn, Kind::notebook_instance, notebook.resource.name);
}

/// Whether it waits to be started.
bool is_waiting(const Notebook& notebook) {
  return notebook.resource.status == "Pending" && notebook.attempt.empty();
}

/// Starts one that waits, unless something of it still runs, which has its volume: then the end of
/// that starts it. While the daemon ends it goes on waiting, for restore_notebooks.
void start_if_possible(Call& call, Notebook& notebook) {
  if (is_stopping(call.txn) || !live_attempts_of(call, notebook).empty()) return;
  Attempt attempt;
  attempt.owner_kind = Kind::notebook_instance;
  attempt.owner = notebook.resource.name;
  attempt.role_arn = notebook.settings.role_arn;
  insert_attempt(call, attempt, {kHost});
  notebook.attempt = attempt.id;
  submit_attempt(call, attempt, {kHost}, notebook_plan(call.site, notebook, attempt));
  post_deadline(call, attempt.id, "startup", call.now + kStartupLimit);
}

/// The resource must be stored by now.
void begin(Call& call, Notebook& notebook) {
  enter(call, notebook, "Pending");
  notebook.attempt.clear();
  notebook.failure.clear();
  start_if_possible(call, notebook);
  announce(call, notebook);
}

/// Stopping ends with the last that ran.
void finish_stop(Call& call, Notebook& notebook) {
  if (!live_attempts_of(call, notebook).empty()) return;
  enter(call, notebook, "Stopped");
  announce(call, notebook);
}

void finish_delete(Call& call, const Notebook& notebook) {
  if (!live_attempts_of(call, notebook).empty()) return;
  remove_resource(call.txn, Kind::notebook_instance, notebook.resource.name);
  outbox::post(call.txn, "compute.volume.remove", notebook.volume, {}, call.now);
}

/// Whether what has ended deserves another start: it had served for a while, or the machine took
/// it.
bool is_steady(Call& call, const Attempt& attempt, const Instance& instance) {
  const bool served = attempt.serving_since && call.now - *attempt.serving_since >= kSteadyAfter;
  return served || (instance.outcome == "lost" && is_of_earlier_boot(call.txn, attempt.created));
}

/// What its owner reads. What was no fault of ours needs no word for whose it was.
std::string reason_of(const Instance& instance) {
  const bool ours = instance.outcome == "lost" || instance.error == "InternalServerError";
  if (ours) return failure_reason(instance.error, instance.reason);
  if (instance.outcome == "succeeded") return "The notebook instance's Jupyter was shut down.";
  return failure_text(instance.reason);
}

void restore_notebook(Call& call, Notebook& notebook) {
  if (notebook.resource.status == "Deleting") return finish_delete(call, notebook);
  if (notebook.resource.status == "Stopping") return finish_stop(call, notebook);
  auto attempts = live_attempts_of(call, notebook);
  auto current = std::find_if(attempts.begin(), attempts.end(), [&](const Attempt& attempt) {
    return attempt.id == notebook.attempt;
  });
  const bool lives = current != attempts.end() && !current->cancelled;
  if (is_to_run(notebook) && !lives) return begin(call, notebook);
  if (!lives || current->serving_since) return;
  // What its agent had to tell meanwhile arrives after this: no deadline may come before it.
  outbox::cancel(call.txn, "sagemaker.deadline", current->id);
  post_deadline(call, current->id, "startup",
                std::max(current->created + kStartupLimit, call.now + kStartupSlack));
}

}  // namespace

const NotebookWish kStartNotebook{"Pending", kResting};
const NotebookWish kStopNotebook{"Stopping", kServing};
const NotebookWish kUpdateNotebook{"Updating", kResting};
const NotebookWish kDeleteNotebook{"Deleting", kResting};

void check_wish(const Site& site, const Notebook& notebook, const NotebookWish& wish) {
  const std::string& status = notebook.resource.status;
  if (std::find(wish.from.begin(), wish.from.end(), status) != wish.from.end()) return;
  const std::vector<std::string> allowed(wish.from.begin(), wish.from.end());
  throw invalid("Status (" + status + ") not in ([" + join(allowed, ", ") +
                "]). Unable to transition to (" + std::string(wish.to) +
                ") for Notebook Instance (" + arn_of(site, notebook) + ").");
}

void create_notebook(Call& call, const CreateNotebookInstanceInput& input) {
  Notebook notebook;
  notebook.settings = input;
  notebook.settings.tags.reset();
  const std::string key = notebook_key(input.notebook_instance_name);
  notebook.resource = {Kind::notebook_instance,        key, "Pending", call.now, call.now,
                       wire::to_json(notebook.settings), {}};
  // Not the name alone: what was deleted may be made anew while its volume is still being removed.
  notebook.volume = key + "-" + call.random.hex(kVolumeSuffixCharacters);
  insert_resource(call.txn, to_resource(notebook));
  if (input.tags) put_tags(call.txn, Kind::notebook_instance, key, *input.tags);
  begin(call, notebook);
}

void start_notebook(Call& call, Notebook& notebook) { begin(call, notebook); }

void stop_notebook(Call& call, Notebook& notebook) {
  enter(call, notebook, "Stopping");
  for (Attempt& attempt : live_attempts_of(call, notebook)) cancel_attempt(call, attempt);
  announce(call, notebook);
  finish_stop(call, notebook);
}

void update_notebook(Call& call, Notebook& notebook) {
  enter(call, notebook, "Stopped");
  notebook.failure.clear();
  notebook.resource.request = wire::to_json(notebook.settings);
  update_request(call.txn, notebook.resource);
  announce(call, notebook);
}

void delete_notebook(Call& call, Notebook& notebook) {
  enter(call, notebook, "Deleting");
  for (Attempt& attempt : live_attempts_of(call, notebook)) cancel_attempt(call, attempt);
  announce(call, notebook);
  finish_delete(call, notebook);
}

void notebook_phase(Call& call, Attempt& attempt, std::string_view host, std::string_view phase,
                    Time at) {
  auto instance = find_instance(call.txn, attempt.id, host);
  if (!instance || instance->ended || instance->phase == phase) return;
  set_phase(call.txn, attempt, host, phase, at);
  if (phase != "InService" || attempt.serving_since) return;
  attempt.serving_since = call.now;
  set_serving_since(call.txn, attempt, attempt.serving_since);
  auto notebook = find_notebook(call.txn, attempt.owner);
  if (!notebook || notebook->attempt != attempt.id || notebook->resource.status != "Pending") {
    return;
  }
  enter(call, *notebook, "InService");
  announce(call, *notebook);
}

void notebook_ended(Call& call, Attempt& attempt, const Instance& instance) {
  if (!end_instance(call.txn, attempt, instance)) return;
  close_attempt(call, attempt);
  auto notebook = find_notebook(call.txn, attempt.owner);
  if (!notebook) return;
  if (notebook->resource.status == "Deleting") return finish_delete(call, *notebook);
  if (notebook->resource.status == "Stopping") return finish_stop(call, *notebook);
  if (is_waiting(*notebook)) {
    start_if_possible(call, *notebook);
    return update_resource(call.txn, to_resource(*notebook));
  }
  if (notebook->attempt != attempt.id || !is_to_run(*notebook) || is_stopping(call.txn)) return;
  if (is_steady(call, attempt, instance)) return begin(call, *notebook);
  fail(call, *notebook, reason_of(instance));
}

void notebook_start_expired(Call& call, Attempt& attempt) {
  if (attempt.cancelled || attempt.serving_since) return;
  cancel_attempt(call, attempt);
  auto notebook = find_notebook(call.txn, attempt.owner);
  if (!notebook || notebook->attempt != attempt.id || !is_to_run(*notebook)) return;
  fail(call, *notebook,
       "The notebook instance did not come into service in time. Please check its CloudWatch "
       "logs.");
}

void stop_notebooks(Call& call) {
  for (const std::string& key : resource_names(call.txn, Kind::notebook_instance)) {
    for (Attempt& attempt : live_attempts_of(call.txn, Kind::notebook_instance, key)) {
      cancel_attempt(call, attempt);
    }
  }
}

void restore_notebooks(Call& call) {
  for (const std::string& key : resource_names(call.txn, Kind::notebook_instance)) {
    auto notebook = find_notebook(call.txn, key);
    if (notebook) restore_notebook(call, *notebook);
  }
}

}  // namespace trainyard::sagemaker
