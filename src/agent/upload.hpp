// Streams of unknown length to S3: one request when short, parts in parallel when long.
#pragma once

#include <string>

#include "compute/archive.hpp"
#include "client/transport.hpp"

namespace trainyard::agent {

/// The object is there as a whole or not at all. ApiError when S3 refuses.
void upload_stream(client::Transport& invoker, const compute::ByteSource& source,
                   const std::string& bucket, const std::string& key);

}  // namespace trainyard::agent
