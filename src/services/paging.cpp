#include "services/paging.hpp"

#include "base/hash.hpp"

namespace trainyard {
namespace {

constexpr std::size_t kCheckBytes = 9;  // a multiple of 3, so that base64 needs no padding inside

std::string check_of(std::string_view listing, std::string_view position) {
  std::string text(listing);
  text += '\0';
  text += position;
  return digest(Digest::sha256, text).substr(0, kCheckBytes);
}

}  // namespace

std::string make_page_token(std::string_view listing, std::string_view position) {
  return base64(check_of(listing, position) + std::string(position));
}

std::optional<std::string> read_page_token(std::string_view listing, std::string_view token) {
  auto bytes = unbase64(token);
  if (!bytes || bytes->size() < kCheckBytes) return std::nullopt;
  std::string position = bytes->substr(kCheckBytes);
  if (!equal_in_constant_time(bytes->substr(0, kCheckBytes), check_of(listing, position))) {
    return std::nullopt;
  }
  return position;
}

}  // namespace trainyard
