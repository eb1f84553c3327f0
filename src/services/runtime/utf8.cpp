#include "services/runtime/utf8.hpp"

#include <cstdint>

namespace trainyard::runtime {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// The length of the well-formed character that `text` begins with, 0 when there is none.
std::size_t character_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return 1;
  std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f) ||
      (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string valid_utf8(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = character_length(text);
    std::string_view character = length > 0 ? text.substr(0, length) : kReplacement;
    if (out.size() + character.size() > bytes_max) break;
    out += character;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

}  // namespace trainyard::runtime
