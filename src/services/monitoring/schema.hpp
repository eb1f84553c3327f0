// Tables of metrics; their data live in segments.
#pragma once

#include "store/store.hpp"

namespace trainyard::monitoring {

extern const Migration kMigrations[1];

}  // namespace trainyard::monitoring
