#pragma once

#include "store/store.hpp"

namespace trainyard::sagemaker {

extern const Migration kMigrations[1];

}  // namespace trainyard::sagemaker
