// From bytes to lines of log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trainyard::agent {

/// CloudWatch Logs takes events of up to 256 KiB (PutLogEvents); longer lines are split.
inline constexpr std::size_t kLineBytesMax = 256 * 1024;

/// Cuts a stream into lines without their ends; "\r\n" ends a line as "\n" does.
class LineSplitter {
 public:
  /// Calls take(std::string_view) for each line that is complete.
  template <class Take>
  void feed(std::string_view bytes, Take take) {
    for (;;) {
      std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      if (rest_.empty()) {
        emit(bytes.substr(0, end), take);
      } else {
        rest_.append(bytes.substr(0, end));
        std::string line = std::move(rest_);
        rest_.clear();
        emit(line, take);
      }
      bytes.remove_prefix(end + 1);
    }
    rest_.append(bytes);
    while (rest_.size() > kLineBytesMax) {
      std::size_t cut = piece_of(rest_);
      take(std::string_view(rest_).substr(0, cut));
      rest_.erase(0, cut);
    }
  }
  /// What is left at the end of the stream.
  template <class Take>
  void finish(Take take) {
    if (!rest_.empty()) emit(rest_, take);
    rest_.clear();
  }

 private:
  template <class Take>
  static void emit(std::string_view line, Take take) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.size() > kLineBytesMax) {
      std::size_t cut = piece_of(line);
      take(line.substr(0, cut));
      line.remove_prefix(cut);
    }
    take(line);
  }
  /// At most kLineBytesMax, not through a character.
  static std::size_t piece_of(std::string_view text);

  std::string rest_;
};

}  // namespace trainyard::agent
