// Chance as an argument: a seeded generator in tests and simulation, the system's entropy in main.
#pragma once

#include <cstdint>
#include <string>

namespace trainyard {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  /// `length` characters of [A-Z2-7].
  std::string base32(int length);
  /// `length` characters of [0-9a-f].
  std::string hex(int length);
  /// RFC 4122 version 4.
  std::string uuid();
};

/// Cryptographically strong (OpenSSL); ends the process if the system has no entropy.
class SystemRandom final : public Random {
 public:
  uint64_t next() override;
};

/// splitmix64 (Steele, Lea, Flood 2014): same seed, same values, on every platform.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t next() override;

 private:
  uint64_t state_;
};

}  // namespace trainyard
