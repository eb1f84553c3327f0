// Parts of the tests.
#pragma once

#include <string>
#include <string_view>

#include "base/files.hpp"
#include "base/testing.hpp"
#include "weights/state_dict.hpp"
#include "weights/zip.hpp"

namespace trainyard::weights {

inline fs::path testdata() { return fs::path(TRAINYARD_SOURCE_DIR) / "src/weights/testdata"; }

/// A file of torch.save around a pickle of the test's own; storage '0' has 24 bytes.
inline std::string file_with(std::string_view pickle, const std::string& byte_order = "") {
  ZipWriter zip;
  zip.add("x/data.pkl", pickle);
  if (!byte_order.empty()) zip.add("x/byteorder", byte_order);
  zip.add("x/data/0", std::string(24, '\x01'));
  zip.add("x/version", "3\n");
  return zip.finish();
}

}  // namespace trainyard::weights
