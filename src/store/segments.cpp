#include "store/segments.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

// A stream is one file of records, written little-endian:
//   u32 length of text · u32 crc32 of all that follows · i64 timestamp · i64 ingested · text
// The offsets of all records are kept in memory for streams that are open; an opening reads the
// headers once and cuts off a torn tail. Open streams are bounded; the least used is closed.
namespace trainyard {
namespace {

constexpr std::size_t kHeader = 24;
constexpr std::size_t kOpenMax = 256;
constexpr uint32_t kTextMax = 16u << 20;
constexpr int64_t kScanRecords = 512;          // read with one call at most
constexpr std::size_t kScanBytes = 1u << 20;   // unless one record is longer
constexpr std::size_t kWindow = 1u << 20;

template <class Number>
void put(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class Number>
Number get(const char* data) {
  Number value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

void read_exactly(int fd, std::string& data, uint64_t offset, const fs::path& path) {
  for (std::size_t done = 0; done < data.size();) {
    ssize_t n = ::pread(fd, data.data() + done, data.size() - done,
                        static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("cannot read " + path.string());
    if (n == 0) throw SystemError(path.string() + " is shorter than it was");
    done += static_cast<std::size_t>(n);
  }
}

/// Records low … high, with the offset of each and of what follows them.
struct Block {
  int64_t low = 0, high = 0;
  std::vector<uint64_t> offsets;
};

struct Stream {
  Fd fd;
  std::vector<uint64_t> offsets;  // of each record
  uint64_t end = 0;
  std::mutex mutex;

  int64_t count() {
    std::lock_guard lock(mutex);
    return static_cast<int64_t>(offsets.size());
  }

  uint64_t offset_of(int64_t record) const {
    return record < static_cast<int64_t>(offsets.size()) ? offsets[record] : end;
  }

  /// `at` and its neighbours on the way, as many as one read takes; below `count`.
  Block block_at(int64_t at, bool backwards, int64_t count) {
    std::lock_guard lock(mutex);
    Block block{at, at, {}};
    auto fits = [&](int64_t low, int64_t high) {
      return high - low < kScanRecords && offset_of(high + 1) - offset_of(low) <= kScanBytes;
    };
    if (backwards) {
      while (block.low > 0 && fits(block.low - 1, block.high)) --block.low;
    } else {
      while (block.high + 1 < count && fits(block.low, block.high + 1)) ++block.high;
    }
    for (int64_t i = block.low; i <= block.high + 1; ++i) block.offsets.push_back(offset_of(i));
    return block;
  }
};

void write_at_end(Stream& stream, std::string_view data, const std::string& name) {
  for (std::size_t written = 0; written < data.size();) {
    ssize_t n = ::pwrite(stream.fd.get(), data.data() + written, data.size() - written,
                         static_cast<off_t>(stream.end + written));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("cannot append to log " + name);
    written += static_cast<std::size_t>(n);
  }
  if (::fdatasync(stream.fd.get()) != 0) throw_errno("cannot append to log " + name);
}

/// Under the stream's lock.
void append_records(Stream& stream, const std::string& name,
                    const std::vector<Segments::Record>& records) {
  if (records.empty()) return;
  std::string out;
  std::vector<uint64_t> offsets;
  for (const Segments::Record& record : records) {
    TRAINYARD_ASSERT(record.text.size() <= kTextMax);
    std::string body;
    put(body, record.timestamp);
    put(body, record.ingested);
    body += record.text;
    offsets.push_back(stream.end + out.size());
    put(out, static_cast<uint32_t>(record.text.size()));
    put(out, crc32(0, body));
    out += body;
  }
  try {
    write_at_end(stream, out, name);
  } catch (const SystemError&) {
    // Whole records of a failed append must not come to light behind a shorter one.
    if (::ftruncate(stream.fd.get(), static_cast<off_t>(stream.end)) != 0) {
      log_error("log {} keeps the tail of a failed append", name);
    }
    throw;
  }
  stream.end += out.size();
  stream.offsets.insert(stream.offsets.end(), offsets.begin(), offsets.end());
}

/// Reads a file from front to back through bounded memory.
class Window {
 public:
  Window(int fd, const fs::path& path) : fd_(fd), path_(path) {
    struct stat status;
    if (::fstat(fd, &status) != 0) throw_errno("cannot read " + path.string());
    size_ = static_cast<uint64_t>(status.st_size);
  }
  /// `length` bytes at `offset`, or nullptr when the file ends before; valid until the next call.
  const char* at(uint64_t offset, std::size_t length) {
    if (offset + length > size_) return nullptr;
    if (offset < begin_ || offset + length > begin_ + data_.size()) {
      data_.resize(std::min<uint64_t>(std::max(length, kWindow), size_ - offset));
      read_exactly(fd_, data_, offset, path_);
      begin_ = offset;
    }
    return data_.data() + (offset - begin_);
  }
  uint64_t file_size() const { return size_; }

 private:
  int fd_;
  const fs::path& path_;
  uint64_t size_ = 0;
  uint64_t begin_ = 0;
  std::string data_;
};

}  // namespace

struct Segments::Impl {
  struct Open {
    std::shared_ptr<Stream> stream;
    std::list<std::string>::iterator place;
  };
  fs::path dir;
  mutable std::mutex mutex;
  std::map<std::string, Open> open;
  std::list<std::string> recent;  // least used first

  /// Stream names hold '/' and more: files are named by digest.
  fs::path path_of(const std::string& name) const {
    std::string digest = sha256_hex(name);
    return dir / digest.substr(0, 2) / digest;
  }

  std::shared_ptr<Stream> find(const std::string& name, bool create) {
    std::lock_guard lock(mutex);
    if (auto known = open.find(name); known != open.end()) {
      recent.splice(recent.end(), recent, known->second.place);
      return known->second.stream;
    }
    fs::path path = path_of(name);
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd && errno == ENOENT) {
      if (!create) return nullptr;
      fd = create_file(path);
    }
    if (!fd) throw_errno("cannot open " + path.string());
    auto stream = std::make_shared<Stream>();
    stream->fd = std::move(fd);
    load(*stream, path);
    open[name] = {stream, recent.insert(recent.end(), name)};
    close_least_used();
    return stream;
  }

  /// A file whose name survives a crash as its content does.
  Fd create_file(const fs::path& path) {
    if (fs::create_directories(path.parent_path())) fsync_folder(dir);
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd) fsync_folder(path.parent_path());
    return fd;
  }

  /// A stream that somebody uses now stays: two views of one file would overwrite one another.
  void close_least_used() {
    for (auto name = recent.begin(); open.size() > kOpenMax && name != recent.end();) {
      auto candidate = open.find(*name);
      if (candidate->second.stream.use_count() > 1) {
        ++name;
        continue;
      }
      open.erase(candidate);
      name = recent.erase(name);
    }
  }

  static void load(Stream& stream, const fs::path& path) {
    Window window(stream.fd.get(), path);
    uint64_t at = 0;
    while (const char* header = window.at(at, kHeader)) {
      auto length = get<uint32_t>(header);
      auto sum = get<uint32_t>(header + 4);
      if (length > kTextMax) break;
      const char* whole = window.at(at, kHeader + length);
      if (whole == nullptr || crc32(0, {whole + 8, kHeader - 8 + length}) != sum) break;
      stream.offsets.push_back(at);
      at += kHeader + length;
    }
    stream.end = at;
    if (at < window.file_size() && ::ftruncate(stream.fd.get(), static_cast<off_t>(at)) != 0) {
      throw_errno("cannot repair " + path.string());
    }
  }
};

Segments::Segments(fs::path dir) : impl_(std::make_unique<Impl>()) {
  impl_->dir = std::move(dir);
  fs::create_directories(impl_->dir);
  fs::permissions(impl_->dir, fs::perms::owner_all);
}

Segments::~Segments() = default;

int64_t Segments::append(const std::string& name, const std::vector<Record>& records) {
  auto stream = impl_->find(name, true);
  std::lock_guard lock(stream->mutex);
  auto first = static_cast<int64_t>(stream->offsets.size());
  append_records(*stream, name, records);
  return first;
}

void Segments::append_from(const std::string& name, int64_t first, std::vector<Record> records) {
  auto stream = impl_->find(name, true);
  std::lock_guard lock(stream->mutex);
  int64_t known = static_cast<int64_t>(stream->offsets.size()) - first;
  known = std::clamp<int64_t>(known, 0, static_cast<int64_t>(records.size()));
  records.erase(records.begin(), records.begin() + known);
  append_records(*stream, name, records);
}

void Segments::scan(const std::string& name, int64_t position, bool backwards,
                    const std::function<bool(const Record&)>& visit) const {
  auto stream = impl_->find(name, false);
  if (!stream) return;
  int64_t count = stream->count();
  int64_t at = backwards ? std::min(position, count - 1) : std::max<int64_t>(position, 0);
  while (at >= 0 && at < count) {
    // Neighbours are read with one call, then visited in the asked order.
    Block block = stream->block_at(at, backwards, count);
    std::string data(block.offsets.back() - block.offsets.front(), '\0');
    read_exactly(stream->fd.get(), data, block.offsets.front(), impl_->path_of(name));
    for (int64_t i = at; i >= block.low && i <= block.high; i += backwards ? -1 : 1) {
      const char* header = &data[block.offsets[i - block.low] - block.offsets.front()];
      Record record;
      record.position = i;
      record.timestamp = get<int64_t>(header + 8);
      record.ingested = get<int64_t>(header + 16);
      record.text.assign(header + kHeader, get<uint32_t>(header));
      if (!visit(record)) return;
    }
    at = backwards ? block.low - 1 : block.high + 1;
  }
}

int64_t Segments::count(const std::string& name) const {
  auto stream = impl_->find(name, false);
  return stream ? stream->count() : 0;
}

void Segments::remove(const std::string& name) {
  std::lock_guard lock(impl_->mutex);
  if (auto known = impl_->open.find(name); known != impl_->open.end()) {
    impl_->recent.erase(known->second.place);
    impl_->open.erase(known);
  }
  fs::path path = impl_->path_of(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("cannot remove log " + name);
}

}  // namespace trainyard
