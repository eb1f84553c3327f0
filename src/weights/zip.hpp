// The subset of zip that torch.save writes: records one behind the other, not compressed.
// (PKWARE's APPNOTE.TXT 6.3: sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16, 4.5.3.)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace trainyard::weights {

class ZipReader {
 public:
  struct Record {
    std::string_view content;  // of the file, as it lies there
    uint32_t checksum;         // CRC-32 of what was packed
    const char* packing;       // "compressed", "encrypted"; nullptr: neither
  };

  /// SystemError unless `file` is a zip archive whose records lie one behind the other.
  explicit ZipReader(std::string_view file);

  const std::map<std::string_view, Record>& records() const { return records_; }
  /// A view into the file, its checksum verified. SystemError when there is no such record, or it
  /// is damaged, compressed or encrypted.
  std::string_view read(const std::string& name) const;

 private:
  std::map<std::string_view, Record> records_;
};

/// Appends records; their contents begin at multiples of 64 bytes, as torch.save has them.
class ZipWriter {
 public:
  /// SystemError when the archive would become larger than 4 GiB, or has 65,535 records.
  void add(const std::string& name, std::string_view content);
  std::string finish();

 private:
  std::string out_;
  std::string directory_;
  std::size_t count_ = 0;
};

}  // namespace trainyard::weights
