// JSON as Python writes it when told nothing: ASCII alone, and numbers in its way.
#pragma once

#include <string>

namespace trainyard {

/// JSON text with every character past ASCII written as \uXXXX (in surrogate pairs where needed).
/// A sequence that is cut off stays as it is.
std::string ascii_only(const std::string& text);

/// repr(number): the shortest text that reads back the same, 1.0 with its point; what JSON has no
/// number for as json.dumps writes it: NaN, Infinity, -Infinity.
std::string python_float(double number);

}  // namespace trainyard
