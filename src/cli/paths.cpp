#include "cli/paths.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::cli {

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
  fs::path path = data_dir / "lock";
  auto text = read_file_if_exists(path);
  if (!text || try_lock_file(path)) return 0;  // whoever held it has let go
  return std::atoi(text->c_str());
}

std::string running_endpoint(const fs::path& data_dir) {
  if (running_pid(data_dir) == 0) return "";
  auto text = read_file_if_exists(data_dir / "endpoint");
  return text ? std::string(trim(*text)) : "";
}

}  // namespace trainyard::cli
