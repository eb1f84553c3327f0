#include "compute/archive.hpp"

#include <cerrno>
#include <cstring>
#include <exception>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "compute/archive_locale.hpp"

namespace trainyard::compute {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr mode_t kFolderMode = 0755;

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

using Parts = std::vector<std::string>;

class Unpacker {
 public:
  Unpacker(const ByteSource& source, const fs::path& folder, uint64_t bytes_max)
      : source_(source), folder_(folder), bytes_left_(bytes_max), bytes_max_(bytes_max),
        reader_(archive_read_new()), buffer_(kReadBytes) {
    root_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_) throw_errno("cannot open " + folder.string());
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_format_tar(reader_.get());
  }

  void run() {
    if (archive_read_open(reader_.get(), this, nullptr, &read_source, nullptr) != ARCHIVE_OK) {
      fail_reading("the archive");
    }
    uint64_t members = 0;
    for (;;) {
      archive_entry* entry = nullptr;
      int result = archive_read_next_header(reader_.get(), &entry);
      if (result == ARCHIVE_EOF) break;
      if (result < ARCHIVE_WARN) fail_reading("the archive");
      if (++members > kMembersMax) throw ArchiveError("the archive has too many members");
      take(entry);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static la_ssize_t read_source(archive* reader, void* self, const void** data) {
    auto* unpacker = static_cast<Unpacker*>(self);
    try {
      *data = unpacker->buffer_.data();
      return static_cast<la_ssize_t>(
          unpacker->source_(unpacker->buffer_.data(), unpacker->buffer_.size()));
    } catch (...) {
      unpacker->failure_ = std::current_exception();  // not through C frames
      archive_set_error(reader, EIO, "the source failed");
      return ARCHIVE_FATAL;
    }
  }

  [[noreturn]] void fail_reading(const std::string& what) {
    if (failure_) std::rethrow_exception(failure_);
    const char* reason = archive_error_string(reader_.get());
    throw ArchiveError(what + " is damaged or no tar.gz: " + (reason ? reason : "unknown reason"));
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw ArchiveError("member \"" + name_ + "\" " + why);
  }

  /// The parts of a member's name; empty for the root.
  Parts parts_of(std::string_view name) const {
    // "/" alone is the root: an archive of one's own with arcname="/" (Python) begins with it.
    if (name.starts_with('/') && name.find_first_not_of('/') != std::string_view::npos) {
      refuse("has an absolute name");
    }
    Parts parts;
    for (std::string& part : split(name, '/')) {
      if (part.empty() || part == ".") continue;
      if (part == "..") refuse("leads outside of the archive");
      parts.push_back(std::move(part));
    }
    return parts;
  }

  void take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) throw ArchiveError("a member's name cannot be read");
    name_ = name;
    const mode_t type = archive_entry_filetype(entry);
    Parts parts = parts_of(name_);
    const char* hard_link = archive_entry_hardlink(entry);
    if (parts.empty()) {
      if (type == AE_IFDIR || name_.empty()) return;
      refuse("has no name of its own");
    }
    const std::string last = parts.back();
    parts.pop_back();
    Fd parent = open_folder(parts, true);
    if (hard_link != nullptr) {
      add_hard_link(parent.get(), last, hard_link);
    } else if (type == AE_IFREG) {
      add_file(parent.get(), last, entry);
    } else if (type == AE_IFDIR) {
      add_folder(parent.get(), last, archive_entry_perm(entry));
    } else if (type == AE_IFLNK) {
      add_symbolic_link(parent.get(), last, archive_entry_symlink(entry), parts.size());
    } else {
      refuse("is a device or a FIFO");
    }
  }

  /// Never through a link: each step is opened by itself.
  Fd open_folder(const Parts& parts, bool create) {
    Fd folder(::dup(root_.get()));
    for (const std::string& part : parts) {
      if (create && ::mkdirat(folder.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        fail_writing();
      }
      Fd next(::openat(folder.get(), part.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next && (errno == ENOTDIR || errno == ELOOP)) {
        refuse("passes through \"" + part + "\", which is not a folder");
      }
      if (!next && errno == ENOENT) refuse("refers to a member that is not there");
      if (!next) fail_writing();
      folder = std::move(next);
    }
    return folder;
  }

  [[noreturn]] void fail_writing() const {
    throw_errno("cannot write " + (folder_ / name_).string());
  }

  /// A later member replaces an earlier one, but a folder stays.
  void make_room(int parent, const std::string& name) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR || errno == EPERM) refuse("would replace a folder");
    fail_writing();
  }

  void add_folder(int parent, const std::string& name, mode_t mode) {
    if (::mkdirat(parent, name.c_str(), kFolderMode) != 0) {
      if (errno != EEXIST) fail_writing();
      struct stat status {};
      if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) fail_writing();
      if (!S_ISDIR(status.st_mode)) refuse("would replace a file by a folder");
    }
    if (::fchmodat(parent, name.c_str(), (mode & 0777) | 0700, 0) != 0) fail_writing();
  }

  void add_symbolic_link(int parent, const std::string& name, const char* target,
                         std::size_t depth) {
    if (target == nullptr || !link_stays_inside(target, depth)) {
      refuse("is a link that leads outside of the archive (\"" +
             std::string(target ? target : "") + "\")");
    }
    make_room(parent, name);
    if (::symlinkat(target, parent, name.c_str()) != 0) fail_writing();
  }

  void add_hard_link(int parent, const std::string& name, const char* target) {
    Parts parts = parts_of(target);
    if (parts.empty()) refuse("is a link to nothing");
    const std::string last = parts.back();
    parts.pop_back();
    Fd folder = open_folder(parts, false);
    struct stat status {};
    if (::fstatat(folder.get(), last.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      refuse("is a link to \"" + std::string(target) + "\", which is not there");
    }
    // A symbolic link that is linked elsewhere would point elsewhere.
    if (!S_ISREG(status.st_mode)) refuse("is a link to something that is not a file");
    make_room(parent, name);
    if (::linkat(folder.get(), last.c_str(), parent, name.c_str(), 0) != 0) fail_writing();
  }

  void add_file(int parent, const std::string& name, archive_entry* entry) {
    const auto size = static_cast<uint64_t>(std::max<int64_t>(0, archive_entry_size(entry)));
    if (size > bytes_left_) refuse_size();
    make_room(parent, name);
    Fd file(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     0600));
    if (!file) fail_writing();
    for (;;) {
      const void* data = nullptr;
      std::size_t count = 0;
      la_int64_t offset = 0;
      int result = archive_read_data_block(reader_.get(), &data, &count, &offset);
      if (result == ARCHIVE_EOF) break;
      if (result < ARCHIVE_WARN) fail_reading("member \"" + name_ + "\"");
      write_at(file.get(), static_cast<const char*>(data), count, static_cast<uint64_t>(offset));
    }
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) fail_writing();
    bytes_left_ -= size;
    const mode_t mode = (archive_entry_perm(entry) & 0777) | 0600;
    if (::fchmod(file.get(), mode) != 0) fail_writing();
  }

  void write_at(int file, const char* data, std::size_t count, uint64_t offset) {
    if (offset > bytes_left_ || count > bytes_left_ - offset) refuse_size();
    while (count > 0) {
      ssize_t written = ::pwrite(file, data, count, static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_writing();
      data += written;
      count -= static_cast<std::size_t>(written);
      offset += static_cast<uint64_t>(written);
    }
  }

  [[noreturn]] void refuse_size() const {
    refuse("exceeds the " + human_bytes(static_cast<double>(bytes_max_)) +
           " that an archive may unpack to here");
  }

  const ByteSource& source_;
  const fs::path& folder_;
  uint64_t bytes_left_;
  uint64_t bytes_max_;
  std::unique_ptr<archive, FreeReader> reader_;
  std::vector<char> buffer_;
  Fd root_;
  std::string name_;
  std::exception_ptr failure_;
};

}  // namespace

bool link_stays_inside(std::string_view target, std::size_t depth) {
  if (target.empty() || target.starts_with('/')) return false;
  bool descended = false;
  std::size_t up = 0;
  for (const std::string& part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      descended = true;
    } else if (descended || ++up > depth) {
      return false;
    }
  }
  return true;
}

void unpack(const ByteSource& source, const fs::path& folder, uint64_t bytes_max) {
  Utf8Names names;
  Unpacker(source, folder, bytes_max).run();
}

}  // namespace trainyard::compute
