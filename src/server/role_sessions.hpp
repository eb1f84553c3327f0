// Sessions of a role for the people at this machine, as a notebook instance has one of its role.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class Pipeline;

/// POST /_roles/NAME/session[?duration=SECONDS], signed for sts.
inline constexpr std::string_view kRolesPath = "/_roles/";

/// Issues a session of a role that trusts sagemaker.amazonaws.com, to the root user and to
/// principals that may pass the role to SageMaker (iam:PassRole): whoever could start a notebook
/// instance with it. The answer is what a `credential_process` prints (AWS SDKs and Tools Reference
/// Guide, "Process credential provider"); errors are {"code", "message"} with IAM's codes.
http::Response issue_role_session(const Parts& parts, Pipeline& pipeline, http::Request& request);

}  // namespace trainyard::server
