// JSON in both directions, for any generated struct: as AWS's JSON protocols have it, or as the SDK
// for Java names things.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// Paths of required members that an input lacked: "resourceConfig.instanceType". A struct cannot
/// tell an empty string from none, so the parser notes them for validate().
using Missing = std::vector<std::string>;

/// Streams are part of neither.
enum class JsonForm : uint8_t {
  /// The service's own: members by their wire names, times in epoch seconds, blobs in base64.
  service,
  /// As Step Functions shows what the SDK for Java v2 takes and gives (Step Functions Developer
  /// Guide, "Learning to use AWS service SDK integrations"): members by sdk_name, times in
  /// ISO 8601, blobs as their text. What is no text where the model wants some is its JSON text.
  sdk,
  /// Members by the model's own names whatever protocol the service speaks, times and blobs as in
  /// `service`: what the AWS SDK for JavaScript takes and gives.
  model,
};
/// How a member is called in a form.
std::string name_in(JsonForm form, const Member& member);

template <class T>
const Shape& shape_of();

/// Members in the table's order; absent ones are left out.
json::value to_json(const Shape& shape, const void* value, JsonForm form = JsonForm::service);

/// Unknown members are ignored, null means absent. ApiError SerializationException 400 when a value
/// has another type than the model says.
void from_json(const Shape& shape, const json::value& source, void* target,
               Missing* missing = nullptr, JsonForm form = JsonForm::service);

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
