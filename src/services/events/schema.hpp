// Tables of rules and their targets.
#pragma once

#include "store/store.hpp"

namespace trainyard::events {

extern const Migration kMigrations[1];

}  // namespace trainyard::events
