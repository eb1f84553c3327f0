// From an operation and its parsed input to what IAM decides: the action, the ARNs it touches, and
// the roles it passes on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "identity/caller.hpp"
#include "services/call.hpp"
#include "wire/shape.hpp"

namespace trainyard::server {

/// The operation's resource templates filled in with the input: "arn:aws:s3:::{Bucket}/{Key}". A
/// member that holds an ARN stands alone ("{executionArn}"); of "{a|b}" the first that is
/// present counts, and the name in it when it is an ARN. An absent Path is "/"; a request about a
/// user that names none is about its caller. Any other absent member leaves its place empty and so
/// names no resource that there is: no policy's word about one is passed by.
std::vector<std::string> resources_of(const wire::Operation& operation, const void* input,
                                      const Site& site, const Caller& caller);

/// What conditions of policies may ask about any call: region, address, forwarding service.
std::map<std::string, std::string> call_context(const Caller& caller, const std::string& region);

/// Throws `code` (HTTP `status`) unless `caller` may hand `role` to `service`. `context` is that of
/// the call which does so.
void authorise_pass_role(Txn& txn, const Caller& caller, const std::string& role,
                         std::string_view service, std::map<std::string, std::string> context,
                         std::string_view code, int status, Time now);

/// Throws AccessDenied(Exception) unless `caller` may do the action (and the one that a flag of the
/// input adds) on every resource and,
/// where the operation hands a role to a service, iam:PassRole on that role for that service.
void authorise_operation(Txn& txn, const Caller& caller, const wire::Service& service,
                         const wire::Operation& operation, const void* input, const Site& site,
                         Time now);

}  // namespace trainyard::server
