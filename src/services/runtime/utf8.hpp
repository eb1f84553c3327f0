// Text of unknown origin, made fit for JSON.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::runtime {

/// At most `bytes_max` bytes of `text`, cut between characters; each byte that is not UTF-8 (RFC
/// 3629) becomes U+FFFD.
std::string valid_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace trainyard::runtime
