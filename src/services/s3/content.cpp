#include "services/s3/content.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "services/s3/deliveries.hpp"
#include "services/s3/errors.hpp"

namespace trainyard::s3 {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr const char* kRemoveBlob = "s3.blob.remove";

/// Extents by blob: rows count each.
std::map<std::string, int64_t> counts_of(const Content& content) {
  std::map<std::string, int64_t> counts;
  for (const Extent& extent : content.extents) ++counts[extent.blob];
  return counts;
}

/// Takes a body in: memory first, a blob once that is too small.
class Intake {
 public:
  Intake(StreamCall& call, bool in_row, bool take_md5)
      : call_(call), in_row_max_(in_row ? kInlineBodyMax : 0) {
    if (take_md5) md5_.emplace(Digest::md5);
  }

  void add(std::string_view data) {
    size_ += data.size();
    if (size_ > kPutBytesMax) throw too_large();
    if (md5_) md5_->update(data);
    if (!writer_ && size_ <= in_row_max_) {
      memory_ += data;
      return;
    }
    if (!writer_) {
      writer_ = call_.blobs.create(call_.random);
      writer_->write(memory_);
      memory_.clear();
    }
    writer_->write(data);
  }

  Received finish() {
    Received received;
    received.content.size = size_;
    if (writer_) {
      received.content.extents.push_back({writer_->finish(), 0, size_});
    } else if (in_row_max_ > 0) {
      received.content.body = std::move(memory_);
    }
    if (md5_) received.md5 = md5_->finish();
    return received;
  }

  static ApiError too_large() {
    return errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
  }

 private:
  StreamCall& call_;
  std::size_t in_row_max_;
  uint64_t size_ = 0;
  std::string memory_;
  std::unique_ptr<BlobWriter> writer_;
  std::optional<Hasher> md5_;
};

}  // namespace

Received receive(StreamCall& call, http::BodyReader* body, bool in_row,
                 const std::optional<std::string>& content_md5) {
  if (call.request.length.value_or(0) > kPutBytesMax) throw Intake::too_large();
  std::optional<std::string> announced;
  if (content_md5) announced = unbase64(*content_md5);
  Intake intake(call, in_row, !announced);
  std::size_t size = std::min<uint64_t>(kPiece, call.request.length.value_or(kPiece) + 1);
  std::unique_ptr<char[]> piece(new char[size]);
  while (body != nullptr) {
    std::size_t count = body->read(piece.get(), size);
    if (count == 0) break;
    intake.add({piece.get(), count});
  }
  Received received = intake.finish();
  if (announced) received.md5 = *announced;
  return received;
}

void commit_content(StreamCall& call, const Content& content,
                    const std::function<void(Txn&)>& work) {
  try {
    call.store.write([&](Txn& txn) { work(txn); });
  } catch (...) {
    auto fault = std::current_exception();
    try {
      for (const auto& [blob, count] : counts_of(content)) {
        bool held = call.store.read([&](Txn& txn) {
          return txn.exists("SELECT 1 FROM s3_blobs WHERE name = ?", blob);
        });
        if (!held) call.blobs.remove(blob);
      }
    } catch (const std::exception& error) {
      log_warning("a blob of a failed upload stays until the next start: {}", error.what());
    }
    std::rethrow_exception(fault);
  }
}

Content slice(const Content& content, uint64_t offset, uint64_t length) {
  Content part;
  part.size = length;
  if (content.body) {
    part.body = content.body->substr(offset, length);
    return part;
  }
  for (const Extent& extent : content.extents) {
    if (offset >= extent.length) {
      offset -= extent.length;
      continue;
    }
    uint64_t taken = std::min(extent.length - offset, length);
    if (taken == 0) break;
    part.extents.push_back({extent.blob, extent.offset + offset, taken});
    length -= taken;
    offset = 0;
  }
  return part;
}

std::unique_ptr<http::BodyReader> open(const Blobs& blobs, const Content& content) {
  if (content.body) return std::make_unique<http::StringBody>(*content.body);
  return blobs.read(content.extents);
}

void hold(Txn& txn, const Content& content) {
  for (const auto& [blob, count] : counts_of(content)) {
    txn.exec("INSERT INTO s3_blobs(name, refs) VALUES (?, ?) "
             "ON CONFLICT(name) DO UPDATE SET refs = s3_blobs.refs + excluded.refs",
             blob, count);
  }
}

bool hold_known(Txn& txn, const Content& content) {
  for (const auto& [blob, count] : counts_of(content)) {
    if (txn.exec("UPDATE s3_blobs SET refs = refs + ? WHERE name = ?", count, blob) == 0) {
      return false;
    }
  }
  return true;
}

void release(Txn& txn, const Content& content, Time now) {
  for (const auto& [blob, count] : counts_of(content)) {
    txn.exec("UPDATE s3_blobs SET refs = refs - ? WHERE name = ?", count, blob);
    if (txn.exec("DELETE FROM s3_blobs WHERE name = ? AND refs <= 0", blob) > 0) {
      outbox::post(txn, kRemoveBlob, blob, {{"blob", blob}}, now);
    }
  }
}

std::string extents_text(const Content& content) {
  json::array list;
  list.reserve(content.extents.size());
  for (const Extent& extent : content.extents) {
    list.push_back(json::array{extent.blob, extent.offset, extent.length});
  }
  return dump(list);
}

Content content_of(uint64_t size, const std::optional<std::string>& extents,
                   std::optional<std::string> body) {
  Content content;
  content.size = size;
  content.body = std::move(body);
  if (!extents) return content;
  json::value parsed = parse_own_json(*extents);
  for (const json::value& row : parsed.as_array()) {
    const json::array& extent = row.as_array();
    content.extents.push_back({to_std(extent.at(0).as_string()), extent.at(1).to_number<uint64_t>(),
                               extent.at(2).to_number<uint64_t>()});
  }
  return content;
}

void remove_blob(Blobs& blobs, const json::object& payload) {
  blobs.remove(find_string(payload, "blob").value());
}

void sweep_orphans(Store& store, Blobs& blobs) {
  std::unordered_set<std::string> held;
  store.read([&](Txn& txn) {
    txn.each("SELECT name FROM s3_blobs", [&](const Row& row) { held.insert(row.text(0)); });
  });
  int removed = 0;
  for (const std::string& blob : blobs.all()) {
    if (held.contains(blob)) continue;
    blobs.remove(blob);
    ++removed;
  }
  if (removed > 0) log_info("s3: removed {} blobs that no object holds", removed);
}

}  // namespace trainyard::s3
