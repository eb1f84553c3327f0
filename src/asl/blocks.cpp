#include "asl/blocks.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace trainyard::asl {

Blocks::Blocks(std::size_t size) : size_(size), blocks_((size + kElements - 1) / kElements) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].elements.emplace(size_of(i), nullptr);
}

Blocks::Blocks(const json::array& array) : Blocks(array.size()) {
  for (std::size_t i = 0; i < size_; ++i) {
    (*blocks_[i / kElements].elements)[i % kElements] = array[i];
  }
}

Blocks::Blocks(std::size_t size, std::vector<std::string> texts) : size_(size) {
  for (auto& text : texts) blocks_.push_back({std::move(text), std::nullopt});
  if (blocks_.size() != (size + kElements - 1) / kElements) {
    throw SystemError("a stored array is damaged: blocks are missing");
  }
}

const json::value& Blocks::at(std::size_t index) const {
  TRAINYARD_ASSERT(index < size_);
  return elements(index / kElements)[index % kElements];
}

void Blocks::set(std::size_t index, json::value value) {
  TRAINYARD_ASSERT(index < size_);
  elements(index / kElements)[index % kElements] = std::move(value);
  blocks_[index / kElements].text.reset();
}

void Blocks::push(json::value value) {
  if (size_ % kElements == 0) blocks_.push_back({std::nullopt, json::array()});
  Block& last = blocks_.back();
  elements(blocks_.size() - 1).push_back(std::move(value));
  last.text.reset();
  ++size_;
}

const std::string& Blocks::text(std::size_t block) const {
  Block& one = blocks_.at(block);
  if (!one.text) one.text = dump(*one.elements);
  return *one.text;
}

json::array Blocks::all() const {
  json::array array;
  array.reserve(size_);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    for (const auto& element : elements(i)) array.push_back(element);
  }
  return array;
}

json::array& Blocks::elements(std::size_t block) const {
  Block& one = blocks_[block];
  if (!one.elements) {
    json::value parsed = parse_own_json(*one.text);
    const json::array* array = parsed.if_array();
    if (!array || array->size() != size_of(block)) {
      throw SystemError("a stored array is damaged: elements are missing");
    }
    one.elements = std::move(parsed.get_array());
  }
  return *one.elements;
}

std::size_t Blocks::size_of(std::size_t block) const {
  return std::min(kElements, size_ - block * kElements);
}

}  // namespace trainyard::asl
