// AWS's shared configuration files (AWS SDKs and Tools Reference Guide, "Shared config and
// credentials files").
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.hpp"

namespace trainyard::client {

/// Environment variables as an argument; empty ones count as absent.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

using Section = std::map<std::string, std::string>;

/// Sections by name ("default", "profile x", "services y"). An indented line belongs to the setting
/// above it and is stored as "setting.name". Malformed lines are skipped, as AWS's own tools do.
std::map<std::string, Section> parse_ini(std::string_view text);

/// Both files of one user, merged: a profile's values in the credentials file win.
class Profiles {
 public:
  /// AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE or ~/.aws; absent files are empty.
  static Profiles load(const Environment& environment);

  const Section* profile(const std::string& name) const;
  const Section* services(const std::string& name) const;

 private:
  std::map<std::string, Section> profiles_, services_;
};

}  // namespace trainyard::client
