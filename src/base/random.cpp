#include "base/random.hpp"

#include <cstring>
#include <mutex>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/error.hpp"

namespace trainyard {
namespace {

std::string from_alphabet(Random& random, std::string_view alphabet, int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += alphabet[random.below(alphabet.size())];
  return text;
}

/// One thread's entropy: asking OpenSSL for a few bytes costs system calls and a lock, whatever
/// their number. What has been given out is wiped.
struct Stock {
  unsigned char bytes[1024];
  std::size_t used = sizeof bytes;

  ~Stock() { OPENSSL_cleanse(bytes, sizeof bytes); }
};

thread_local Stock stock;

/// A fork's child must not give out what its parent will.
void forget_stock() { stock.used = sizeof stock.bytes; }

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
  constexpr uint64_t kVersion = uint64_t{4} << 12, kVariant = uint64_t{0b10} << 62;
  const uint64_t high = (next() & ~uint64_t{0xf000}) | kVersion;
  const uint64_t low = (next() >> 2) | kVariant;
  std::string digits;
  for (uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(half >> shift) & 15];
  }
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
         digits.substr(16, 4) + "-" + digits.substr(20);
}

uint64_t SystemRandom::next() {
  static std::once_flag watched;
  std::call_once(watched, [] { ::pthread_atfork(nullptr, nullptr, forget_stock); });
  if (stock.used == sizeof stock.bytes) {
    TRAINYARD_ASSERT(RAND_bytes(stock.bytes, sizeof stock.bytes) == 1);
    stock.used = 0;
  }
  uint64_t value = 0;
  std::memcpy(&value, stock.bytes + stock.used, sizeof value);
  OPENSSL_cleanse(stock.bytes + stock.used, sizeof value);
  stock.used += sizeof value;
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
