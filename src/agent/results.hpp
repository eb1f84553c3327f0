// What a training job leaves in S3: one model.tar.gz and one output.tar.gz of all hosts.
#pragma once

#include <functional>
#include <string>

#include "agent/plan.hpp"
#include "agent/stop.hpp"
#include "compute/attempt_paths.hpp"
#include "client/transport.hpp"

namespace trainyard::agent {

/// Tells the other hosts' agents that this host's folders are complete.
void mark_finished(const compute::AttemptPaths& paths, const std::string& host);

/// The leader waits until every other host is finished, or has ended otherwise. After a stop it
/// waits for `after_stop` at most. False when one failed or was lost: then there is nothing to
/// upload.
bool await_others(const compute::AttemptPaths& paths, const Plan& plan, const StopSignal& stop,
                  std::chrono::milliseconds after_stop);

/// Packs and uploads; later hosts' files replace earlier ones' of the same name. `note` gets a line
/// a file that cannot be packed. JobFailure when S3 refuses.
void upload_results(client::Transport& s3, const compute::AttemptPaths& paths, const Plan& plan,
                    const std::function<void(const std::string&)>& note);

}  // namespace trainyard::agent
