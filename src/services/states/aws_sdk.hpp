// `aws-sdk:SERVICE:ACTION`: parameters, results and errors as the AWS SDK for Java v2 has them.
#pragma once

#include "asl/execution.hpp"
#include "services/states/catalogue.hpp"

namespace trainyard::states {

/// The operation's input, in wire::JsonForm::sdk.
json::object sdk_request(const Integration& integration, json::object parameters);
/// An output in wire::JsonForm::sdk as the task shows it, members sorted.
json::object sdk_response(const json::object& output);
/// `S3.NoSuchKeyException`, `Sfn.SfnException` for what the service's model does not name; the
/// cause as that SDK words it. States.Runtime for parameters of other types than the model has.
asl::Failure sdk_failure(const Door& door, const Integration& integration,
                         const json::value& parameters, const ApiError& error,
                         const std::string& request_id);

}  // namespace trainyard::states
