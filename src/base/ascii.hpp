// JSON as Python writes it when told nothing: ASCII alone.
#pragma once

#include <string>

namespace trainyard {

/// JSON text with every character past ASCII written as \uXXXX (in surrogate pairs where needed).
/// A sequence that is cut off stays as it is.
std::string ascii_only(const std::string& text);

}  // namespace trainyard
