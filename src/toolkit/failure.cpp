#include "toolkit/failure.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace trainyard::toolkit {
namespace {

constexpr std::size_t kCommandBytesMax = 300;

bool inside_character(char c) { return (c & 0xC0) == 0x80; }

std::string shortened(const std::string& text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && inside_character(text[end])) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

void Tail::append(std::string_view bytes) {
  bytes_ += bytes;
  if (bytes_.size() <= 4 * keep_) return;  // to move bytes seldom
  bytes_.erase(0, bytes_.size() - 2 * keep_);
  cut_ = true;
}

std::string Tail::last(std::size_t max) const {
  std::string_view end = trim(bytes_);
  const bool whole = end.size() <= max && !cut_;
  if (end.size() > max) end.remove_prefix(end.size() - max);
  if (!whole) {
    const std::size_t line = end.find('\n');
    if (line != std::string_view::npos) end.remove_prefix(line + 1);
    while (!end.empty() && inside_character(end.front())) end.remove_prefix(1);
  }
  return std::string(trim(end));
}

std::string failure_text(int exit_code, const Tail& errors, const std::string& command) {
  const std::string shown = shortened(command, kCommandBytesMax);
  const std::string begin = fmt::format("ExecuteUserScriptError:\nExitCode {}\nErrorMessage \"",
                                        exit_code);
  const std::string end = fmt::format("\"\nCommand \"{}\"", shown);
  return begin + errors.last(kFailureBytesMax - begin.size() - end.size()) + end;
}

}  // namespace trainyard::toolkit
