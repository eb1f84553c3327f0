// Every component's tables, for the store that holds them all.
#pragma once

#include <span>

#include "store/store.hpp"

namespace trainyard::server {

std::span<const Migration> all_migrations();

}  // namespace trainyard::server
