// JSON with AWS's member names, in both directions, for any generated struct.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// Paths of required members that an input lacked: "resourceConfig.instanceType". A struct cannot
/// tell an empty string from none, so the parser notes them for validate().
using Missing = std::vector<std::string>;

template <class T>
const Shape& shape_of();

/// Members in the table's order; absent ones are left out. Times are epoch seconds.
json::value to_json(const Shape& shape, const void* value);

/// Unknown members are ignored, null means absent. ApiError SerializationException 400 when a value
/// has another type than the model says.
void from_json(const Shape& shape, const json::value& source, void* target,
               Missing* missing = nullptr);

template <class T>
json::object to_json(const T& value) {
  return to_json(shape_of<T>(), &value).as_object();
}

template <class T>
T from_json(const json::value& source, Missing* missing = nullptr) {
  T value;
  from_json(shape_of<T>(), source, &value, missing);
  return value;
}

/// A member's name as AWS writes it in paths: "TrainingJobName" → "trainingJobName".
std::string path_name(std::string_view member);

}  // namespace trainyard::wire
