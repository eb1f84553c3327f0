// UTF-8: what is one, how many characters it has, and where it may be cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trainyard {

/// Whether a byte of UTF-8 begins a character, as all but continuation bytes do.
constexpr bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

/// How many characters (code points) the text has.
std::size_t count_characters(std::string_view text);

/// The first `characters` of the text.
std::string clip(std::string_view text, std::size_t characters);

bool is_utf8(std::string_view text);

/// The text with whatever is not UTF-8 (RFC 3629) replaced by U+FFFD; at most `bytes_max` bytes,
/// not cut through a character.
std::string valid_utf8(std::string_view text, std::size_t bytes_max = static_cast<std::size_t>(-1));

}  // namespace trainyard
