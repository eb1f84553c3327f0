// The user's browser.
#pragma once

#include <string>

#include "base/files.hpp"

namespace trainyard::cli {

/// Opens `link` where there is a desktop. By way of `page`, which only this user can read:
/// everybody sees the arguments of a program, and the token in the link must not be among them.
/// `log` takes what the opener prints. False where there is nothing to open it with.
bool open_browser(const std::string& link, const fs::path& page, const fs::path& log);

}  // namespace trainyard::cli
