// Bodies of the protocols that read them whole.
#pragma once

#include <cstddef>
#include <string>

#include "http/message.hpp"

namespace trainyard::wire {

/// The body of a JSON or form request, unpacked where Content-Encoding says gzip: SDKs compress
/// what some operations send (Smithy, "requestCompression"). `body_max` bounds it packed and
/// unpacked. ApiError RequestEntityTooLargeException 413, SerializationException 400 for what is
/// no gzip.
std::string read_body(const http::Request& request, std::size_t body_max);

}  // namespace trainyard::wire
