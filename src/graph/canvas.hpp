// A sheet of terminal cells: lines that join where they meet, and text over them.
#pragma once

#include <string>
#include <vector>

namespace trainyard::graph {

/// Columns that a terminal gives to the text: wide East Asian characters take two.
int columns(const std::string& text);

/// Control characters (C0, DEL, C1) become U+FFFD, and so does malformed UTF-8.
std::string printable(const std::string& text);

class Canvas {
 public:
  /// Rows first … last; nothing when last < first.
  void vertical(int column, int first, int last, bool dashed);
  /// A line that comes from above at `from`, runs along `row` and goes down at `to`.
  void bend(int row, int from, int to, bool dashed);
  /// Text over whatever is there. `colour`: the parameters of an ANSI SGR sequence, or "".
  void write(int row, int column, const std::string& text, const char* colour);

  std::string text(bool colour) const;

 private:
  struct Cell {
    unsigned char sides = 0;  // bits: up 1, down 2, left 4, right 8
    bool dashed = false;
    std::string text;  // one character, or "" after a wide one
    bool written = false;
    const char* colour = "";
  };

  Cell& at(int row, int column);
  void add(int row, int column, unsigned char sides, bool dashed);
  static std::string glyph(const Cell& cell);

  std::vector<std::vector<Cell>> rows_;
};

}  // namespace trainyard::graph
