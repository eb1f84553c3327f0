#include "cli/console.hpp"

#include <cstdio>

#include "base/error.hpp"
#include "base/json.hpp"
#include "cli/ask.hpp"
#include "cli/browser.hpp"

namespace trainyard::cli {
namespace {

/// The link is for this machine. A daemon that others reach too answers them under its own names.
void say_how_from_elsewhere(const std::string& endpoint) {
  const std::string here = reachable(endpoint).host;
  if (http::Address::parse(endpoint).host == here) return;
  std::fprintf(stderr, "From elsewhere: with a name of `serve --host` in the place of %s.\n",
               here.c_str());
}

}  // namespace

int open_console(const fs::path& data, bool print_only) {
  const json::value answer = parse_own_json(ask_daemon(data, "/_console/api/links", {}));
  const std::string link = find_string(answer.as_object(), "url").value_or("");
  if (link.empty()) throw SystemError("the daemon gave no link");
  std::printf("%s\n", link.c_str());
  std::fflush(stdout);
  say_how_from_elsewhere(endpoint_of(data));
  if (print_only) return 0;
  const bool opened = open_browser(link, data / "console.html", data / "console.log");
  std::fprintf(stderr, opened ? "It opens in your browser, once, within five minutes.\n"
                              : "Open it in a browser, once, within five minutes.\n");
  return 0;
}

}  // namespace trainyard::cli
