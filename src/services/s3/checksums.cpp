#include "services/s3/checksums.hpp"

#include <array>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "wire/payload.hpp"

namespace trainyard::s3 {
namespace {

/// Polynomials with their bits reversed, as the CRCs of hash.hpp are computed.
struct Crc {
  std::string_view algorithm;
  int bits;
  uint64_t polynomial;
};
constexpr Crc kCrcs[] = {{"crc32", 32, 0xedb88320},
                         {"crc32c", 32, 0x82f63b78},
                         {"crc64nvme", 64, 0x9a6c9329ac4bc9b5}};

const Crc* find_crc(std::string_view algorithm) {
  for (const Crc& crc : kCrcs) {
    if (crc.algorithm == algorithm) return &crc;
  }
  return nullptr;
}

/// A linear map over GF(2): what each bit of a register becomes.
using Matrix = std::array<uint64_t, 64>;

uint64_t map_bits(const Matrix& matrix, uint64_t value) {
  uint64_t result = 0;
  for (int bit = 0; value != 0; ++bit, value >>= 1) {
    if (value & 1) result ^= matrix[bit];
  }
  return result;
}

/// First `b`, then `a`.
Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result;
  for (std::size_t bit = 0; bit < result.size(); ++bit) result[bit] = map_bits(a, b[bit]);
  return result;
}

/// What `length` zero bytes do to the register, by repeated squaring (as zlib's crc32_combine).
Matrix zero_bytes(const Crc& crc, uint64_t length) {
  Matrix step{};  // one zero bit
  step[0] = crc.polynomial;
  for (int bit = 1; bit < crc.bits; ++bit) step[bit] = 1ull << (bit - 1);
  for (int doubling = 0; doubling < 3; ++doubling) step = product(step, step);  // one zero byte
  Matrix all;
  for (std::size_t bit = 0; bit < all.size(); ++bit) all[bit] = 1ull << bit;
  for (; length != 0; length >>= 1) {
    if (length & 1) all = product(step, all);
    step = product(step, step);
  }
  return all;
}

uint64_t number_of(std::string_view bytes) {
  uint64_t value = 0;
  for (unsigned char byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

bool is_checksum_algorithm(std::string_view algorithm) {
  return algorithm == "sha1" || algorithm == "sha256" || find_crc(algorithm) != nullptr;
}

std::string whole_checksum(std::string_view algorithm, const std::vector<PartChecksum>& parts) {
  const Crc* crc = find_crc(algorithm);
  TRAINYARD_ASSERT(crc != nullptr);
  uint64_t whole = 0, length = 0;
  Matrix shift{};
  for (const PartChecksum& part : parts) {
    auto bytes = unbase64(part.value);
    TRAINYARD_ASSERT(bytes);
    // All parts but the last are usually equally long: their map is made once.
    if (whole != 0 && part.length != length) shift = zero_bytes(*crc, length = part.length);
    whole = (whole == 0 ? 0 : map_bits(shift, whole)) ^ number_of(*bytes);
  }
  std::string bytes;
  for (int at = crc->bits - 8; at >= 0; at -= 8) bytes += static_cast<char>(whole >> at);
  return base64(bytes);
}

std::string composite_checksum(std::string_view algorithm,
                               const std::vector<PartChecksum>& parts) {
  std::string raw;
  for (const PartChecksum& part : parts) {
    auto bytes = unbase64(part.value);
    TRAINYARD_ASSERT(bytes);
    raw += *bytes;
  }
  return wire::checksum_base64(algorithm, raw) + "-" + std::to_string(parts.size());
}

}  // namespace trainyard::s3
