#include "server/console/shell.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "server/console/pages.hpp"
#include "server/console/replies.hpp"
#include "wire/body.hpp"

namespace trainyard::server::console {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kNoncePlace = "__NONCE__";
constexpr int kNonceCharacters = 32;               // 128 bits
constexpr std::size_t kAssetBytesMax = 64u << 20;  // unpacked

const Asset* find_asset(std::string_view name) {
  const auto all = assets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Asset& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string unpacked(const Asset& asset) {
  auto text = wire::gunzip(asset.gzip, kAssetBytesMax);
  TRAINYARD_ASSERT(text.has_value());  // packed by the build
  return std::move(*text);
}

}  // namespace

http::Response shell(Random& random) {
  const Asset* index = find_asset(kIndex);
  if (index == nullptr) {
    return message_page(404, "No console in this build",
                        "This program was built without the console's page "
                        "(TRAINYARD_CONSOLE=OFF). Presigned pages of executions are here.");
  }
  static const std::string page = unpacked(*index);
  const std::string nonce = random.hex(kNonceCharacters);
  http::Response response =
      http::text_response(200, replace_all(page, kNoncePlace, nonce), "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("X-Frame-Options", "DENY");
  response.headers.set(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src "
                  "'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                  nonce));
  keep_from_other_pages(response.headers);
  return response;
}

http::Response asset(const http::Request& request, std::string_view name) {
  const Asset* found = find_asset(name);
  if (found == nullptr) return http::text_response(404, "no such file\n");
  const bool packed = takes_gzip(request.headers.get("Accept-Encoding"));
  http::Response response = http::text_response(
      200, packed ? std::string(found->gzip) : unpacked(*found), std::string(found->type));
  if (packed) response.headers.set("Content-Encoding", "gzip");
  response.headers.set("Vary", "Accept-Encoding");
  response.headers.set("Cache-Control", "public, max-age=31536000, immutable");
  keep_from_other_pages(response.headers);
  return response;
}

/// RFC 9110, 12.5.3: "*" speaks of what is not named.
bool takes_gzip(std::string_view accepted) {
  bool others = false;
  for (const std::string& part : split(accepted, ',')) {
    const auto pieces = split(part, ';');
    const bool named = iequals(trim(pieces[0]), "gzip");
    if (!named && trim(pieces[0]) != "*") continue;
    // "q=0", "q=0.0": not this one.
    const std::string weight = pieces.size() > 1 ? std::string(trim(pieces[1])) : "q=1";
    const bool takes = weight.find_first_of("123456789") != std::string::npos;
    if (named) return takes;
    others = takes;
  }
  return others;
}

}  // namespace trainyard::server::console
