// A long JSON array of which a turn touches a little: texts of some elements each, read when an
// element is asked for and written again when one has changed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace trainyard::asl {

class Blocks {
 public:
  /// Elements of one text.
  static constexpr std::size_t kElements = 64;

  Blocks() = default;
  /// So many nulls.
  explicit Blocks(std::size_t size);
  explicit Blocks(const json::array& array);
  /// From texts that text() has given; SystemError, then or later, when they were not.
  Blocks(std::size_t size, std::vector<std::string> texts);

  std::size_t size() const { return size_; }
  std::size_t blocks() const { return blocks_.size(); }
  const json::value& at(std::size_t index) const;
  void set(std::size_t index, json::value value);
  /// One more at the end.
  void push(json::value value);
  const std::string& text(std::size_t block) const;
  json::array all() const;

 private:
  /// At least one of the two is there.
  struct Block {
    std::optional<std::string> text;
    std::optional<json::array> elements;
  };
  json::array& elements(std::size_t block) const;
  std::size_t size_of(std::size_t block) const;

  std::size_t size_ = 0;
  mutable std::vector<Block> blocks_;
};

}  // namespace trainyard::asl
