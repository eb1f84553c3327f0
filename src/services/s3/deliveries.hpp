// What the server asks of this service beside its operations.
#pragma once

#include <boost/json/fwd.hpp>

namespace trainyard {

class Blobs;
class Store;

namespace s3 {

/// Performs `s3.blob.remove`: {"blob": name}. A repeat does no harm.
void remove_blob(Blobs& blobs, const boost::json::object& payload);

/// Removes blobs that no object and no part holds: what a crash left between a blob's rename and
/// its transaction. Only before requests are served.
void sweep_orphans(Store& store, Blobs& blobs);

}  // namespace s3
}  // namespace trainyard
