// Who comes in, and as whom: logins, and the principal behind a request's session.
//
// A session's token comes in a header that the console's page sets. A cookie would do for less:
// browsers keep no ports of a host apart, so that they would send it to whoever serves a page from
// another port, and with what that page asks of us.
#pragma once

#include <optional>
#include <string>

#include "identity/identity.hpp"
#include "server/console/sessions.hpp"
#include "server/parts.hpp"

namespace trainyard::server {

class Pipeline;

namespace console {

/// Holds the session's token.
inline constexpr const char* kHeader = "X-Trainyard-Console";

/// Whose session it is. The key is looked up anew each time: one that was deactivated or has
/// expired opens nothing.
struct Visitor {
  Caller caller;
  Time expires;
};

class Gate {
 public:
  Gate(const Parts& parts, Pipeline& pipeline)
      : parts_(parts), pipeline_(pipeline), sessions_(parts.random) {}

  /// ApiError 403 for what another page made a browser send.
  static void check_origin(const http::Request& request);

  /// nullopt without a session.
  std::optional<Visitor> find_visitor(const http::Request& request) const;
  /// ApiError ExpiredTokenException 401 without a session.
  Visitor visitor(const http::Request& request) const;

  /// `POST api/links`: a link for the principal who signed the request (for sts).
  http::Response issue_link(http::Request& request);
  /// `POST`, `GET`, `DELETE api/session`.
  http::Response log_in(http::Request& request);
  http::Response show(const http::Request& request) const;
  http::Response log_out(const http::Request& request);

 private:
  std::optional<identity::Credential> credential_of(const std::string& access_key) const;
  std::string key_of_login(const http::Request& request, const json::object& login);
  std::string key_of_secret(const http::Request& request, const json::object& login);

  Parts parts_;
  Pipeline& pipeline_;
  Sessions sessions_;
};

}  // namespace console
}  // namespace trainyard::server
