#include <cerrno>
#include <cstring>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "compute/archive.hpp"
#include "compute/archive_locale.hpp"

namespace trainyard::compute {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
// Packing is on the path to a job's end; models compress badly at any level.
constexpr const char* kGzipLevel = "1";

struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

struct Member {
  fs::path path;
  struct stat status {};
  std::string link;
};

std::string read_link(const fs::path& path) {
  std::error_code error;
  fs::path target = fs::read_symlink(path, error);
  if (error) throw SystemError("cannot read " + path.string() + ": " + error.message());
  return target.string();
}

}  // namespace

struct PackedFolders::Impl {
  std::map<std::string, Member> members;
  std::vector<std::string> left_out;
  bool has_files = false;

  std::map<std::string, Member>::const_iterator next;
  Fd file;                // the member that is being written
  std::string file_name;
  uint64_t file_left = 0;
  bool closed = false;
  std::string packed;     // ready to be read, from `taken` on
  std::size_t taken = 0;
  std::vector<char> piece = std::vector<char>(kPieceBytes);
  // Last: freeing it may still write into `packed`.
  std::unique_ptr<archive, FreeWriter> writer{archive_write_new()};

  void collect(const fs::path& folder, const std::string& prefix, std::size_t depth) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    if (error) throw SystemError("cannot read " + folder.string() + ": " + error.message());
    for (const fs::directory_entry& entry : entries) {
      Member member{entry.path(), {}, {}};
      if (::lstat(member.path.c_str(), &member.status) != 0) {
        throw_errno("cannot read " + member.path.string());
      }
      const std::string name = prefix + member.path.filename().string();
      add(name, std::move(member), depth);
    }
  }

  void add(const std::string& name, Member member, std::size_t depth) {
    const mode_t mode = member.status.st_mode;
    if (S_ISLNK(mode)) {
      member.link = read_link(member.path);
      if (!link_stays_inside(member.link, depth)) return left_out.push_back(name);
    } else if (!S_ISREG(mode) && !S_ISDIR(mode)) {
      return left_out.push_back(name);
    }
    if (!S_ISDIR(mode)) {  // replaces what an earlier folder had there, and below
      has_files = true;
      auto below = members.lower_bound(name + "/");
      while (below != members.end() && below->first.starts_with(name + "/")) {
        below = members.erase(below);
      }
    }
    fs::path path = member.path;
    members.insert_or_assign(name, std::move(member));
    if (S_ISDIR(mode)) collect(path, name + "/", depth + 1);
  }

  static la_ssize_t take(archive*, void* self, const void* data, std::size_t size) {
    static_cast<Impl*>(self)->packed.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }

  void check(int result) {
    if (result >= ARCHIVE_WARN) return;
    const char* reason = archive_error_string(writer.get());
    throw SystemError(std::string("cannot pack: ") + (reason ? reason : "unknown reason"));
  }

  void open() {
    archive* out = writer.get();
    check(archive_write_add_filter_gzip(out));
    check(archive_write_set_filter_option(out, "gzip", "compression-level", kGzipLevel));
    check(archive_write_set_filter_option(out, "gzip", "timestamp", nullptr));
    check(archive_write_set_format_gnutar(out));
    check(archive_write_set_bytes_in_last_block(out, 1));
    check(archive_write_open(out, this, nullptr, &take, nullptr));
    next = members.begin();
  }

  void begin_member() {
    const std::string& name = next->first;
    const Member& member = next->second;
    std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    struct stat status = member.status;
    if (S_ISREG(status.st_mode)) open_file(name, member.path, status);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), status.st_mode & S_IFMT);
    archive_entry_set_perm(entry.get(), S_ISLNK(status.st_mode) ? 0777 : status.st_mode & 0777);
    archive_entry_set_mtime(entry.get(), status.st_mtime, 0);
    archive_entry_set_size(entry.get(), S_ISREG(status.st_mode) ? status.st_size : 0);
    if (!member.link.empty()) archive_entry_set_symlink(entry.get(), member.link.c_str());
    check(archive_write_header(writer.get(), entry.get()));
    ++next;
  }

  void open_file(const std::string& name, const fs::path& path, struct stat& status) {
    file.reset(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file || ::fstat(file.get(), &status) != 0) throw_errno("cannot read " + path.string());
    if (!S_ISREG(status.st_mode)) throw SystemError(path.string() + " is not a file any more");
    file_name = name;
    file_left = static_cast<uint64_t>(status.st_size);
  }

  void write_piece() {
    const std::size_t want = std::min<uint64_t>(piece.size(), file_left);
    ssize_t count = want == 0 ? 0 : ::read(file.get(), piece.data(), want);
    if (count < 0 && errno == EINTR) return;
    if (count < 0) throw_errno("cannot read " + file_name);
    if (count == 0 && file_left > 0) throw SystemError(file_name + " shrank while it was packed");
    if (archive_write_data(writer.get(), piece.data(), static_cast<std::size_t>(count)) < 0) {
      check(ARCHIVE_FATAL);
    }
    file_left -= static_cast<uint64_t>(count);
    if (file_left == 0) file.reset();
  }

  void step() {
    if (file) {
      write_piece();
    } else if (next != members.end()) {
      begin_member();
    } else {
      check(archive_write_close(writer.get()));
      closed = true;
    }
  }
};

PackedFolders::PackedFolders(const std::vector<fs::path>& folders)
    : impl_(std::make_unique<Impl>()) {
  for (const fs::path& folder : folders) impl_->collect(folder, "", 0);
  Utf8Names names;
  impl_->open();
}

PackedFolders::~PackedFolders() = default;

bool PackedFolders::has_files() const { return impl_->has_files; }

const std::vector<std::string>& PackedFolders::left_out() const { return impl_->left_out; }

std::size_t PackedFolders::read(char* data, std::size_t size) {
  Utf8Names names;
  Impl& impl = *impl_;
  while (impl.taken == impl.packed.size() && !impl.closed) {
    impl.packed.clear();
    impl.taken = 0;
    impl.step();
  }
  const std::size_t count = std::min(size, impl.packed.size() - impl.taken);
  std::memcpy(data, impl.packed.data() + impl.taken, count);
  impl.taken += count;
  return count;
}

}  // namespace trainyard::compute
