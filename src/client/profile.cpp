#include "client/profile.hpp"

#include <cstdlib>

#include "base/text.hpp"

namespace trainyard::client {
namespace {

fs::path file_of(const Environment& environment, const char* variable, const char* usual) {
  if (auto path = environment(variable)) return *path;
  auto home = environment("HOME");
  return home ? fs::path(*home) / ".aws" / usual : fs::path();
}

std::map<std::string, Section> load_ini(const fs::path& path) {
  if (path.empty()) return {};
  auto text = read_file_if_exists(path);
  return text ? parse_ini(*text) : std::map<std::string, Section>();
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

std::map<std::string, Section> parse_ini(std::string_view text) {
  std::map<std::string, Section> sections;
  Section* section = nullptr;
  std::string setting;  // what indented lines belong to
  for (const std::string& line : split(text, '\n')) {
    std::string_view content = trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      std::size_t end = content.find(']');
      setting.clear();
      section = nullptr;
      if (end == std::string_view::npos) continue;
      std::string name = join(split(trim(content.substr(1, end - 1)), '\t'), " ");
      section = &sections[name];
      continue;
    }
    std::size_t equals = content.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    std::string name = to_lower(trim(content.substr(0, equals)));
    std::string value(trim(content.substr(equals + 1)));
    const bool indented = line.front() == ' ' || line.front() == '\t';
    if (indented && !setting.empty()) {
      (*section)[setting + "." + name] = value;
    } else {
      (*section)[name] = value;
      setting = name;
    }
  }
  return sections;
}

Profiles Profiles::load(const Environment& environment) {
  Profiles loaded;
  for (auto& [name, section] : load_ini(file_of(environment, "AWS_CONFIG_FILE", "config"))) {
    if (name == "default") {
      loaded.profiles_[name] = std::move(section);
    } else if (name.rfind("profile ", 0) == 0) {
      loaded.profiles_[std::string(trim(std::string_view(name).substr(8)))] = std::move(section);
    } else if (name.rfind("services ", 0) == 0) {
      loaded.services_[std::string(trim(std::string_view(name).substr(9)))] = std::move(section);
    }
  }
  auto keys = load_ini(file_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials"));
  for (auto& [name, section] : keys) {
    for (auto& [setting, value] : section) loaded.profiles_[name][setting] = std::move(value);
  }
  return loaded;
}

const Section* Profiles::profile(const std::string& name) const {
  auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

const Section* Profiles::services(const std::string& name) const {
  auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

}  // namespace trainyard::client
