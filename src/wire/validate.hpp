// The model's constraints, with AWS's words.
#pragma once

#include "wire/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// At most this many faults are told at once.
inline constexpr std::size_t kFaultsToldMax = 10;

/// Throws ApiError 400 (ValidationException, or ValidationError for query and REST services) with
/// every fault of the input: "2 validation errors detected: Value … at '…' failed to satisfy
/// constraint: …; …".
/// S3 has errors of its own for bad values, which its handlers throw; of S3 only missing members
/// are told.
void validate(const Service& service, const Shape& shape, const void* input,
              const Missing& missing);

}  // namespace trainyard::wire
