#include "agent/lines.hpp"

#include "base/utf8.hpp"

namespace trainyard::agent {

std::size_t LineSplitter::piece_of(std::string_view text) {
  std::size_t cut = kLineBytesMax;
  for (int i = 0; i < 3 && !begins_character(text[cut]); ++i) --cut;
  return cut;
}

}  // namespace trainyard::agent
