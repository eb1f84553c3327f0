#include "store/segments.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

// A stream is one file of records, written little-endian:
//   u32 length of text, kNumbered · u32 crc32 of all that follows · i64 timestamp · i64 ingested ·
//   i64 number (of numbered records only) · text
// The offsets of all records are kept in memory for streams that are open. A stream's first use
// reads its file once, under its own lock: others need not wait for that. What stands behind the
// last whole record is a torn tail and is cut off; what is damaged before it keeps a position of
// its own, which is never shown. Open streams are bounded; the least used is closed.
namespace trainyard {
namespace {

constexpr std::size_t kHeader = 24;
constexpr uint32_t kNumbered = 1u << 31;  // beside the length
constexpr std::size_t kOpenMax = 256;
constexpr uint32_t kTextMax = 16u << 20;
constexpr int64_t kScanRecords = 512;          // read with one call at most; of one run of times
constexpr std::size_t kScanBytes = 1u << 20;   // unless one record is longer
constexpr std::size_t kWindow = 1u << 20;
/// What is looked through at most for a whole record behind a damaged one.
constexpr std::size_t kSalvageBytesMax = 64u << 20;

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

struct Header {
  uint32_t length = 0;  // of the text
  bool numbered = false;
  uint32_t sum = 0;
  int64_t timestamp = 0, ingested = 0;

  explicit Header(const char* data)
      : length(get<uint32_t>(data) & ~kNumbered),
        numbered((get<uint32_t>(data) & kNumbered) != 0),
        sum(get<uint32_t>(data + 4)),
        timestamp(get<int64_t>(data + 8)),
        ingested(get<int64_t>(data + 16)) {}

  std::size_t text_at() const { return kHeader + (numbered ? sizeof(int64_t) : 0); }
  std::size_t size() const { return text_at() + length; }
};

/// A record that is all there and not damaged.
struct Whole {
  std::size_t size = 0;
  int64_t timestamp = 0;
  std::optional<int64_t> number;
};

std::optional<Whole> whole_at(Window& window, uint64_t offset) {
  const char* data = window.at(offset, kHeader);
  if (data == nullptr) return std::nullopt;
  Header header(data);
  if (header.length > kTextMax) return std::nullopt;
  data = window.at(offset, header.size());
  if (data == nullptr || crc32(0, {data + 8, header.size() - 8}) != header.sum) return std::nullopt;
  Whole whole{header.size(), header.timestamp, {}};
  if (header.numbered) whole.number = get<int64_t>(data + kHeader);
  return whole;
}

/// The next whole record behind the damaged one at `offset`: where its header says, or wherever one
/// is found.
std::optional<uint64_t> next_whole(Window& window, uint64_t offset) {
  auto size_at = [&](uint64_t at) -> std::size_t {
    const char* data = window.at(at, kHeader);
    return data == nullptr ? 0 : Header(data).size();
  };
  if (uint64_t next = offset + size_at(offset); whole_at(window, next)) return next;
  std::size_t looked_through = 0;
  for (uint64_t at = offset + 1; at + kHeader <= window.file_size(); ++at) {
    if (whole_at(window, at)) return at;
    std::size_t size = size_at(at);
    if (at + size <= window.file_size() && size <= kHeader + kTextMax) looked_through += size;
    if (looked_through > kSalvageBytesMax) break;
  }
  return std::nullopt;
}

/// Records low … high, with the offset of each and of what follows them.
struct Block {
  int64_t low = 0, high = 0;
  std::vector<uint64_t> offsets;
  bool damaged = false;  // one record that cannot be read
};

/// The times in a run of kScanRecords records.
struct Times {
  int64_t earliest = std::numeric_limits<int64_t>::max();
  int64_t latest = std::numeric_limits<int64_t>::min();
};

/// Its members but for `fd` and `path` are read and written under lock().
class Stream {
 public:
  Stream(Fd file, fs::path where) : fd(std::move(file)), path(std::move(where)) {}

  /// The first one reads the file.
  std::unique_lock<std::mutex> lock() {
    std::unique_lock held(mutex_);
    if (!loaded_) load();
    return held;
  }

  int64_t count() {
    auto held = lock();
    return static_cast<int64_t>(offsets.size());
  }

  std::vector<Times> runs() {
    auto held = lock();
    return times;
  }

  void note(uint64_t offset, int64_t timestamp) {
    Times& run = run_of_next();
    run.earliest = std::min(run.earliest, timestamp);
    run.latest = std::max(run.latest, timestamp);
    offsets.push_back(offset);
  }

  /// `at` and its neighbours on the way to `stop`, as many as one read takes.
  Block block_at(int64_t at, int64_t stop) {
    auto held = lock();
    Block block{at, at, {}, is_damaged(at)};
    auto fits = [&](int64_t low, int64_t high) {
      return high - low < kScanRecords && offset_of(high + 1) - offset_of(low) <= kScanBytes;
    };
    auto joins = [&](int64_t neighbour) { return !block.damaged && !is_damaged(neighbour); };
    if (stop < at) {
      while (block.low - 1 > stop && joins(block.low - 1) && fits(block.low - 1, block.high)) {
        --block.low;
      }
    } else {
      while (block.high + 1 < stop && joins(block.high + 1) && fits(block.low, block.high + 1)) {
        ++block.high;
      }
    }
    for (int64_t i = block.low; i <= block.high + 1; ++i) block.offsets.push_back(offset_of(i));
    return block;
  }

  const Fd fd;
  const fs::path path;
  std::vector<uint64_t> offsets;  // of each record
  std::vector<Times> times;       // of each run
  uint64_t end = 0;
  int64_t next_number = 0;        // behind the last numbered record

 private:
  uint64_t offset_of(int64_t record) const {
    return record < static_cast<int64_t>(offsets.size()) ? offsets[record] : end;
  }

  bool is_damaged(int64_t record) const {
    return std::binary_search(damaged_.begin(), damaged_.end(), record);
  }

  Times& run_of_next() {
    if (offsets.size() % kScanRecords == 0) times.emplace_back();
    return times.back();
  }

  void load() {
    offsets.clear();
    times.clear();
    damaged_.clear();
    end = 0;
    next_number = 0;
    Window window(fd.get(), path);
    for (uint64_t at = 0; at < window.file_size();) {
      if (auto whole = whole_at(window, at)) {
        note(at, whole->timestamp);
        if (whole->number) next_number = *whole->number + 1;
        end = at += whole->size;
        continue;
      }
      auto next = next_whole(window, at);
      if (!next) break;
      log_error("{} is damaged: bytes {} to {} are skipped", path.string(), at, *next);
      damaged_.push_back(static_cast<int64_t>(offsets.size()));
      run_of_next();
      offsets.push_back(at);
      at = *next;
    }
    if (end < window.file_size() && ::ftruncate(fd.get(), static_cast<off_t>(end)) != 0) {
      throw_errno("cannot repair " + path.string());
    }
    loaded_ = true;
  }

  std::mutex mutex_;
  bool loaded_ = false;
  std::vector<int64_t> damaged_;  // in order
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

/// Under the stream's lock. Records are numbered from `number` on, if there is one.
void append_records(Stream& stream, const std::string& name, std::optional<int64_t> number,
                    const std::vector<Segments::Record>& records) {
  if (records.empty()) return;
  std::string out;
  std::vector<uint64_t> offsets;
  for (const Segments::Record& record : records) {
    TRAINYARD_ASSERT(record.text.size() <= kTextMax);
    std::string body;
    put(body, record.timestamp);
    put(body, record.ingested);
    if (number) put(body, *number + std::ssize(offsets));
    body += record.text;
    offsets.push_back(stream.end + out.size());
    put(out, static_cast<uint32_t>(record.text.size()) | (number ? kNumbered : 0));
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
  for (std::size_t i = 0; i < records.size(); ++i) stream.note(offsets[i], records[i].timestamp);
  if (number) stream.next_number = *number + std::ssize(records);
}

/// Visits the records from `at` on the way to `stop`, which is not visited, until visit says false;
/// whether it never did.
bool visit_records(Stream& stream, int64_t at, int64_t stop, const Segments::Visit& visit) {
  const int step = stop < at ? -1 : 1;
  while (at != stop) {
    // Neighbours are read with one call, then visited in the asked order.
    Block block = stream.block_at(at, stop);
    std::string data(block.damaged ? 0 : block.offsets.back() - block.offsets.front(), '\0');
    read_exactly(stream.fd.get(), data, block.offsets.front(), stream.path);
    for (; at >= block.low && at <= block.high; at += step) {
      if (block.damaged) continue;
      const char* begin = &data[block.offsets[at - block.low] - block.offsets.front()];
      Header header(begin);
      Segments::Record record{at, header.timestamp, header.ingested, {}};
      record.text.assign(begin + header.text_at(), header.length);
      if (!visit(record)) return false;
    }
  }
  return true;
}

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
    auto stream = std::make_shared<Stream>(std::move(fd), std::move(path));
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
};

Segments::Segments(fs::path dir) : impl_(std::make_unique<Impl>()) {
  impl_->dir = std::move(dir);
  fs::create_directories(impl_->dir);
  fs::permissions(impl_->dir, fs::perms::owner_all);
}

Segments::~Segments() = default;

int64_t Segments::append(const std::string& name, const std::vector<Record>& records) {
  auto stream = impl_->find(name, true);
  auto held = stream->lock();
  auto first = static_cast<int64_t>(stream->offsets.size());
  append_records(*stream, name, std::nullopt, records);
  return first;
}

void Segments::append_from(const std::string& name, int64_t first, std::vector<Record> records) {
  auto stream = impl_->find(name, true);
  auto held = stream->lock();
  int64_t known = std::clamp<int64_t>(stream->next_number - first, 0, std::ssize(records));
  records.erase(records.begin(), records.begin() + known);
  append_records(*stream, name, first + known, records);
}

void Segments::scan(const std::string& name, int64_t position, bool backwards,
                    const Visit& visit) const {
  auto stream = impl_->find(name, false);
  if (!stream) return;
  const int64_t count = stream->count();
  if (backwards) {
    if (position < 0 || count == 0) return;
    visit_records(*stream, std::min(position, count - 1), -1, visit);
  } else if (position < count) {
    visit_records(*stream, std::max<int64_t>(position, 0), count, visit);
  }
}

void Segments::scan_times(const std::string& name, bool backwards, const Wanted& wanted,
                          const Visit& visit) const {
  auto stream = impl_->find(name, false);
  if (!stream) return;
  const std::vector<Times> runs = stream->runs();
  const int64_t count = stream->count();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t run = backwards ? runs.size() - 1 - i : i;
    if (!wanted(runs[run].earliest, runs[run].latest)) continue;
    const auto first = static_cast<int64_t>(run) * kScanRecords;
    if (!visit_records(*stream, first, std::min(first + kScanRecords, count), visit)) return;
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
