#include "asl/path.hpp"

#include <algorithm>

#include "asl/path_filter.hpp"
#include "asl/payload.hpp"
#include "base/json.hpp"

namespace trainyard::asl {
namespace {

/// Negative positions count from the end.
int64_t absolute(int64_t position, std::size_t size) {
  return position < 0 ? position + static_cast<int64_t>(size) : position;
}

const json::value* at(const json::array& array, int64_t position) {
  int64_t index = absolute(position, array.size());
  if (index < 0 || index >= static_cast<int64_t>(array.size())) return nullptr;
  return &array[static_cast<std::size_t>(index)];
}

void push(const json::value* node, std::vector<const json::value*>& found) {
  if (node) found.push_back(node);
}

void everything_below(const json::value& node, Visits& visits,
                      std::vector<const json::value*>& found) {
  visits.spend(1);
  found.push_back(&node);
  if (const auto* object = node.if_object()) {
    for (const auto& member : *object) everything_below(member.value(), visits, found);
  } else if (const auto* array = node.if_array()) {
    for (const auto& element : *array) everything_below(element, visits, found);
  }
}

/// -1, 0, 1; nullopt when the two have no order.
std::optional<int> order(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    double x = a.to_number<double>(), y = b.to_number<double>();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) {
    int result = a.get_string().compare(b.get_string());
    return result < 0 ? -1 : result > 0 ? 1 : 0;
  }
  return std::nullopt;
}

bool compare(PathFilter::Operator op, const json::value& a, const json::value& b) {
  if (op == PathFilter::equal) return json_equal(a, b);
  if (op == PathFilter::unequal) return !json_equal(a, b);
  auto result = order(a, b);
  if (!result) return false;
  switch (op) {
    case PathFilter::less:
      return *result < 0;
    case PathFilter::at_most:
      return *result <= 0;
    case PathFilter::greater:
      return *result > 0;
    default:
      return *result >= 0;
  }
}

}  // namespace

const char* TooManyVisits::what() const noexcept {
  return "The paths of the state look at too many values of the data.";
}

void Visits::spend(std::size_t nodes) {
  if (nodes > left_) throw TooManyVisits();
  left_ -= nodes;
}

bool PathFilter::matches(const json::value& node, Visits& visits) const {
  visits.spend(1);
  auto child_matches = [&](const auto& child) { return child->matches(node, visits); };
  auto value_of = [&](const Operand& operand) {
    return operand.path ? operand.path->find_in(node, visits) : std::optional(operand.literal);
  };
  switch (kind) {
    case any_of:
      return std::any_of(children.begin(), children.end(), child_matches);
    case all_of:
      return std::all_of(children.begin(), children.end(), child_matches);
    case negation:
      return !children.front()->matches(node, visits);
    case exists:
      return value_of(left).has_value();
    case comparison:
      break;
  }
  auto a = value_of(left), b = value_of(right);
  return a && b && compare(op, *a, *b);
}

Path::Path() = default;

bool Path::is_reference() const {
  return std::all_of(steps_.begin(), steps_.end(), [](const Step& step) {
    return step.kind == Step::member || (step.kind == Step::index && step.from >= 0);
  });
}

void Path::follow(const Step& step, const json::value& node, Visits& visits, Nodes& found) {
  const std::size_t before = found.size();
  visits.spend(1);
  const auto* object = node.if_object();
  const auto* array = node.if_array();
  switch (step.kind) {
    case Step::member:
    case Step::index:
      push(child(step, node), found);
      break;
    case Step::wildcard:
      if (object) {
        for (const auto& member : *object) found.push_back(&member.value());
      } else if (array) {
        for (const auto& element : *array) found.push_back(&element);
      }
      break;
    case Step::descend:
      everything_below(node, visits, found);
      break;
    case Step::slice:
      if (array) {
        int64_t size = static_cast<int64_t>(array->size());
        int64_t begin = std::clamp<int64_t>(absolute(step.first.value_or(0), size), 0, size);
        int64_t end = std::clamp<int64_t>(absolute(step.last.value_or(size), size), 0, size);
        for (int64_t i = begin; i < end; ++i) found.push_back(at(*array, i));
      }
      break;
    case Step::names:
      for (const auto& name : step.all_names) {
        if (object) push(object->if_contains(name), found);
      }
      break;
    case Step::indexes:
      for (int64_t position : step.all_indexes) {
        if (array) push(at(*array, position), found);
      }
      break;
    case Step::filter:
      if (array) {
        for (const auto& element : *array) {
          if (step.test->matches(element, visits)) found.push_back(&element);
        }
      } else if (object && step.test->matches(node, visits)) {
        found.push_back(&node);
      }
      break;
  }
  visits.spend(found.size() - before);
}

std::optional<json::value> Path::find(const Scope& scope) const {
  return find_in(in_context_ ? scope.context.value() : scope.input, scope.visits);
}

const json::value* Path::child(const Step& step, const json::value& node) {
  if (step.kind == Step::member) {
    const auto* object = node.if_object();
    return object ? object->if_contains(step.name) : nullptr;
  }
  const auto* array = node.if_array();
  return array ? at(*array, step.from) : nullptr;
}

std::optional<json::value> Path::find_in(const json::value& root, Visits& visits) const {
  // Most paths name one node.
  const json::value* only = &root;
  auto step = steps_.begin();
  for (; only && step != steps_.end() && step->is_single(); ++step) {
    only = child(*step, *only);
    visits.spend(only ? 2 : 1);
  }
  const bool single =
      std::all_of(step, steps_.end(), [](const Step& one) { return one.is_single(); });
  if (single && !only) return std::nullopt;
  if (single) {
    visits.spend(weight_of(*only) / kBytesPerVisit);
    return *only;
  }
  Nodes nodes;
  push(only, nodes);
  for (; step != steps_.end(); ++step) {
    Nodes next;
    for (const json::value* node : nodes) {
      follow(*step, *node, visits, next);
      if (next.size() > kPayloadBytesMax) return std::nullopt;
    }
    nodes = std::move(next);
  }
  // Copies cost as well, and inside conditions there are many.
  for (const json::value* node : nodes) visits.spend(weight_of(*node) / kBytesPerVisit);
  json::array all;
  std::size_t weight = 0;
  for (const json::value* node : nodes) {
    weight += weight_of(*node);
    if (weight > kPayloadBytesMax) return std::nullopt;
    all.push_back(*node);
  }
  return json::value(std::move(all));
}

bool Path::is_past_the_end(const Scope& scope) const {
  if (steps_.empty() || steps_.back().kind != Step::index) return false;
  const json::value* node = in_context_ ? &scope.context.value() : &scope.input;
  for (const Step& step : steps_) {
    if (step.kind != Step::member && step.kind != Step::index) return false;
    if (&step == &steps_.back()) return node->is_array();
    Nodes found;
    follow(step, *node, scope.visits, found);
    if (found.empty()) return false;
    node = found.front();
  }
  return false;
}

bool Path::assign(json::value& root, json::value value) const {
  json::value* node = &root;
  for (const Step& step : steps_) {
    if (step.kind == Step::member) {
      if (node->is_null() && node != &root) node->emplace_object();
      if (!node->is_object()) return false;
      node = &node->get_object()[step.name];  // a new member is null until it is filled
    } else {
      auto* array = node->if_array();
      if (!array || step.from >= static_cast<int64_t>(array->size())) return false;
      node = &(*array)[static_cast<std::size_t>(step.from)];
    }
  }
  *node = std::move(value);
  return true;
}

}  // namespace trainyard::asl
