#include "base/random.hpp"

#include <openssl/rand.h>

#include "base/error.hpp"

namespace trainyard {
namespace {

std::string from_alphabet(Random& random, std::string_view alphabet, int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += alphabet[random.below(alphabet.size())];
  return text;
}

}  // namespace

uint64_t Random::below(uint64_t bound) {
  TRAINYARD_ASSERT(bound > 0);
  return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
}

std::string Random::base32(int length) {
  return from_alphabet(*this, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length);
}

std::string Random::hex(int length) { return from_alphabet(*this, "0123456789abcdef", length); }

std::string Random::uuid() {
  std::string digits = hex(32);
  digits[12] = '4';
  digits[16] = "89ab"[below(4)];
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
         digits.substr(16, 4) + "-" + digits.substr(20);
}

uint64_t SystemRandom::next() {
  uint64_t value = 0;
  TRAINYARD_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
  return value;
}

uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace trainyard
