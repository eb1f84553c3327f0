#include "sdk/states.hpp"

#include <set>

#include "base/error.hpp"

namespace trainyard::sdk {
namespace {

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

json::array& array_in(json::object& fields, const char* name) {
  json::value& value = fields[name];
  if (!value.is_array()) value = json::array();
  return value.get_array();
}

/// The definitions inside a Parallel or Map state.
std::vector<const json::object*> inner_definitions(const json::object& state) {
  std::vector<const json::object*> inner;
  if (const json::array* branches = find_array(state, "Branches")) {
    for (const json::value& branch : *branches) {
      if (branch.is_object()) inner.push_back(&branch.get_object());
    }
  }
  for (const char* name : {"ItemProcessor", "Iterator"}) {
    if (const json::object* processor = find_object(state, name)) inner.push_back(processor);
  }
  return inner;
}

void add_names(const std::string& name, const json::object& state, std::set<std::string>& names) {
  if (!names.insert(name).second) {
    throw SystemError("two states of the workflow are called '" + name + "'");
  }
  for (const json::object* definition : inner_definitions(state)) {
    const json::object* states = find_object(*definition, "States");
    if (states == nullptr) continue;
    for (const auto& [key, value] : *states) {
      if (value.is_object()) add_names(std::string(key), value.get_object(), names);
    }
  }
}

json::object processor_of(const Definition& definition) {
  json::object processor = {{"ProcessorConfig", {{"Mode", "INLINE"}}}};
  for (const auto& member : definition.to_json()) processor[member.key()] = member.value();
  return processor;
}

}  // namespace

json::object Retry::to_json() const {
  json::object object = {{"ErrorEquals", to_array(error_equals)}};
  if (interval_seconds) object["IntervalSeconds"] = *interval_seconds;
  if (max_attempts) object["MaxAttempts"] = *max_attempts;
  if (backoff_rate) object["BackoffRate"] = as_written(*backoff_rate);
  if (max_delay_seconds) object["MaxDelaySeconds"] = *max_delay_seconds;
  if (jitter) object["JitterStrategy"] = *jitter == Jitter::full ? "FULL" : "NONE";
  return object;
}

json::object Catch::to_json() const {
  json::object object = {{"ErrorEquals", to_array(error_equals)}};
  if (!result_path.empty()) object["ResultPath"] = result_path;
  object["Next"] = next;
  return object;
}

State& State::set(const std::string& field, json::value value) {
  fields_[field] = std::move(value);
  return *this;
}

State& State::set(const std::string& field, const Parameters& parameters) {
  fields_[field] = parameters.members();
  return *this;
}

State& State::next(std::string name) {
  if (type_ == "Succeed" || type_ == "Fail") {
    throw SystemError("a " + type_ + " state has no next: " + name_);
  }
  if (type_ == "Choice") {
    tail_["Default"] = name;
  } else {
    next_ = std::move(name);
  }
  return *this;
}

State& State::retry(const Retry& retry) {
  retries_.push_back(retry.to_json());
  return *this;
}

State& State::on_error(const Catch& handler) {
  catchers_.push_back(handler.to_json());
  return *this;
}

bool State::has_default() const { return tail_.contains("Default"); }

bool State::has_next_or_end() const {
  return type_ != "Choice" && type_ != "Succeed" && type_ != "Fail";
}

json::object State::to_json() const {
  json::object object = fields_;
  object["Type"] = type_;
  if (!next_.empty()) {
    object["Next"] = next_;
  } else if (has_next_or_end()) {
    object["End"] = true;
  }
  if (!retries_.empty()) object["Retry"] = retries_;
  if (!catchers_.empty()) object["Catch"] = catchers_;
  for (const auto& member : tail_) object[member.key()] = member.value();
  return object;
}

std::vector<std::string> State::targets() const {
  std::vector<std::string> names;
  if (!next_.empty()) names.push_back(next_);
  auto add_next_of = [&](const json::array* list) {
    if (list == nullptr) return;
    for (const json::value& entry : *list) {
      if (const auto name = find_string(entry.as_object(), "Next")) names.push_back(*name);
    }
  };
  add_next_of(find_array(tail_, "Choices"));
  add_next_of(&catchers_);
  if (const auto name = find_string(tail_, "Default")) names.push_back(*name);
  return names;
}

Pass::Pass(std::string name, json::value result) : State(std::move(name), "Pass") {
  fields()["Result"] = std::move(result);
}

std::string integration(const std::string& service, const std::string& operation,
                        Pattern pattern) {
  std::string arn = "arn:aws:states:::" + service + ":" + operation;
  if (pattern == Pattern::sync) arn += ".sync";
  if (pattern == Pattern::wait_for_task_token) arn += ".waitForTaskToken";
  return arn;
}

Task::Task(std::string name, const std::string& resource, const Parameters& parameters)
    : State(std::move(name), "Task") {
  fields()["Resource"] = resource;
  if (!parameters.members().empty()) fields()["Parameters"] = parameters.members();
}

Wait::Wait(std::string name, const char* field, json::value value)
    : State(std::move(name), "Wait") {
  fields()[field] = std::move(value);
}

Wait::Wait(std::string name, int seconds) : Wait(std::move(name), "Seconds", seconds) {}

Wait::Wait(std::string name, const Placeholder& seconds)
    : Wait(std::move(name), "SecondsPath", json::value(seconds.path())) {}

Wait Wait::until(std::string name, Time time) {
  return Wait(std::move(name), "Timestamp", json::value(iso8601(time)));
}

Wait Wait::until(std::string name, const Placeholder& timestamp) {
  return Wait(std::move(name), "TimestampPath", json::value(timestamp.path()));
}

Fail::Fail(std::string name, const std::string& error, const std::string& cause)
    : State(std::move(name), "Fail") {
  fields()["Error"] = error;
  fields()["Cause"] = cause;
}

Fail::Fail(std::string name, const Placeholder& error, const Placeholder& cause)
    : State(std::move(name), "Fail") {
  fields()["ErrorPath"] = error.path();
  fields()["CausePath"] = cause.path();
}

Choice& Choice::when(const Rule& rule, const std::string& next) {
  json::object entry = rule.members();
  entry["Next"] = next;
  array_in(tail(), "Choices").push_back(std::move(entry));
  return *this;
}

Choice& Choice::otherwise(const std::string& next) {
  tail()["Default"] = next;
  return *this;
}

Parallel& Parallel::add_branch(const Definition& definition) {
  array_in(tail(), "Branches").push_back(definition.to_json());
  return *this;
}

Map& Map::item_processor(const Definition& definition) {
  fields()["ItemProcessor"] = processor_of(definition);
  return *this;
}

Map& Map::iterator(const Definition& definition) {
  fields()["Iterator"] = definition.to_json();
  return *this;
}

Map& Map::items_path(const Path& path) {
  fields()["ItemsPath"] = path.text();
  return *this;
}

Map& Map::item_selector(const Parameters& parameters) {
  fields()["ItemSelector"] = parameters.members();
  return *this;
}

Map& Map::max_concurrency(int count) {
  fields()["MaxConcurrency"] = count;
  return *this;
}

Map& Map::max_concurrency(const Placeholder& count) {
  fields()["MaxConcurrencyPath"] = count.path();
  return *this;
}

Definition::Definition(const std::vector<State>& states) {
  if (states.empty()) throw SystemError("a workflow needs at least one state");
  std::set<std::string> here, names;
  json::object written;
  for (const State& state : states) {
    json::object value = state.to_json();
    add_names(state.name(), value, names);
    here.insert(state.name());
    written[state.name()] = std::move(value);
  }
  for (const State& state : states) {
    for (const std::string& target : state.targets()) {
      if (here.count(target) == 0) {
        throw SystemError("state '" + state.name() + "' goes to '" + target +
                          "', which is not in the workflow");
      }
    }
  }
  document_ = {{"StartAt", states.front().name()}, {"States", std::move(written)}};
}

Definition::Definition(const State& state) : Definition(std::vector<State>{state}) {}

Definition& Definition::set(const std::string& field, json::value value) {
  json::object document;
  for (const auto& member : document_) {
    if (member.key() == "StartAt") document[field] = value;
    if (member.key() != field) document[member.key()] = member.value();
  }
  document_ = std::move(document);
  return *this;
}

Definition Definition::from_json(json::object document) {
  Definition definition;
  definition.document_ = std::move(document);
  return definition;
}

std::string Definition::to_json_text(bool pretty) const {
  return pretty ? dump_pretty(document_) : dump(document_);
}

Definition chain(std::vector<State> states, const std::vector<State>& others) {
  for (std::size_t i = 0; i + 1 < states.size(); ++i) {
    if (!states[i].has_default()) states[i].next(states[i + 1].name());
  }
  states.insert(states.end(), others.begin(), others.end());
  return Definition(std::move(states));
}

}  // namespace trainyard::sdk
