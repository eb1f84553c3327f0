// Digests and text encodings, over OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace trainyard {

enum class Digest { md5, sha1, sha256, sha384, sha512 };

/// Raw digest bytes.
std::string digest(Digest kind, std::string_view data);
std::string sha256_hex(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);

/// A digest fed in pieces.
class Hasher {
 public:
  explicit Hasher(Digest kind);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::string_view data);
  std::string finish();  // raw bytes; the hasher is spent

 private:
  void* context_;
};

/// CRCs fed in pieces: pass the previous result, 0 at first. crc32 is zlib's, crc32c Castagnoli's,
/// crc64nvme the one of the NVMe base specification (as S3 uses it).
uint32_t crc32(uint32_t seed, std::string_view data);
uint32_t crc32c(uint32_t seed, std::string_view data);
uint64_t crc64nvme(uint64_t seed, std::string_view data);

std::string hex(std::string_view bytes);
std::optional<std::string> unhex(std::string_view text);
std::string base64(std::string_view bytes);
std::optional<std::string> unbase64(std::string_view text);

/// RFC 3986: everything but unreserved characters is escaped; '/' too unless kept.
std::string percent_encode(std::string_view text, bool keep_slash = false);
/// A file as one word of PIP_CONSTRAINT, which pip splits at spaces: a URL has none.
std::string pip_file(const std::string& path);
/// nullopt on a malformed escape. '+' becomes a space only in form bodies.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Compares without leaking where the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace trainyard
