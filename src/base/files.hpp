// Files with the guarantees that a crash leaves: whole or absent.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace trainyard {

namespace fs = std::filesystem;

/// An owned file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

std::optional<std::string> read_file_if_exists(const fs::path& path);
/// The whole file; SystemError when it cannot be read.
std::string read_file(const fs::path& path);

/// Writes a temporary file beside `path`, fsyncs it, renames it over and fsyncs the folder: readers
/// and a crash see the old content or the new. `point` names the rename for crash tests.
void write_file_atomically(const fs::path& path, std::string_view content, int mode = 0644,
                           const char* point = "file.rename");

/// Writes everything, retrying on EINTR and short writes.
void write_all(int fd, std::string_view data, const std::string& what);

void fsync_folder(const fs::path& folder);

/// An exclusive lock held for as long as the object lives; nullopt when another process holds it.
std::optional<Fd> try_lock_file(const fs::path& path);

/// A folder of its own under $TMPDIR, removed with all its content at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace trainyard
