// The tables of this service.
#pragma once

#include "store/store.hpp"

namespace trainyard::states {

extern const Migration kMigrations[4];

}  // namespace trainyard::states
