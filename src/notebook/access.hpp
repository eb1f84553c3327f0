// PURE: who may come through the front door, decided from the head of a request alone.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace trainyard::notebook {

/// What a browser gets for the link's token: the value of a cookie, and how long it keeps it
/// (without a time until it is closed).
struct Session {
  std::string value;
  std::optional<std::chrono::seconds> life;
};

struct Access {
  std::string parameter;           // of the link's query, which holds its token
  std::string cookie;              // its name; browsers do not tell ports of a host apart
  std::string hint;                // how to come in, one sentence for those who do not
  /// Whether a Host field names the notebook.
  std::function<bool(std::string_view host)> is_host;
  std::function<bool(const http::Request& request, std::string_view token)> opens;
  std::function<bool(const http::Request& request, std::string_view cookie)> is_session;
  /// For a token that opens.
  std::function<Session(std::string_view token)> session;
};

/// One token and one session for as long as the door stands. `hosts`: names of this machine beside
/// the loopback ones.
Access fixed_access(std::string token, std::string session, std::vector<std::string> hosts);

struct Verdict {
  enum class Way {
    pass,
    enter,  // the link was opened: the cookie, and on to the same page without the token
    refuse
  };
  Way way = Way::refuse;
  int status = 403;  // of a refusal
  std::string why;   // of a refusal, one sentence
};

/// A browser that has opened the link carries the cookie; other clients say the token with every
/// request, as Jupyter's do: `Authorization: token T`, or in the query as the link does. What other
/// pages make a browser send is refused whatever it carries, but for a link that is followed: they
/// may know our address (Origin, Sec-Fetch-Site), or a name of theirs may lead here (Host).
Verdict judge(const http::Request& request, const Access& access);

/// Whether the page that sent a request is one of the same host and port, a link was followed, or
/// it was no page that sent it (Origin, Sec-Fetch-*).
bool comes_from_us(const http::Request& request);
/// The values of a cookie in a Cookie field: pages of a neighbouring host can add others of its
/// name.
std::vector<std::string> cookie_values(std::string_view field, std::string_view name);
/// A Cookie field without one cookie; "" when nothing is left.
std::string without_cookie(std::string_view field, std::string_view name);
/// The token in a request's query; "" when there is none.
std::string token_in_query(const http::Request& request, std::string_view parameter);
/// A request's target without that parameter.
std::string without_token(std::string_view target, std::string_view parameter);

}  // namespace trainyard::notebook
