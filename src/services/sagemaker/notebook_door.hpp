// The way to a notebook instance's Jupyter: where it is met, by which tickets somebody comes in,
// and what the door in front of it needs. The door itself is the server's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/call.hpp"

namespace trainyard::sagemaker {

/// Its host name is its key, this, and the daemon's own domain. A host of its own keeps the pages
/// of a notebook apart from the daemon's and from other notebooks' in every browser.
inline constexpr std::string_view kNotebookLabel = ".notebook.";

/// Presigned URLs open for so long (CreatePresignedNotebookInstanceUrl).
inline constexpr std::chrono::seconds kLinkLife{300};
inline constexpr int32_t kSessionSecondsDefault = 12 * 3600;

/// PURE: the key in the host of a request, "" when it is no notebook's. `known`: names of this
/// machine beside the loopback ones.
std::string notebook_in_host(std::string_view host_header, const std::vector<std::string>& known);

/// Who may come in, and until when. A link carries one, and so does the cookie that it becomes.
struct Ticket {
  enum class Kind { link, session };
  Kind kind = Kind::link;
  Time expires;
  std::chrono::seconds session{0};  // link: how long the session lasts that it opens
  std::string access_key;           // of whom IAM is asked at each request
};

/// PURE: as one word, signed with the door's secret, and back: nullopt for a forged or foreign one,
/// and for one that has expired.
std::string write_ticket(const std::string& secret, const Ticket& ticket);
std::optional<Ticket> read_ticket(const std::string& secret, Ticket::Kind kind,
                                  std::string_view text, Time now);

/// Of a notebook instance in service.
struct NotebookDoor {
  std::string arn;
  std::string role_arn;
  std::string attempt, host;   // where its Jupyter runs
  std::string jupyter_token;
  std::string secret;          // of the tickets; another one after each start
};

/// nullopt unless it is in service.
std::optional<NotebookDoor> find_notebook_door(Txn& txn, const Site& site, std::string_view key);

}  // namespace trainyard::sagemaker
