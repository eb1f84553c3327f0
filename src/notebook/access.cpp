#include "notebook/access.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/hosts.hpp"

namespace trainyard::notebook {
namespace {

constexpr std::string_view kTokenScheme = "token ";
constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};

Verdict refuse(int status, std::string why) {
  Verdict verdict;
  verdict.status = status;
  verdict.why = std::move(why);
  return verdict;
}

Verdict let(Verdict::Way way) {
  Verdict verdict;
  verdict.way = way;
  return verdict;
}

bool says_token(const http::Request& request, const Access& access) {
  const std::string said = request.headers.get("Authorization");
  return to_lower(said.substr(0, kTokenScheme.size())) == kTokenScheme &&
         access.opens(request, trim(std::string_view(said).substr(kTokenScheme.size())));
}

/// Calls `use` with each cookie as it stands in the field.
template <class Use>
void for_each_cookie(std::string_view field, const Use& use) {
  while (!field.empty()) {
    const std::size_t end = std::min(field.find(';'), field.size());
    if (const std::string_view cookie = trim(field.substr(0, end)); !cookie.empty()) use(cookie);
    field.remove_prefix(std::min(end + 1, field.size()));
  }
}

bool is_named(std::string_view cookie, std::string_view name) {
  return trim(cookie.substr(0, cookie.find('='))) == name;
}

}  // namespace

Access fixed_access(std::string token, std::string session, std::vector<std::string> hosts) {
  Access access;
  access.parameter = "token";
  access.is_host = [hosts = std::move(hosts)](std::string_view host) {
    return http::is_known_host(host, hosts);
  };
  access.opens = [token = std::move(token)](const http::Request&, std::string_view said) {
    return equal_in_constant_time(said, token);
  };
  access.is_session = [session](const http::Request&, std::string_view value) {
    return equal_in_constant_time(value, session);
  };
  access.session = [session](std::string_view) { return Session{session, std::nullopt}; };
  return access;
}

bool comes_from_us(const http::Request& request) {
  if (const std::string* origin = request.headers.find("Origin")) {
    const std::string host = request.headers.get("Host");
    if (!iequals(*origin, "http://" + host) && !iequals(*origin, "https://" + host)) return false;
  }
  const std::string site = request.headers.get("Sec-Fetch-Site");
  if (site.empty() || site == "same-origin" || site == "none") return true;
  return request.only_reads() && request.headers.get("Sec-Fetch-Mode") == "navigate" &&
         request.headers.get("Sec-Fetch-Dest") == "document";
}

std::string token_in_query(const http::Request& request, std::string_view parameter) {
  const auto query = http::parse_query(request.query());
  if (!query) return "";
  for (const auto& [name, value] : *query) {
    if (name == parameter) return value;
  }
  return "";
}

std::vector<std::string> cookie_values(std::string_view field, std::string_view name) {
  std::vector<std::string> values;
  for_each_cookie(field, [&](std::string_view cookie) {
    const std::size_t equals = cookie.find('=');
    if (equals != std::string_view::npos && is_named(cookie, name)) {
      values.emplace_back(trim(cookie.substr(equals + 1)));
    }
  });
  return values;
}

std::string without_cookie(std::string_view field, std::string_view name) {
  std::vector<std::string> left;
  for_each_cookie(field, [&](std::string_view cookie) {
    if (!is_named(cookie, name)) left.emplace_back(cookie);
  });
  return join(left, "; ");
}

std::string without_token(std::string_view target, std::string_view parameter) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::vector<std::string> left;
  for (const std::string& piece : split(target.substr(mark + 1), '&')) {
    if (!piece.empty() && piece.substr(0, piece.find('=')) != parameter) left.push_back(piece);
  }
  std::string path(target.substr(0, mark));
  return left.empty() ? path : path + "?" + join(left, "&");
}

Verdict judge(const http::Request& request, const Access& access) {
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods)) {
    return refuse(405, "This method is not served here.");
  }
  // Two slashes would make a redirection to it lead to another host.
  if (!request.target.starts_with('/') || request.target.starts_with("//")) {
    return refuse(400, "The address begins with one slash.");
  }
  if (!access.is_host(request.headers.get("Host"))) {
    return refuse(403, "The notebook does not answer to this name.");
  }
  if (!comes_from_us(request)) return refuse(403, "Pages of other sites have no access.");
  const auto cookies = cookie_values(request.headers.get("Cookie"), access.cookie);
  const bool has_cookie =
      std::any_of(cookies.begin(), cookies.end(),
                  [&](const std::string& cookie) { return access.is_session(request, cookie); });
  const std::string token = token_in_query(request, access.parameter);
  const bool opens = !token.empty() && access.opens(request, token);
  if (opens && request.method == "GET" && !request.headers.has("Upgrade") &&
      request.headers.get("Accept").find("text/html") != std::string::npos) {
    return let(Verdict::Way::enter);
  }
  if (has_cookie || opens || says_token(request, access)) return let(Verdict::Way::pass);
  return refuse(403, access.hint);
}

}  // namespace trainyard::notebook
