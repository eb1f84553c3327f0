// Parallel and Map: branches inside of a branch.
#include <fmt/format.h>

#include <algorithm>

#include "asl/interpreter.hpp"

namespace trainyard::asl {

void Interpreter::start_parallel() {
  auto input = effective_input();
  auto filled = input ? fill(state_->parameters, std::move(*input)) : std::nullopt;
  if (!filled) return;
  const State& state = *state_;
  const std::size_t size = state.branches.size();
  if (!room_for(size * weight_of(**filled))) return;
  const int64_t parent = id_;
  const int64_t started = add_of_state("StateStarted");
  branch_->phase = Phase::grouped;
  Group& group = branch_->group.emplace();
  group.results = Blocks(size);
  group.limit = size;
  for (const Flow& flow : state.branches) {
    start_child(flow, **filled, started);
    focus(parent);
  }
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
                         "MaxConcurrencyPath", **input, 0, ok);
  if (!ok) return;
  const std::size_t size = items->get_array().size();
  const int64_t started =
      add_of_state("StateStarted", "mapStateStartedEventDetails", {{"length", size}});
  branch_->phase = Phase::grouped;
  Group& group = branch_->group.emplace();
  group.items.emplace(items->get_array());
  group.results = Blocks(size);
  int64_t most = limit.value_or(0) == 0 ? kInlineConcurrencyMax : *limit;
  group.limit = static_cast<std::size_t>(std::min(most, kInlineConcurrencyMax));
  if (size == 0) return finish_group();
  start_iterations(started);
}

/// As many as may run at a time, each caused by `previous`.
void Interpreter::start_iterations(int64_t previous) {
  const int64_t parent = id_;
  while (!full_) {
    Group& group = *branch_->group;
    if (group.started == group.results.size() || group.started - group.ended >= group.limit) return;
    auto input = item_input(group.started);
    if (!input || !room_for(weight_of(*input))) return;
    start_child(state_->branches.front(), std::move(*input), previous);
    focus(parent);
  }
}

/// What the iteration begins with; nullopt after the failure was handled.
std::optional<json::value> Interpreter::item_input(std::size_t index) {
  const json::value& item = branch_->group->items->at(index);
  if (!state_->item_selector) return item;
  context();
  context_->as_object()["Map"] = {{"Item", {{"Index", index}, {"Value", item}}}};
  auto input = effective_input();
  if (!input) return std::nullopt;
  Scope scope{**input, *context_, visits_};
  auto filled = state_->item_selector->fill(scope, random_);
  context_of_.reset();
  return value_of(std::move(filled));
}

/// Whether inputs of that weight may be added to those of the branches that run.
bool Interpreter::room_for(std::size_t weight) {
  if (!open_inputs_) {
    open_inputs_ = 0;
    for (const auto& [id, open] : out_.snapshot.branches) {
      *open_inputs_ += open.group ? open.input_text.size() : weight_of(open.input);
    }
  }
  *open_inputs_ += weight;
  if (*open_inputs_ <= kOpenInputsMax) return true;
  fail_runtime("The inputs of the branches that run at a time are too large together.");
  return false;
}

/// Begins the next branch or iteration of the group in focus, and leaves it in focus.
void Interpreter::start_child(const Flow& flow, json::value input, int64_t previous) {
  Snapshot& snapshot = out_.snapshot;
  Branch child;
  child.parent = id_;
  child.index = branch_->group->started++;
  child.state = flow.start_at;
  child.input = std::move(input);
  child.last_event = previous;
  const int64_t id = snapshot.next_branch++;
  snapshot.branches.emplace(id, std::move(child));
  focus(id);
  if (is_iteration()) add_iteration_event("Started");
  make_ready(Phase::entering);
}

bool Interpreter::is_iteration() const {
  if (!branch_->parent) return false;
  return out_.snapshot.branches.at(*branch_->parent).group->items.has_value();
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

std::vector<int64_t> Interpreter::children_of(int64_t parent) const {
  std::vector<int64_t> children;
  for (const auto& [id, branch] : out_.snapshot.branches) {
    if (branch.parent == parent) children.push_back(id);
  }
  return children;
}

void Interpreter::break_group(std::optional<int64_t> failed) {
  if (branch_->phase != Phase::grouped) return;
  const int64_t parent = id_;
  for (int64_t child : children_of(parent)) {
    if (child != failed) abort_branch(child);
  }
  focus(parent);
  branch_->phase = Phase::ended;
  add_of_state("StateFailed");
}

void Interpreter::abort_branch(int64_t id) {
  focus(id);
  if (branch_->phase == Phase::grouped) {
    for (int64_t child : children_of(id)) abort_branch(child);
    focus(id);
  } else {
    give_up_work();
  }
  const int64_t last = branch_->last_event;  // StateAborted causes nothing
  if (branch_->phase == Phase::grouped || branch_->phase == Phase::aborted) {
    add_of_state("StateAborted");
  }
  branch_->last_event = last;
  if (is_iteration()) add_iteration_event("Aborted");
}

void Interpreter::drop_group() {
  if (!branch_->group) return;
  drop_children(id_);
  branch_->group.reset();
}

void Interpreter::drop_children(int64_t parent) {
  for (int64_t child : children_of(parent)) {
    drop_children(child);
    out_.snapshot.branches.erase(child);
  }
}

void Interpreter::restart(int64_t id, int64_t previous) {
  focus(id);
  branch_->last_event = previous;
  if (is_iteration()) add_iteration_event("Started");
  const int64_t last = branch_->last_event;
  if (branch_->phase == Phase::grouped) {
    auto children = children_of(id);
    for (int64_t child : children) restart(child, last);
    if (!children.empty()) return;
  }
  if (branch_->phase == Phase::entering) {
    ready_.push_back(id);
  } else {
    make_ready(Phase::restarting);
  }
}

}  // namespace trainyard::asl
