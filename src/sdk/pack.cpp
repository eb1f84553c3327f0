#include "sdk/pack.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "base/error.hpp"

namespace trainyard::sdk {
namespace {

struct CloseArchive {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

class Archive {
 public:
  explicit Archive(const fs::path& target) : writer_(archive_write_new()), target_(target) {
    check(archive_write_add_filter_gzip(writer_.get()));
    check(archive_write_set_format_gnutar(writer_.get()));
    check(archive_write_open_filename(writer_.get(), target.c_str()));
  }

  // A file, or a folder with everything below it, under `name`.
  void add(const fs::path& path, const std::string& name) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw_errno("cannot read " + path.string());
    if (S_ISDIR(status.st_mode)) {
      write_header(name, status, AE_IFDIR);
      add_content(path, name + "/");
    } else if (S_ISREG(status.st_mode)) {
      write_header(name, status, AE_IFREG);
      write_file(path);
    } else {
      throw SystemError("cannot pack " + path.string() + ": neither a file nor a folder");
    }
  }

  void add_content(const fs::path& folder, const std::string& prefix) {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) add(path, prefix + path.filename().string());
  }

  void close() { check(archive_write_close(writer_.get())); }

 private:
  void write_header(const std::string& name, const struct stat& status, unsigned type) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), type);
    const bool executable = type == AE_IFDIR || (status.st_mode & 0111) != 0;
    archive_entry_set_perm(entry.get(), executable ? 0755 : 0644);
    archive_entry_set_mtime(entry.get(), status.st_mtime, 0);
    if (type == AE_IFREG) archive_entry_set_size(entry.get(), status.st_size);
    check(archive_write_header(writer_.get(), entry.get()));
  }

  void write_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 1 << 16> buffer;
    while (file.read(buffer.data(), buffer.size()), file.gcount() > 0) {
      const auto size = static_cast<std::size_t>(file.gcount());
      if (archive_write_data(writer_.get(), buffer.data(), size) < 0) check(ARCHIVE_FATAL);
    }
    if (file.bad()) throw_errno("cannot read " + path.string());
  }

  void check(int result) {
    if (result >= ARCHIVE_WARN) return;
    const char* reason = archive_error_string(writer_.get());
    throw SystemError("cannot write " + target_.string() + ": " +
                      (reason != nullptr ? reason : "unknown reason"));
  }

  std::unique_ptr<archive, CloseArchive> writer_;
  fs::path target_;
};

}  // namespace

std::string program_name(const SourceCode& code) {
  const fs::path entry = code.entry_point;
  const fs::path path = code.source_dir.empty() ? entry : fs::path(code.source_dir) / entry;
  if (!fs::is_regular_file(path)) {
    throw SystemError("the entry point " + path.string() + " is not a file");
  }
  return code.source_dir.empty() ? entry.filename().string() : entry.string();
}

void pack_source(const SourceCode& code, const fs::path& target) {
  const std::string program = program_name(code);
  Archive archive(target);
  if (code.source_dir.empty()) {
    archive.add(code.entry_point, program);
  } else {
    archive.add_content(code.source_dir, "");
  }
  for (const std::string& extra : code.dependencies) {
    const fs::path path = fs::path(extra).lexically_normal();
    archive.add(path, (path.has_filename() ? path : path.parent_path()).filename().string());
  }
  archive.close();
}

}  // namespace trainyard::sdk
