// PURE: what we add to Jupyter's pages, and the few pages of our own.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace trainyard::notebook {

/// Everything of ours is below this path; nothing of Jupyter's is.
inline constexpr std::string_view kOwnPath = "/_trainyard/";
inline constexpr std::string_view kScriptPath = "/_trainyard/notebook.js";

/// The script that runs in Jupyter's pages: src/notebook/notebook.js.
std::string_view script();

/// Whether a response is a page of Jupyter's application, not a file of the user's that happens to
/// be HTML: those come from below /files/ or in a sandbox of their own, and stay as they are.
bool is_application_page(std::string_view path, const http::Response& response);

/// The page with a tag that loads our script before any other; as it is when it has no <head>.
std::string with_script(std::string page);

/// A page that says one thing to a person.
http::Response notice(int status, const std::string& title, const std::string& text);

/// The drawing of a state machine: {"svg": …, "colours": {status: "#rrggbb"}}. `body` is a JSON
/// object: `definition`, an object in the States Language; optionally `events`,
/// GetExecutionHistory's, by which states are coloured, and `direction`, "right" or "down".
/// ApiError 400 for anything else.
http::Response drawing(std::string_view body);

}  // namespace trainyard::notebook
