#include "store/blobs.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <unordered_map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/points.hpp"

namespace trainyard {
namespace {

constexpr std::size_t kWriteBuffer = 256 * 1024;
constexpr const char* kTemporaryFolder = "tmp";

/// "ab/abcdef…": a folder of its own for each of 256 beginnings.
fs::path path_of(const fs::path& dir, const std::string& blob) {
  return dir / blob.substr(0, 2) / blob;
}

class FileWriter final : public BlobWriter {
 public:
  FileWriter(const fs::path& dir, std::string name)
      : dir_(dir), name_(std::move(name)), temporary_(dir / kTemporaryFolder / name_) {
    fd_.reset(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd_) throw_errno("cannot write " + temporary_.string());
  }

  ~FileWriter() override {
    if (fd_) ::unlink(temporary_.c_str());
  }

  void write(std::string_view data) override {
    if (buffer_.size() + data.size() < kWriteBuffer) {
      buffer_.append(data);
      return;
    }
    flush();
    if (data.size() < kWriteBuffer) {
      buffer_.append(data);
    } else {
      write_all(fd_.get(), data, temporary_.string());
    }
  }

  std::string finish() override {
    flush();
    if (::fsync(fd_.get()) != 0) throw_errno("cannot write " + temporary_.string());
    fs::path target = path_of(dir_, name_);
    if (fs::create_directories(target.parent_path())) fsync_folder(dir_);
    crash_point("blob.rename");
    if (::rename(temporary_.c_str(), target.c_str()) != 0) {
      throw_errno("cannot rename " + temporary_.string());
    }
    fd_.reset();
    fsync_folder(target.parent_path());
    return name_;
  }

 private:
  void flush() {
    write_all(fd_.get(), buffer_, temporary_.string());
    buffer_.clear();
  }

  fs::path dir_;
  std::string name_;
  fs::path temporary_;
  Fd fd_;
  std::string buffer_;
};

void unlink_blob(const fs::path& dir, const std::string& blob) {
  fs::path path = path_of(dir, blob);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("cannot remove " + path.string());
}

}  // namespace

/// Which blobs are being read: one that is removed meanwhile goes when its last reader does. (A
/// file descriptor an extent would do the same, but an object may have ten thousand.)
class Blobs::Pins {
 public:
  explicit Pins(fs::path dir) : dir_(std::move(dir)) {}

  /// False when the blob has been removed.
  bool add(const std::string& blob) {
    std::lock_guard lock(mutex_);
    Pin& pin = pins_[blob];
    if (pin.removed) return false;
    ++pin.readers;
    return true;
  }

  void drop(const std::string& blob) {
    std::lock_guard lock(mutex_);
    auto pin = pins_.find(blob);
    if (--pin->second.readers > 0) return;
    bool removed = pin->second.removed;
    pins_.erase(pin);
    if (!removed) return;
    try {
      unlink_blob(dir_, blob);
    } catch (const std::exception& error) {
      log_warning("{}; the next start removes it", error.what());
    }
  }

  void remove(const std::string& blob) {
    std::lock_guard lock(mutex_);
    auto pin = pins_.find(blob);
    if (pin == pins_.end()) return unlink_blob(dir_, blob);
    pin->second.removed = true;
  }

 private:
  struct Pin {
    int readers = 0;
    bool removed = false;
  };
  fs::path dir_;
  std::mutex mutex_;
  std::unordered_map<std::string, Pin> pins_;
};

namespace {

/// One file is open at a time; the pins keep the others.
template <class Pins>
class ExtentReader final : public http::BodyReader {
 public:
  ExtentReader(fs::path dir, std::vector<Extent> extents, std::shared_ptr<Pins> pins)
      : dir_(std::move(dir)), extents_(std::move(extents)), pinned_{std::move(pins), {}} {
    std::erase_if(extents_, [](const Extent& extent) { return extent.length == 0; });
    for (const Extent& extent : extents_) {
      fs::path path = path_of(dir_, extent.blob);
      if (!pinned_.pins->add(extent.blob)) throw SystemError(path.string() + " was removed");
      pinned_.blobs.push_back(extent.blob);
      if (::access(path.c_str(), R_OK) != 0) throw_errno("cannot open " + path.string());
    }
  }

  std::size_t read(char* data, std::size_t size) override {
    while (at_ < extents_.size()) {
      const Extent& extent = extents_[at_];
      if (!file_) open_file(extent.blob);
      uint64_t left = extent.length - offset_;
      if (left > 0) {
        ssize_t n = ::pread(file_.get(), data, std::min<uint64_t>(size, left),
                            static_cast<off_t>(extent.offset + offset_));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno("cannot read blob " + extent.blob);
        if (n == 0) throw SystemError("blob " + extent.blob + " is shorter than its object");
        offset_ += static_cast<uint64_t>(n);
        return static_cast<std::size_t>(n);
      }
      file_.reset();
      ++at_;
      offset_ = 0;
    }
    return 0;
  }

 private:
  struct Pinned {
    std::shared_ptr<Pins> pins;
    std::vector<std::string> blobs;
    ~Pinned() {
      for (const std::string& blob : blobs) pins->drop(blob);
    }
  };

  void open_file(const std::string& blob) {
    fs::path path = path_of(dir_, blob);
    file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file_) throw_errno("cannot open " + path.string());
  }

  fs::path dir_;
  std::vector<Extent> extents_;
  Pinned pinned_;
  Fd file_;
  std::size_t at_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace

Blobs::Blobs(fs::path dir) : dir_(std::move(dir)), pins_(std::make_shared<Pins>(dir_)) {
  std::error_code ignored;  // what cannot be removed now is found again at the next start
  fs::remove_all(dir_ / kTemporaryFolder, ignored);
  fs::create_directories(dir_ / kTemporaryFolder);
  fs::permissions(dir_, fs::perms::owner_all);
}

std::unique_ptr<BlobWriter> Blobs::create(Random& random) {
  return std::make_unique<FileWriter>(dir_, random.hex(32));
}

std::unique_ptr<http::BodyReader> Blobs::read(std::vector<Extent> extents) const {
  return std::make_unique<ExtentReader<Pins>>(dir_, std::move(extents), pins_);
}

void Blobs::remove(const std::string& blob) { pins_->remove(blob); }

std::vector<std::string> Blobs::all() const {
  std::vector<std::string> names;
  for (const auto& folder : fs::directory_iterator(dir_)) {
    if (!folder.is_directory() || folder.path().filename() == kTemporaryFolder) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
  }
  return names;
}

}  // namespace trainyard
