// Where statements stand in the text of a policy document: what a reader is shown.
#pragma once

#include <string_view>
#include <vector>

namespace trainyard::policy {

/// Both from 1; columns count characters.
struct Position {
  int line = 1;
  int column = 1;
};

/// From behind the `[`, `,` or `:` before a statement to behind its last brace, as AWS's published
/// answers of the policy simulator have it.
struct Span {
  Position start;
  Position end;
};

/// One for each statement, in order; `text` is a document that parses (parse_document).
std::vector<Span> locate_statements(std::string_view text);

}  // namespace trainyard::policy
