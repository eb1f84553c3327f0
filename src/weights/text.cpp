#include "weights/text.hpp"

#include <fmt/format.h>

namespace trainyard::weights {
namespace {

constexpr std::size_t kQuotedMax = 100;

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, kQuotedMax)) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + (text.size() > kQuotedMax ? "…'" : "'");
}

}  // namespace trainyard::weights
