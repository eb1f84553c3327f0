// PURE: who may come through the front door, decided from the head of a request alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace trainyard::notebook {

struct Access {
  std::string token;    // in the link that is printed
  std::string session;  // the value of the cookie that a browser gets for it
  std::string cookie;   // the cookie's name; browsers do not tell ports of a host apart
  std::vector<std::string> hosts;  // names of this machine beside the loopback ones
};

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
/// request, as Jupyter's do: `Authorization: token T`, or ?token=T. What other pages make a browser
/// send is refused whatever it carries, but for a link that is followed: they may know our address
/// (Origin, Sec-Fetch-Site), or a name of theirs may lead here (Host).
Verdict judge(const http::Request& request, const Access& access);

/// The value of a cookie in a Cookie field; "" when it is not there.
std::string cookie_value(std::string_view field, std::string_view name);
/// A Cookie field without one cookie; "" when nothing is left.
std::string without_cookie(std::string_view field, std::string_view name);
/// A request's target without the parameter `token`.
std::string without_token(std::string_view target);

}  // namespace trainyard::notebook
