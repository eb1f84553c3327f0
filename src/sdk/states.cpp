#include "sdk/states.hpp"

#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

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

json::array members_of(const std::vector<Rule>& rules) {
  json::array array;
  for (const Rule& rule : rules) array.push_back(rule.members());
  return array;
}

// 3 rather than 3.0, as a person writes it.
json::value number(double value) {
  const auto whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) == value) return whole;
  return value;
}

}  // namespace

Placeholder Placeholder::operator[](const std::string& name) const {
  return Placeholder(path_ + "['" + replace_all(replace_all(name, "\\", "\\\\"), "'", "\\'") +
                     "']");
}

Placeholder Placeholder::operator[](int index) const {
  return Placeholder(path_ + "[" + std::to_string(index) + "]");
}

Placeholder Placeholder::dot(const std::string& name) const {
  return Placeholder(path_ + "." + name);
}

Parameters& Parameters::set(const std::string& name, json::value value) {
  members_[name] = std::move(value);
  return *this;
}

Parameters& Parameters::set(const std::string& name, const char* value) {
  return set(name, json::value(value));
}

Parameters& Parameters::set(const std::string& name, const std::string& value) {
  return set(name, json::value(value));
}

Parameters& Parameters::set(const std::string& name, const Placeholder& value) {
  members_[name + ".$"] = value.path();
  return *this;
}

Parameters& Parameters::set(const std::string& name, const Parameters& value) {
  members_[name] = value.members();
  return *this;
}

json::object Retry::to_json() const {
  return {{"ErrorEquals", to_array(error_equals)},
          {"IntervalSeconds", interval_seconds},
          {"MaxAttempts", max_attempts},
          {"BackoffRate", number(backoff_rate)}};
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
  if (!may_have_next()) throw SystemError("a " + type_ + " state has no next: " + name_);
  next_ = std::move(name);
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

bool State::may_have_next() const {
  return type_ != "Choice" && type_ != "Succeed" && type_ != "Fail";
}

json::object State::to_json() const {
  json::object object = fields_;
  object["Type"] = type_;
  if (!retries_.empty()) object["Retry"] = retries_;
  if (!catchers_.empty()) object["Catch"] = catchers_;
  if (!next_.empty()) {
    object["Next"] = next_;
  } else if (may_have_next()) {
    object["End"] = true;
  }
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
  add_next_of(find_array(fields_, "Choices"));
  add_next_of(&catchers_);
  if (const auto name = find_string(fields_, "Default")) names.push_back(*name);
  return names;
}

Pass::Pass(std::string name, json::value result) : State(std::move(name), "Pass") {
  fields()["Result"] = std::move(result);
}

Task::Task(std::string name, const std::string& resource, const Parameters& parameters)
    : State(std::move(name), "Task") {
  fields()["Resource"] = resource;
  if (!parameters.members().empty()) fields()["Parameters"] = parameters.members();
}

Wait::Wait(std::string name, int seconds) : State(std::move(name), "Wait") {
  fields()["Seconds"] = seconds;
}

Wait::Wait(std::string name, const Placeholder& seconds) : State(std::move(name), "Wait") {
  fields()["SecondsPath"] = seconds.path();
}

Fail::Fail(std::string name, const std::string& error, const std::string& cause)
    : State(std::move(name), "Fail") {
  fields()["Error"] = error;
  fields()["Cause"] = cause;
}

Rule Rule::compare(const std::string& variable, const std::string& comparison, json::value value) {
  return Rule(json::object{{"Variable", variable}, {comparison, std::move(value)}});
}

Rule Rule::string_equals(const std::string& variable, const std::string& value) {
  return compare(variable, "StringEquals", json::value(value));
}

Rule Rule::string_matches(const std::string& variable, const std::string& pattern) {
  return compare(variable, "StringMatches", json::value(pattern));
}

Rule Rule::numeric_equals(const std::string& variable, double value) {
  return compare(variable, "NumericEquals", number(value));
}

Rule Rule::numeric_greater_than(const std::string& variable, double value) {
  return compare(variable, "NumericGreaterThan", number(value));
}

Rule Rule::numeric_less_than(const std::string& variable, double value) {
  return compare(variable, "NumericLessThan", number(value));
}

Rule Rule::boolean_equals(const std::string& variable, bool value) {
  return compare(variable, "BooleanEquals", value);
}

Rule Rule::is_present(const std::string& variable, bool value) {
  return compare(variable, "IsPresent", value);
}

Rule Rule::all(const std::vector<Rule>& rules) {
  return Rule(json::object{{"And", members_of(rules)}});
}

Rule Rule::any(const std::vector<Rule>& rules) {
  return Rule(json::object{{"Or", members_of(rules)}});
}

Rule Rule::negated(const Rule& rule) {
  return Rule(json::object{{"Not", rule.members()}});
}

Choice& Choice::when(const Rule& rule, const std::string& next) {
  json::object entry = rule.members();
  entry["Next"] = next;
  array_in(fields(), "Choices").push_back(std::move(entry));
  return *this;
}

Choice& Choice::otherwise(const std::string& next) {
  fields()["Default"] = next;
  return *this;
}

Parallel& Parallel::branch(const Definition& definition) {
  array_in(fields(), "Branches").push_back(definition.to_json());
  return *this;
}

Map::Map(std::string name, const Definition& iterator) : State(std::move(name), "Map") {
  fields()["Iterator"] = iterator.to_json();
}

Definition::Definition(const std::vector<State>& states) {
  if (states.empty()) throw SystemError("a workflow needs at least one state");
  std::set<std::string> names;
  for (const State& state : states) {
    if (!names.insert(state.name()).second) {
      throw SystemError("two states of the workflow are called '" + state.name() + "'");
    }
  }
  for (const State& state : states) {
    for (const std::string& target : state.targets()) {
      if (names.count(target) == 0) {
        throw SystemError("state '" + state.name() + "' goes to '" + target +
                          "', which is not in the workflow");
      }
    }
  }
  json::object written;
  for (const State& state : states) written[state.name()] = state.to_json();
  document_ = {{"StartAt", states.front().name()}, {"States", std::move(written)}};
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
    if (states[i].may_have_next()) states[i].next(states[i + 1].name());
  }
  states.insert(states.end(), others.begin(), others.end());
  return Definition(std::move(states));
}

}  // namespace trainyard::sdk
