// From an operation and its parsed input to what IAM decides: the action, the ARNs it touches, and
// the roles it passes on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "identity/caller.hpp"
#include "services/call.hpp"
#include "wire/shape.hpp"

namespace trainyard::server {

/// The operation's resource templates filled in with the input: "arn:aws:s3:::{Bucket}/{Key}". A
/// member that holds an ARN stands alone ("{stateMachineArn}"). A template whose member is absent
/// is left out (an absent Path is "/"); without any the resource is "*".
std::vector<std::string> resources_of(const wire::Operation& operation, const void* input,
                                      const Site& site);

/// Throws AccessDenied(Exception) unless `caller` may do the action on every resource and,
/// where the operation hands a role to a service, iam:PassRole on that role for that service.
void authorise_operation(Txn& txn, const Caller& caller, const wire::Service& service,
                         const wire::Operation& operation, const void* input, const Site& site,
                         Time now);

}  // namespace trainyard::server
