// OCI images: how an instance comes to one, and what of it is the program.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/daemon_link.hpp"
#include "agent/plan.hpp"
#include "compute/images.hpp"

namespace trainyard::agent {

/// Once the daemon has fetched and unpacked the image that the attempt's plan names. JobFailure
/// (ClientError) when it cannot; Stopped.
compute::Image await_image(DaemonLink& link, const Plan& plan, const StopSignal& stop);

/// PURE: the program and its arguments. As `docker run IMAGE train` (or serve): that word takes the
/// place of the image's own command, behind its entry point. What the request names as entry point
/// and arguments takes the place of both (SageMaker Developer Guide, "How Amazon SageMaker AI Runs
/// Your Training Image").
std::vector<std::string> command_line(const compute::Image& image, const Plan& plan);

/// PURE: the image's variables, and HOME of its user unless it has one.
std::map<std::string, std::string> image_variables(const compute::Image& image);

}  // namespace trainyard::agent
