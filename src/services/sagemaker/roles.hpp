// This service as a principal, and the one question that it asks about roles.
#pragma once

#include <string>

#include "store/txn.hpp"

namespace trainyard::sagemaker {

/// What a role's trust policy must name, and the sessions that the service's instances have of it.
inline constexpr const char* kPrincipal = "sagemaker.amazonaws.com";
inline constexpr const char* kSessionName = "SageMaker";

/// ValidationException unless the role exists and lets sagemaker.amazonaws.com assume it.
void check_role(Txn& txn, const std::string& role_arn);

}  // namespace trainyard::sagemaker
