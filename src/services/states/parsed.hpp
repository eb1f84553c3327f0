// State machines in memory. A parsed definition depends on nothing but its text, so that neither a
// rollback nor a crash makes one wrong.
#pragma once

#include <memory>
#include <string>

#include "asl/machine.hpp"

namespace trainyard::states {

/// Definitions that are kept, and their bytes together.
inline constexpr std::size_t kParsedMax = 256;
inline constexpr std::size_t kParsedBytesMax = 8 * 1024 * 1024;

/// What parse_machine says of the text; problems when this program knows better by now than the
/// one that stored it.
std::shared_ptr<const asl::Parsed> parsed_definition(const std::string& definition);

}  // namespace trainyard::states
