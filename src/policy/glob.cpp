#include "policy/glob.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace trainyard::policy {
namespace {

/// Shift-And (Baeza-Yates and Gonnet 1992): one bit a pattern byte, all alignments at once.
std::size_t find_with_holes(std::string_view text, std::size_t from, std::string_view bytes,
                            const std::vector<bool>& holes) {
  const std::size_t words = (bytes.size() + 63) / 64;
  std::vector<uint64_t> masks(256 * words, 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    uint64_t bit = uint64_t{1} << (i % 64);
    if (!holes[i]) {
      masks[static_cast<unsigned char>(bytes[i]) * words + i / 64] |= bit;
      continue;
    }
    for (std::size_t byte = 0; byte < 256; ++byte) masks[byte * words + i / 64] |= bit;
  }
  std::vector<uint64_t> state(words, 0);
  const uint64_t last = uint64_t{1} << ((bytes.size() - 1) % 64);
  for (std::size_t at = from; at < text.size(); ++at) {
    const uint64_t* mask = &masks[static_cast<unsigned char>(text[at]) * words];
    uint64_t carry = 1;
    for (std::size_t word = 0; word < words; ++word) {
      uint64_t next = state[word] >> 63;
      state[word] = ((state[word] << 1) | carry) & mask[word];
      carry = next;
    }
    if (state[words - 1] & last) return at + 1 - bytes.size();
  }
  return std::string_view::npos;
}

}  // namespace

Tokens wildcard_tokens(std::string_view pattern) {
  Tokens tokens;
  tokens.reserve(pattern.size());
  for (char c : pattern) {
    tokens += c == '*' ? kAnyMany : c == '?' ? kAnyOne : char16_t{static_cast<unsigned char>(c)};
  }
  return tokens;
}

Tokens literal_tokens(std::string_view text) {
  Tokens tokens;
  tokens.reserve(text.size());
  for (char c : text) tokens += char16_t{static_cast<unsigned char>(c)};
  return tokens;
}

Glob::Glob(const Tokens& tokens) : segments_(1) {
  for (char16_t token : tokens) {
    if (token == kAnyMany) {
      segments_.emplace_back();
      continue;
    }
    Segment& segment = segments_.back();
    if (token == kAnyOne) {
      segment.holes.resize(segment.bytes.size(), false);
      segment.holes.push_back(true);
    } else if (!segment.holes.empty()) {
      segment.holes.push_back(false);
    }
    segment.bytes += token == kAnyOne ? '?' : static_cast<char>(token);
  }
}

bool Glob::Segment::fits(std::string_view text) const {
  if (holes.empty()) return text == bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!holes[i] && text[i] != bytes[i]) return false;
  }
  return true;
}

std::size_t Glob::Segment::find(std::string_view text, std::size_t from) const {
  if (bytes.empty()) return from;
  if (!holes.empty()) return find_with_holes(text, from, bytes, holes);
  // memmem is two-way string matching: linear, unlike string_view::find.
  const void* found = ::memmem(text.data() + from, text.size() - from, bytes.data(), bytes.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool Glob::matches(std::string_view text) const {
  const Segment& first = segments_.front();
  const Segment& last = segments_.back();
  if (segments_.size() == 1) return text.size() == first.bytes.size() && first.fits(text);
  if (text.size() < first.bytes.size() + last.bytes.size()) return false;
  if (!first.fits(text.substr(0, first.bytes.size()))) return false;
  std::string_view middle = text.substr(0, text.size() - last.bytes.size());
  if (!last.fits(text.substr(middle.size()))) return false;
  std::size_t at = first.bytes.size();
  for (std::size_t i = 1; i + 1 < segments_.size(); ++i) {
    at = segments_[i].find(middle, at);
    if (at == std::string_view::npos) return false;
    at += segments_[i].bytes.size();
  }
  return true;
}

}  // namespace trainyard::policy
