#include "weights/zip.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "weights/text.hpp"

namespace trainyard::weights {
namespace {

constexpr uint32_t kLocalMagic = 0x04034b50;
constexpr uint32_t kEntryMagic = 0x02014b50;
constexpr uint32_t kEndMagic = 0x06054b50;
constexpr uint32_t kEnd64Magic = 0x06064b50;
constexpr uint32_t kLocator64Magic = 0x07064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocator64Size = 20;
constexpr std::size_t kCommentMax = 65'535;
constexpr std::size_t kRecordsMax = 1 << 20;
constexpr uint16_t kExtra64 = 1;      // the extra field with 64-bit sizes
constexpr uint16_t kExtraPad = 0x4246;  // "FB": torch.save's padding
constexpr std::size_t kAlign = 64;
constexpr uint32_t kIn64 = 0xFFFFFFFF;  // the real value is in the extra field

[[noreturn]] void refuse(const std::string& why) {
  throw SystemError("not a zip archive as torch.save writes it: " + why);
}

uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  if (at > bytes.size() || bytes.size() - at < size) refuse("it is cut off");
  uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

uint64_t u16(std::string_view bytes, std::size_t at) { return number(bytes, at, 2); }
uint64_t u32(std::string_view bytes, std::size_t at) { return number(bytes, at, 4); }
uint64_t u64(std::string_view bytes, std::size_t at) { return number(bytes, at, 8); }

std::string_view part(std::string_view bytes, uint64_t at, uint64_t size) {
  if (at > bytes.size() || bytes.size() - at < size) refuse("it is cut off");
  return bytes.substr(at, size);
}

struct Directory {
  uint64_t offset, size, count;
};

/// From the end record, or where that says so from its 64-bit sibling before it.
Directory find_directory(std::string_view file) {
  if (file.size() < kEndSize) refuse("it is too short");
  const std::size_t last = file.size() - kEndSize;
  std::size_t end = last;
  while (u32(file, end) != kEndMagic || end + kEndSize + u16(file, end + 20) != file.size()) {
    if (end == 0 || last - end >= kCommentMax) refuse("it has no directory at its end");
    --end;
  }
  Directory found{.offset = u32(file, end + 16), .size = u32(file, end + 12),
                  .count = u16(file, end + 10)};
  if (end >= kLocator64Size && u32(file, end - kLocator64Size) == kLocator64Magic) {
    const std::string_view wide = part(file, u64(file, end - kLocator64Size + 8), kEnd64Size);
    if (u32(wide, 0) != kEnd64Magic) refuse("its 64-bit directory is not where it says");
    found = {.offset = u64(wide, 48), .size = u64(wide, 40), .count = u64(wide, 32)};
  }
  return found;
}

struct Entry {
  std::string_view name;
  uint64_t size, packed_size, offset;
  uint32_t checksum;
  const char* packing = nullptr;
  uint64_t length;  // of this entry in the directory
};

/// The extra field gives, in this order, those of the three that did not fit into 32 bits.
void widen(Entry& entry, std::string_view extra) {
  while (extra.size() >= 4) {
    const uint64_t kind = u16(extra, 0);
    const std::string_view body = part(extra, 4, u16(extra, 2));
    extra.remove_prefix(4 + body.size());
    if (kind != kExtra64) continue;
    std::size_t at = 0;
    for (uint64_t* field : {&entry.size, &entry.packed_size, &entry.offset}) {
      if (*field != kIn64) continue;
      *field = u64(body, at);
      at += 8;
    }
  }
}

Entry read_entry(std::string_view directory) {
  if (u32(directory, 0) != kEntryMagic) refuse("its directory is malformed");
  const uint64_t flags = u16(directory, 8);
  const uint64_t method = u16(directory, 10);
  const uint64_t name_size = u16(directory, 28);
  const uint64_t extra_size = u16(directory, 30);
  Entry entry{.name = part(directory, kEntrySize, name_size), .size = u32(directory, 24),
              .packed_size = u32(directory, 20), .offset = u32(directory, 42),
              .checksum = static_cast<uint32_t>(u32(directory, 16)),
              .packing = nullptr,
              .length = kEntrySize + name_size + extra_size + u16(directory, 32)};
  widen(entry, part(directory, kEntrySize + name_size, extra_size));
  part(directory, 0, entry.length);
  if (method != 0 || entry.size != entry.packed_size) entry.packing = "compressed";
  if ((flags & 1) != 0) entry.packing = "encrypted";
  return entry;
}

std::string_view content_of(std::string_view file, const Entry& entry) {
  const std::string_view local = part(file, entry.offset, kLocalSize);
  if (u32(local, 0) != kLocalMagic) refuse("a record is not where the directory says");
  const uint64_t name_size = u16(local, 26);
  if (part(file, entry.offset + kLocalSize, name_size) != entry.name) {
    refuse("a record has another name than the directory says");
  }
  return part(file, entry.offset + kLocalSize + name_size + u16(local, 28),
              entry.packed_size);
}

void put(std::string& out, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
}

constexpr const char* kTooLarge = "a state_dict file of more than 4 GiB cannot be written";

}  // namespace

ZipReader::ZipReader(std::string_view file) {
  const Directory place = find_directory(file);
  std::string_view directory = part(file, place.offset, place.size);
  if (place.count > kRecordsMax) refuse("it has too many records");
  uint64_t total = 0;
  for (uint64_t i = 0; i < place.count; ++i) {
    const Entry entry = read_entry(directory);
    directory.remove_prefix(entry.length);
    const std::string_view content = content_of(file, entry);
    total += content.size();
    // Records that lie over one another make a small file look like a large one.
    if (total > file.size()) refuse("its records overlap");
    const Record record{content, entry.checksum, entry.packing};
    if (!records_.emplace(entry.name, record).second) {
      refuse("it has two records " + quoted(entry.name));
    }
  }
  if (!directory.empty()) refuse("its directory is malformed");
}

std::string_view ZipReader::read(const std::string& name) const {
  const auto found = records_.find(name);
  if (found == records_.end()) refuse("it has no record " + quoted(name));
  const Record& record = found->second;
  if (record.packing != nullptr) {
    refuse("its record " + quoted(name) + " is " + record.packing);
  }
  if (crc32(0, record.content) != record.checksum) {
    refuse("its record " + quoted(name) + " is damaged (CRC-32)");
  }
  return record.content;
}

void ZipWriter::add(const std::string& name, std::string_view content) {
  const std::size_t offset = out_.size();
  const std::size_t bare = offset + kLocalSize + name.size() + 4;
  const std::size_t padding = (kAlign - bare % kAlign) % kAlign;
  const std::size_t end = bare + padding + content.size();
  if (end + directory_.size() + 4 * kAlign + 2 * name.size() > kIn64 || ++count_ >= 0xFFFF) {
    throw SystemError(kTooLarge);
  }
  std::string common;  // what both headers have, from the version on
  put(common, 10, 2);       // version 1.0
  put(common, 1 << 11, 2);  // names are UTF-8
  put(common, 0, 2);        // stored
  put(common, 0, 2);        // no time: equal tensors make equal files
  put(common, 0x21, 2);     // 1980-01-01
  put(common, crc32(0, content), 4);
  put(common, content.size(), 4);
  put(common, content.size(), 4);
  put(common, name.size(), 2);
  put(out_, kLocalMagic, 4);
  out_ += common;
  put(out_, 4 + padding, 2);
  out_ += name;
  put(out_, kExtraPad, 2);
  put(out_, padding, 2);
  out_.append(padding, 'Z');
  out_ += content;
  put(directory_, kEntryMagic, 4);
  put(directory_, 0, 2);
  directory_ += common;
  directory_.append(12, '\0');  // extra, comment, disk, attributes
  put(directory_, offset, 4);
  directory_ += name;
}

std::string ZipWriter::finish() {
  const std::size_t offset = out_.size();
  out_ += directory_;
  put(out_, kEndMagic, 4);
  put(out_, 0, 4);
  put(out_, count_, 2);
  put(out_, count_, 2);
  put(out_, directory_.size(), 4);
  put(out_, offset, 4);
  put(out_, 0, 2);
  return std::move(out_);
}

}  // namespace trainyard::weights
