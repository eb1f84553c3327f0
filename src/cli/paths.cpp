#include "cli/paths.hpp"

#include <cstdlib>
#include <optional>

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::cli {
namespace {

/// Whether the process has the file open; nullopt when this user may not know.
std::optional<bool> has_open(int pid, const fs::path& path) {
  struct stat wanted {};
  if (::stat(path.c_str(), &wanted) != 0) return false;
  std::error_code error;
  fs::directory_iterator entry("/proc/" + std::to_string(pid) + "/fd", error), end;
  if (error == std::errc::no_such_file_or_directory) return false;
  if (error) return std::nullopt;
  while (!error && entry != end) {
    struct stat held {};
    if (::stat(entry->path().c_str(), &held) == 0 && held.st_dev == wanted.st_dev &&
        held.st_ino == wanted.st_ino) {
      return true;
    }
    entry.increment(error);
  }
  return false;
}

}  // namespace

fs::path default_data_dir() {
  const char* data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && *data_home == '/') return fs::path(data_home) / "trainyard";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    throw SystemError("neither XDG_DATA_HOME nor HOME is set: name a folder with --data");
  }
  return fs::path(home) / ".local" / "share" / "trainyard";
}

RootKeys read_root_keys(const fs::path& data_dir) {
  auto text = read_file_if_exists(data_dir / "credentials");
  if (!text) {
    throw SystemError("no daemon was started on " + data_dir.string() +
                      " yet: run `trainyard serve`");
  }
  RootKeys keys;
  for (const auto& line : split(*text, '\n')) {
    auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    std::string name(trim(std::string_view(line).substr(0, equals)));
    std::string value(trim(std::string_view(line).substr(equals + 1)));
    if (name == "aws_access_key_id") keys.access_key = value;
    if (name == "aws_secret_access_key") keys.secret = value;
  }
  if (keys.access_key.empty() || keys.secret.empty()) {
    throw SystemError((data_dir / "credentials").string() + " holds no keys");
  }
  return keys;
}

int running_pid(const fs::path& data_dir) {
  const fs::path path = data_dir / "lock";
  auto text = read_file_if_exists(path);
  const int pid = text ? std::atoi(text->c_str()) : 0;
  if (pid <= 0) return 0;
  // Whoever holds it has it open. Only who may not look tries the lock itself: a daemon that starts
  // in that instant would find it taken.
  if (auto open = has_open(pid, path)) return *open ? pid : 0;
  return try_lock_file(path) ? 0 : pid;
}

Listen parse_listen(const std::string& text) {
  Listen listen;
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && colon + 1 < text.size()) {
    char* end = nullptr;
    const long port = std::strtol(text.c_str() + colon + 1, &end, 10);
    listen.host = text.substr(0, colon);
    if (listen.host.starts_with('[') && listen.host.ends_with(']')) {
      listen.host = listen.host.substr(1, listen.host.size() - 2);
    }
    if (*end == '\0' && port >= 0 && port <= 65535) {
      listen.port = static_cast<int>(port);
      return listen;
    }
  }
  throw SystemError("--listen wants HOST:PORT, not " + text);
}

std::string running_endpoint(const fs::path& data_dir) {
  if (running_pid(data_dir) == 0) return "";
  auto text = read_file_if_exists(data_dir / "endpoint");
  return text ? std::string(trim(*text)) : "";
}

}  // namespace trainyard::cli
