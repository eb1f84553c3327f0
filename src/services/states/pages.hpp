// Pages of the service's listings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace trainyard::states {

/// 1 to 1000; 0 and nothing mean 100 (API reference, "maxResults").
int page_size(const std::optional<int32_t>& max_results);
/// The position in the token; nullopt without one. InvalidToken for another listing's, and for
/// anything else.
std::optional<int64_t> page_position(const std::string& listing,
                                     const std::optional<std::string>& token);
std::optional<std::string> page_name(const std::string& listing,
                                     const std::optional<std::string>& token);

}  // namespace trainyard::states
