// Bytes outside of the database. An object is a list of extents; small bodies stay in its row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/random.hpp"
#include "http/message.hpp"
#include "store/txn.hpp"

namespace trainyard {

/// Bodies up to this size live in the database row itself.
inline constexpr std::size_t kInlineBodyMax = 16 * 1024;

/// `length` bytes of blob `blob` from `offset`.
struct Extent {
  std::string blob;
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// A blob being written. Durable after finish() (fsync, rename at crash point blob.rename, fsync of
/// the folder); dropped without it, nothing stays.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual void write(std::string_view data) = 0;
  /// Returns the blob's name.
  virtual std::string finish() = 0;
};

class Blobs {
 public:
  explicit Blobs(fs::path dir);  // removes what unfinished writers left
  std::unique_ptr<BlobWriter> create(Random& random);
  /// The extents' bytes in order. What is removed meanwhile stays readable to the reader's end.
  /// SystemError when a blob is missing.
  std::unique_ptr<http::BodyReader> read(std::vector<Extent> extents) const;
  /// Forgets a blob. A missing one is no error (the outbox may say it twice).
  void remove(const std::string& blob);
  /// Every blob there is (for the sweep at start).
  std::vector<std::string> all() const;

 private:
  class Pins;
  fs::path dir_;
  std::shared_ptr<Pins> pins_;  // shared with the readers
};

}  // namespace trainyard
