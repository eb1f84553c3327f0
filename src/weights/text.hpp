// Texts of files in messages.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::weights {

/// In quotes, on one line: at most 100 bytes, what is not printable ASCII as \xNN.
std::string quoted(std::string_view text);

}  // namespace trainyard::weights
