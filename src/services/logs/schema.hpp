// Tables of log groups and streams; events live in segments.
#pragma once

#include "store/store.hpp"

namespace trainyard::logs {

extern const Migration kMigrations[2];

}  // namespace trainyard::logs
