// Where commands show people how far they are.
#pragma once

#include <cstdio>
#include <string>

namespace trainyard::cli {

/// Lines for people: on a terminal the last one is redrawn in place.
class Screen {
 public:
  explicit Screen(std::FILE* out);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool terminal() const { return terminal_; }
  bool colour() const { return colour_; }
  int width() const { return width_; }
  /// A line that stays.
  void say(const std::string& line);
  /// A line that the next one replaces; only terminals show it.
  void show(const std::string& line);
  /// Ends the line that would be replaced.
  void settle();

 private:
  std::FILE* out_;
  bool terminal_;
  bool colour_;
  int width_;
  std::string shown_;
};

}  // namespace trainyard::cli
