// What keys are made of.
#pragma once

#include <string>

#include "base/random.hpp"

namespace trainyard::identity {

/// Characters of [A-Z2-7] after AKIA or ASIA.
inline constexpr int kKeyIdLength = 16;
/// Characters after AROA, AIDA or ANPA.
inline constexpr int kEntityIdLength = 17;

/// A secret access key: 40 characters of base64.
std::string new_secret(Random& random);

}  // namespace trainyard::identity
