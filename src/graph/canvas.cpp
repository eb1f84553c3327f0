#include "graph/canvas.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace trainyard::graph {
namespace {

enum Side : unsigned char { kUp = 1, kDown = 2, kLeft = 4, kRight = 8 };

struct Character {
  std::string_view bytes;
  char32_t code = 0xFFFD;
};

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The first character of a text that is not empty. Malformed bytes count one by one.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const Character malformed{text.substr(0, 1), 0xFFFD};
  if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) return malformed;
  if (text.size() < length) return malformed;
  char32_t code = length == 1 ? lead : lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return malformed;
    code = (code << 6) | (byte & 0x3F);
  }
  return {text.substr(0, length), code};
}

// Unicode Standard Annex 11, the blocks that terminals draw two columns wide.
bool wide(char32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
         (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
}

template <class Visit>
void each_character(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const Character character = first_character(text);
    visit(character);
    text.remove_prefix(character.bytes.size());
  }
}

}  // namespace

int columns(const std::string& text) {
  int total = 0;
  each_character(text, [&](const Character& c) { total += wide(c.code) ? 2 : 1; });
  return total;
}

std::string printable(const std::string& text) {
  std::string clean;
  each_character(text, [&](const Character& c) {
    // U+202A … U+2069 turn the direction of the text after them.
    const bool control = c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0) ||
                         (c.code >= 0x202A && c.code <= 0x202E) ||
                         (c.code >= 0x2066 && c.code <= 0x2069) || c.code == 0xFFFD;
    clean += control ? kReplacement : c.bytes;
  });
  return clean;
}

Canvas::Cell& Canvas::at(int row, int column) {
  const auto r = static_cast<std::size_t>(std::max(row, 0));
  const auto c = static_cast<std::size_t>(std::max(column, 0));
  if (rows_.size() <= r) rows_.resize(r + 1);
  if (rows_[r].size() <= c) rows_[r].resize(c + 1);
  return rows_[r][c];
}

void Canvas::add(int row, int column, unsigned char sides, bool dashed) {
  Cell& cell = at(row, column);
  cell.dashed = cell.sides == 0 ? dashed : cell.dashed && dashed;
  cell.sides |= sides;
}

void Canvas::vertical(int column, int first, int last, bool dashed) {
  for (int row = first; row <= last; ++row) add(row, column, kUp | kDown, dashed);
}

void Canvas::bend(int row, int from, int to, bool dashed) {
  const bool right = to > from;
  add(row, from, kUp | (right ? kRight : kLeft), dashed);
  add(row, to, kDown | (right ? kLeft : kRight), dashed);
  for (int column = std::min(from, to) + 1; column < std::max(from, to); ++column) {
    add(row, column, kLeft | kRight, dashed);
  }
}

void Canvas::write(int row, int column, const std::string& text, const char* colour) {
  each_character(text, [&](const Character& c) {
    Cell& cell = at(row, column);
    cell.text = std::string(c.bytes);
    cell.written = true;
    cell.colour = colour;
    ++column;
    if (wide(c.code)) {
      Cell& rest = at(row, column++);
      rest.text.clear();
      rest.written = true;
      rest.colour = colour;
    }
  });
}

std::string Canvas::glyph(const Cell& cell) {
  if (cell.written) return cell.text;
  static constexpr std::array<const char*, 16> kGlyphs = {" ", "│", "│", "│", "─", "┘", "┐", "┤",
                                                          "─", "└", "┌", "├", "─", "┴", "┬", "┼"};
  if (cell.dashed && cell.sides == (kUp | kDown)) return "┆";
  if (cell.dashed && cell.sides == (kLeft | kRight)) return "┄";
  return kGlyphs[cell.sides];
}

std::string Canvas::text(bool colour) const {
  std::string out;
  for (const std::vector<Cell>& row : rows_) {
    std::string line;
    std::string_view current;
    for (const Cell& cell : row) {
      const std::string_view wanted = colour ? cell.colour : "";
      if (wanted != current) {
        if (!current.empty()) line += "\x1b[0m";
        if (!wanted.empty()) line += "\x1b[" + std::string(wanted) + "m";
        current = wanted;
      }
      line += glyph(cell);
    }
    if (!current.empty()) line += "\x1b[0m";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace trainyard::graph
