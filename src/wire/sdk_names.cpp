#include "wire/sdk_names.hpp"

namespace trainyard::wire {
namespace {

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a word begins at `at`: after a small letter, at the last capital of several, and after
/// a number.
bool begins_word(std::string_view name, std::size_t at) {
  const char before = name[at - 1], here = name[at];
  const char after = at + 1 < name.size() ? name[at + 1] : '\0';
  if (is_digit(before) && !is_digit(here)) return true;
  if (!is_upper(here)) return false;
  if (is_lower(before)) return after != '\0';
  return is_upper(before) && is_lower(after);
}

}  // namespace

std::string sdk_name(std::string_view name) {
  std::string result;
  bool first = true;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
      first = true;
      continue;
    }
    first = first || begins_word(name, at);
    const char small = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    const char large = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    result += first ? large : small;
    first = false;
  }
  return result;
}

std::string sdk_exception(std::string_view shape) {
  constexpr std::string_view kFault = "Fault", kException = "Exception";
  if (shape.ends_with(kFault)) shape.remove_suffix(kFault.size());
  std::string name = sdk_name(shape);
  if (!name.ends_with(kException)) name += kException;
  return name;
}

}  // namespace trainyard::wire
