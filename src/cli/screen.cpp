#include "cli/screen.hpp"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.hpp"

namespace trainyard::cli {
namespace {

constexpr int kWidthDefault = 80;

}  // namespace

Screen::Screen(std::FILE* out)
    : out_(out), terminal_(::isatty(::fileno(out)) == 1), colour_(false), width_(kWidthDefault) {
  const char* kind = std::getenv("TERM");
  if (kind == nullptr || std::string_view(kind) == "dumb") terminal_ = false;
  colour_ = terminal_ && std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (terminal_ && ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) {
    width_ = size.ws_col;
  }
}

Screen::~Screen() { settle(); }

void Screen::say(const std::string& line) {
  if (!shown_.empty()) std::fputs("\r\x1b[K", out_);
  std::fputs((line + "\n").c_str(), out_);
  if (!shown_.empty()) std::fputs(shown_.c_str(), out_);
  std::fflush(out_);
}

void Screen::show(const std::string& line) {
  if (!terminal_) return;
  const std::string next = clip(line, static_cast<std::size_t>(width_ - 1));
  if (next == shown_) return;
  shown_ = next;
  std::fputs(("\r\x1b[K" + shown_).c_str(), out_);
  std::fflush(out_);
}

void Screen::settle() {
  if (shown_.empty()) return;
  shown_.clear();
  std::fputs("\r\x1b[K", out_);
  std::fflush(out_);
}

}  // namespace trainyard::cli
