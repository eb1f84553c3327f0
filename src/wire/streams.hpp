// Members that stream, as text in JSON: for callers that have a whole input at hand and want a
// whole output.
#pragma once

#include <memory>
#include <string>

#include "base/json.hpp"
#include "http/message.hpp"
#include "wire/json.hpp"

namespace trainyard::wire {

/// The member of a structure that streams; nullptr when none does.
const Member* stream_of(const Shape& shape);

/// What streams into an input in the SDK's form: the text of its member, or its JSON text. Nothing
/// without such a member.
std::string stream_text(const Shape& input, const json::object& values);

/// Makes the text what streams into the structure. Returns the reader, which belongs to it; nullptr
/// when nothing streams into such a structure.
http::BodyReader* set_stream(const Shape& shape, void* structure, std::string text);

/// to_json in the SDK's form, with the first `bytes_max` bytes of what streams out.
json::object to_json_streamed(const Shape& shape, const void* output, std::size_t bytes_max);

}  // namespace trainyard::wire
