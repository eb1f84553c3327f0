// Bodies of the protocols that read them whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace trainyard::wire {

/// The body of a JSON or form request, unpacked where Content-Encoding says gzip: SDKs compress
/// what some operations send (Smithy, "requestCompression"). `body_max` bounds it packed and
/// unpacked. ApiError RequestEntityTooLargeException 413, SerializationException 400 for what is
/// no gzip.
std::string read_body(const http::Request& request, std::size_t body_max);

/// The text in a gzip stream; nullopt when it is none, is cut off, or unpacks to more than `max`
/// bytes (`too_long` is set then).
std::optional<std::string> gunzip(std::string_view packed, std::size_t max,
                                  bool* too_long = nullptr);

}  // namespace trainyard::wire
