// Scalars as text: form fields, XML character data, headers, URI labels.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/shape.hpp"

namespace trainyard::wire {

bool is_scalar(const Shape& shape);

/// ApiError 400 `code` when the text is no value of the shape's kind.
void from_text(const Shape& shape, TimestampFormat format, std::string_view text, void* target,
               std::string_view path, const char* code = "SerializationException");

std::string to_text(const Shape& shape, TimestampFormat format, const void* value);

}  // namespace trainyard::wire
