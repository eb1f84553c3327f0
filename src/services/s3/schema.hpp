// Tables of buckets, objects, multipart uploads, and the blobs that hold their bytes.
#pragma once

#include "store/store.hpp"

namespace trainyard::s3 {

extern const Migration kMigrations[1];

}  // namespace trainyard::s3
