#include "policy/locate.hpp"

namespace trainyard::policy {
namespace {

/// Walks over JSON that is known to parse; at the end of the text every step stands still.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::vector<Span> statements() {
    std::vector<Span> spans;
    skip_space();
    take();  // the document's brace
    for (skip_space(); next() == '"'; skip_space()) {
      std::string_view key = string();
      skip_space();
      take();  // the colon
      if (key == "Statement")
        spans = value_of_statement();
      else
        skip_value();
      skip_space();
      if (next() == ',') take();
    }
    return spans;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  char take() {
    char c = next();
    if (at_ < text_.size()) ++at_;
    if (c == '\n') {
      here_ = {here_.line + 1, 1};
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // else within a character
      ++here_.column;
    }
    return c;
  }

  void skip_space() {
    while (next() == ' ' || next() == '\t' || next() == '\r' || next() == '\n') take();
  }

  /// Without its quotes, escapes as they stand.
  std::string_view string() {
    take();
    std::size_t begin = at_;
    while (next() != '"' && next() != '\0') {
      if (take() == '\\') take();
    }
    std::string_view inside = text_.substr(begin, at_ - begin);
    take();
    return inside;
  }

  void skip_value() {
    int depth = 0;
    do {
      char c = next();
      if (c == '\0') return;
      if (c == '"') {
        string();
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
      take();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth == 0 && (c == '}' || c == ']')) return;
    } while (true);
  }

  std::vector<Span> value_of_statement() {
    std::vector<Span> spans;
    Position start = here_;
    skip_space();
    if (next() != '[') {
      skip_value();
      return {{start, here_}};
    }
    do {
      take();  // the bracket or comma
      start = here_;
      skip_space();
      if (next() == ']') break;
      skip_value();
      spans.push_back({start, here_});
      skip_space();
    } while (next() == ',');
    take();
    return spans;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Position here_;
};

}  // namespace

std::vector<Span> locate_statements(std::string_view text) { return Walk(text).statements(); }

}  // namespace trainyard::policy
