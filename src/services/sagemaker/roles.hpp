// The one question that this service asks about roles.
#pragma once

#include <string>

#include "store/txn.hpp"

namespace trainyard::sagemaker {

/// ValidationException unless the role exists and lets sagemaker.amazonaws.com assume it.
void check_role(Txn& txn, const std::string& role_arn);

}  // namespace trainyard::sagemaker
