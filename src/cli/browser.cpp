#include "cli/browser.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/command.hpp"
#include "base/text.hpp"
#include "cli/jupyter.hpp"
#include "cli/process.hpp"

namespace trainyard::cli {

bool open_browser(const std::string& link, const fs::path& page, const fs::path& log) {
  const fs::path opener = find_program("xdg-open");
  const bool desktop =
      std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
  if (opener.empty() || !desktop) return false;
  write_file_atomically(page,
                        fmt::format("<!doctype html>\n<meta http-equiv=refresh content=\"0; "
                                    "url={}\">\n",
                                    escape_html(link)),
                        0600);
  start_child({.arguments = {opener.string(), page.string()},
               .folder = "/",
               .log = log,
               .environment = changed_environment({}, {}),
               .ends_with_us = false});
  return true;
}

}  // namespace trainyard::cli
