// The two roles of the tutorial.
#pragma once

#include <string>

#include "sdk/session.hpp"

namespace trainyard::cli {

struct DemoRoles {
  std::string sagemaker;  // ARN: what training jobs and endpoints act as
  std::string workflow;   // ARN: what executions act as
};

/// Makes both, or brings the ones that are there up to date.
DemoRoles make_roles(sdk::Session& session);

}  // namespace trainyard::cli
