// Parallel and Map: branches inside of a branch.
#include <fmt/format.h>

#include <algorithm>

#include "asl/interpreter.hpp"

namespace trainyard::asl {

void Interpreter::start_parallel() {
  auto input = effective_input();
  auto filled = input ? fill(state_->parameters, std::move(*input)) : std::nullopt;
  if (!filled || !within_limits(**filled, dump(**filled).size(), branch_->state)) return;
  const std::size_t size = state_->branches.size();
  if (!room_for(size, weight_of(**filled))) return;
  const int64_t started = add_of_state("StateStarted");
  branch_->phase = Phase::grouped;
  Group& group = branch_->group.emplace();
  group.size = group.limit = size;
  for (const Flow& flow : state_->branches) start_child(flow, **filled, started);
}

void Interpreter::start_map() {
  auto input = effective_input();
  if (!input) return;
  auto items = state_->items_path.find(scope_of(**input));
  if (!items || !items->is_array()) {
    return fail_runtime(
        fmt::format("Reference path \"{}\" must point to array.", state_->items_path.text()));
  }
  bool ok = true;
  auto limit = number_of(state_->max_concurrency, state_->max_concurrency_path,
                         "MaxConcurrencyPath", **input, 0, kConcurrencyMax, ok);
  if (!ok) return;
  const std::size_t size = items->get_array().size();
  const int64_t started =
      add_of_state("StateStarted", "mapStateStartedEventDetails", {{"length", size}});
  branch_->phase = Phase::grouped;
  Group& group = branch_->group.emplace();
  group.items.emplace(items->get_array());
  group.size = size;
  int64_t most = limit.value_or(0) == 0 ? kInlineConcurrencyMax : *limit;
  group.limit = static_cast<std::size_t>(std::min(most, kInlineConcurrencyMax));
  if (size == 0) return finish_group();
  start_iterations(started);
}

/// As many as may run at a time, each caused by `previous`.
void Interpreter::start_iterations(int64_t previous) {
  const Group& group = *branch_->group;
  while (!full_ && group.started() < group.size && group.started() - group.ended < group.limit) {
    auto input = item_input(group.started());
    if (!input || !room_for(1, weight_of(*input))) return;
    start_child(state_->branches.front(), std::move(*input), previous);
  }
}

/// What the iteration begins with; nullopt after the failure was handled.
std::optional<json::value> Interpreter::item_input(std::size_t index) {
  const json::value& item = branch_->group->items->at(index);
  if (!state_->item_selector) return item;
  context();
  context_->as_object()["Map"] = {
      {"Item", {{"Index", static_cast<int64_t>(index)}, {"Value", item}}}};
  context_of_.reset();
  auto input = effective_input();
  if (!input) return std::nullopt;
  Scope scope{**input, *context_, visits_};
  auto selected = value_of(state_->item_selector->fill(scope, random_));
  if (selected && within_limits(*selected, dump(*selected).size(), branch_->state)) return selected;
  return std::nullopt;
}

bool Interpreter::room_for(std::size_t count, std::size_t weight) {
  // Each of them is good for one event at least.
  const Snapshot& snapshot = out_.snapshot;
  const auto events = static_cast<std::size_t>(facts_.events_max - snapshot.last_event);
  full_ = full_ || snapshot.branches.size() + count > events;
  if (full_) return false;
  if (open_weight_ + count * (weight + kBranchWeight) <= kOpenInputsMax) return true;
  fail_runtime("The data of the branches that run at a time is too large together.");
  return false;
}

bool Interpreter::hold(const json::value& data) {
  if (id_ == kRoot) return true;
  const std::size_t weight = weight_of(data) + kBranchWeight;
  open_weight_ += weight - branch_->weight;
  branch_->weight = weight;
  return open_weight_ <= kOpenInputsMax || room_for(0, 0);
}

/// Begins the next branch or iteration of the group in focus, which stays in focus.
void Interpreter::start_child(const Flow& flow, json::value input, int64_t previous) {
  Snapshot& snapshot = out_.snapshot;
  const int64_t parent = id_;
  Branch child;
  child.parent = parent;
  child.index = branch_->group->started();
  branch_->group->results.push(nullptr);
  child.state = flow.start_at;
  child.weight = weight_of(input) + kBranchWeight;
  child.input = std::move(input);
  child.last_event = previous;
  open_weight_ += child.weight;
  const int64_t id = snapshot.next_branch++;
  snapshot.branches.emplace(id, std::move(child));
  focus(id);
  if (is_iteration()) add_iteration_event("Started");
  make_ready(Phase::entering);
  focus(parent);
}

bool Interpreter::is_iteration() const {
  return branch_->parent && out_.snapshot.branches.at(*branch_->parent).group->items.has_value();
}

void Interpreter::add_iteration_event(std::string_view what) {
  const Branch& parent = out_.snapshot.branches.at(*branch_->parent);
  add(fmt::format("MapIteration{}", what), fmt::format("mapIteration{}EventDetails", what),
      {{"name", parent.state}, {"index", branch_->index}});
}

/// A branch or iteration has come to its end.
void Interpreter::end_branch(json::value output) {
  const int64_t cause = branch_->last_event;
  if (is_iteration()) add_iteration_event("Succeeded");
  const int64_t last = branch_->last_event;
  const int64_t child = id_;
  const std::size_t index = branch_->index;
  open_weight_ -= branch_->weight;
  focus(*branch_->parent);
  out_.snapshot.branches.erase(child);
  Group& group = *branch_->group;
  ++group.ended;
  group.weight += weight_of(output);
  // What is too much in the end need not be kept until then.
  if (group.weight <= kPayloadBytesMax) group.results.set(index, std::move(output));
  branch_->last_event = last;
  if (group.complete()) return finish_group();
  if (group.items) start_iterations(cause);
}

/// Success and exit have the same cause.
void Interpreter::finish_group() {
  Group group = std::move(*branch_->group);
  branch_->group.reset();
  branch_->phase = Phase::ended;
  const int64_t cause = branch_->last_event;
  add_of_state("StateSucceeded");
  branch_->last_event = cause;
  restore_input();
  json::value result = group.results.all();
  const std::size_t bytes = std::max(group.weight, dump(result).size());
  if (!within_limits(result, bytes, branch_->state)) return;
  auto selected = fill(state_->result_selector, Seen::made(std::move(result)));
  if (selected) leave_with(std::move(*selected), state_->next);
}

Interpreter::Tree Interpreter::tree() const {
  Tree tree;
  for (const auto& [id, branch] : out_.snapshot.branches) {
    if (branch.parent) tree[*branch.parent].push_back(id);
  }
  return tree;
}

void Interpreter::break_group(std::optional<int64_t> failed) {
  if (branch_->phase != Phase::grouped) return;
  const int64_t parent = id_;
  Tree all = tree();
  for (int64_t child : all[parent]) {
    if (child != failed) abort_branch(child, all);
  }
  focus(parent);
  branch_->phase = Phase::ended;
  add_of_state("StateFailed");
}

void Interpreter::abort_branch(int64_t id, const Tree& tree) {
  focus(id);
  if (branch_->phase == Phase::restarting) {
    branch_->phase = branch_->group ? Phase::grouped : Phase::aborted;
  }
  if (auto inside = tree.find(id); inside != tree.end()) {
    for (int64_t child : inside->second) abort_branch(child, tree);
    focus(id);
  }
  give_up_work();
  const int64_t last = branch_->last_event;  // StateAborted causes nothing
  if (branch_->phase == Phase::grouped || branch_->phase == Phase::aborted) {
    add_of_state("StateAborted");
  }
  branch_->last_event = last;
  if (is_iteration()) add_iteration_event("Aborted");
}

/// Branches are younger than what they are inside of.
void Interpreter::drop_group() {
  if (!branch_->group) return;
  branch_->group.reset();
  auto& branches = out_.snapshot.branches;
  std::set<int64_t> dropped{id_};
  for (auto it = branches.upper_bound(id_); it != branches.end();) {
    if (!dropped.contains(it->second.parent.value_or(id_ - 1))) {
      ++it;
      continue;
    }
    dropped.insert(it->first);
    open_weight_ -= it->second.weight;
    it = branches.erase(it);
  }
}

void Interpreter::restart(int64_t id, int64_t previous, const Tree& tree) {
  focus(id);
  branch_->last_event = previous;
  if (is_iteration()) add_iteration_event("Started");
  if (branch_->phase == Phase::entering) return ready_.push_back(id);
  branch_->retries.assign(state_->retriers.size(), 0);
  if (branch_->phase != Phase::grouped) return make_ready(Phase::restarting);
  // A Map comes before its iterations: it may have room for more of them.
  if (branch_->group->items) make_ready(Phase::restarting);
  const int64_t last = branch_->last_event;
  auto inside = tree.find(id);
  if (inside == tree.end()) return;
  for (int64_t child : inside->second) restart(child, last, tree);
}

}  // namespace trainyard::asl
