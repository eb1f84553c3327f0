// The tables of this service.
#pragma once

#include "store/store.hpp"

namespace trainyard::states {

extern const Migration kMigrations[5];

}  // namespace trainyard::states
