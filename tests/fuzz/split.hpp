// One input of the fuzzer as two.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace trainyard::fuzz {

inline std::string_view text_of(const uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What stands before and after the first NUL byte.
inline std::pair<std::string_view, std::string_view> split_at_nul(const uint8_t* data,
                                                                  std::size_t size) {
  const std::string_view whole = text_of(data, size);
  const std::size_t at = whole.find('\0');
  if (at == std::string_view::npos) return {whole, {}};
  return {whole.substr(0, at), whole.substr(at + 1)};
}

}  // namespace trainyard::fuzz
