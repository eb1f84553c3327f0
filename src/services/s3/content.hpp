// The bytes of objects and parts: in the row, or as extents of blobs that rows share by counting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/call.hpp"
#include "store/blobs.hpp"

namespace trainyard::s3 {

/// The largest body of one request (Amazon S3 User Guide, "Uploading objects").
inline constexpr uint64_t kPutBytesMax = 5ull << 30;

struct Content {
  uint64_t size = 0;
  std::optional<std::string> body;  // the bytes themselves; extents is empty then
  std::vector<Extent> extents;
};

/// A body that came in, with its MD5 (raw).
struct Received {
  Content content;
  std::string md5;
};

/// Reads `body` to its end. Bodies up to kInlineBodyMax stay in memory when `in_row`; others are in
/// a durable blob that no row holds yet. `content_md5` is what the client announced and the wire
/// layer verifies; without it the digest is taken here. ApiError EntityTooLarge past kPutBytesMax,
/// and what the payload's checks throw; nothing stays then.
Received receive(StreamCall& call, http::BodyReader* body, bool in_row,
                 const std::optional<std::string>& content_md5);

/// Runs `work(txn)`, a write that makes `content` visible; when it fails, blobs of `content` that
/// no row holds are removed.
void commit_content(StreamCall& call, const Content& content,
                    const std::function<void(Txn&)>& work);

/// Bytes `offset` … `offset + length` of `content`, read from its blobs or its row.
Content slice(const Content& content, uint64_t offset, uint64_t length);
std::unique_ptr<http::BodyReader> open(const Blobs& blobs, const Content& content);

/// Counts new blobs, or further extents of known ones.
void hold(Txn& txn, const Content& content);
/// As hold(), but false (with the transaction to be given up) when a blob is no longer known.
[[nodiscard]] bool hold_known(Txn& txn, const Content& content);
/// Counts down; blobs that nobody holds any more are posted for removal.
void release(Txn& txn, const Content& content, Time now);

std::string extents_text(const Content& content);
/// The content of a row: its extents column, or its body column.
Content content_of(uint64_t size, const std::optional<std::string>& extents,
                   std::optional<std::string> body);

}  // namespace trainyard::s3
