#include "services/states/aws_sdk.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "wire/sdk_names.hpp"

namespace trainyard::states {

json::object sdk_request(const Integration& integration, json::object parameters) {
  json::value* text = parameters.if_contains(integration.sdk->json_member);
  if (text != nullptr && text->is_string()) *text = dump(*text);
  return parameters;
}

json::object sdk_response(const json::object& output) { return sorted(output).as_object(); }

asl::Failure sdk_failure(const Door& door, const Integration& integration,
                         const json::value& parameters, const ApiError& error,
                         const std::string& request_id) {
  if (error.code() == "SerializationException") {  // no call was made with such parameters
    return {std::string(asl::kRuntime),
            fmt::format("The Parameters '{}' could not be used to start the Task: [{}]",
                        dump(parameters), error.message())};
  }
  const std::string_view prefix = integration.sdk->prefix;
  std::string_view shape = door.error_shape(integration.service, error.code());
  return {
      fmt::format("{}.{}", prefix,
                  shape.empty() ? fmt::format("{}Exception", prefix) : wire::sdk_exception(shape)),
      fmt::format("{} (Service: {}, Status Code: {}, Request ID: {})", error.message(), prefix,
                  error.http_status(), request_id)};
}

}  // namespace trainyard::states
