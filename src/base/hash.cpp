#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.hpp"

namespace trainyard {
namespace {

/// Fetched once and kept: with EVP_sha256() OpenSSL 3 looks its providers through for each digest.
EVP_MD* fetched(const char* name) {
  EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  TRAINYARD_ASSERT(found != nullptr);
  return found;
}

const EVP_MD* algorithm(Digest kind) {
  static EVP_MD* const kAlgorithms[] = {fetched("MD5"), fetched("SHA1"), fetched("SHA256"),
                                        fetched("SHA384"), fetched("SHA512")};
  return kAlgorithms[static_cast<int>(kind)];
}

EVP_MD_CTX* context(void* pointer) { return static_cast<EVP_MD_CTX*>(pointer); }

/// Slicing tables for a reflected CRC: table[k][b] is byte b followed by k zero bytes.
template <class Word>
using CrcTables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr CrcTables<Word> crc_tables(Word polynomial) {
  CrcTables<Word> tables{};
  for (int byte = 0; byte < 256; ++byte) {
    Word value = static_cast<Word>(byte);
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? polynomial : 0);
    tables[0][byte] = value;
  }
  for (int k = 1; k < 8; ++k) {
    for (int byte = 0; byte < 256; ++byte) {
      Word previous = tables[k - 1][byte];
      tables[k][byte] = (previous >> 8) ^ tables[0][previous & 0xff];
    }
  }
  return tables;
}

constexpr auto kCrc32 = crc_tables<uint32_t>(0xedb88320);
constexpr auto kCrc32c = crc_tables<uint32_t>(0x82f63b78);
constexpr auto kCrc64Nvme = crc_tables<uint64_t>(0x9a6c9329ac4bc9b5);

template <class Word>
Word crc(const CrcTables<Word>& tables, Word seed, std::string_view data) {
  Word value = ~seed;
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, bytes += 8) {
    unsigned char mixed[8];
    for (std::size_t i = 0; i < 8; ++i) {
      mixed[i] = bytes[i] ^ (i < sizeof(Word) ? static_cast<unsigned char>(value >> (8 * i)) : 0);
    }
    value = 0;
    for (int i = 0; i < 8; ++i) value ^= tables[7 - i][mixed[i]];
  }
  for (; left > 0; --left, ++bytes) value = (value >> 8) ^ tables[0][(value ^ *bytes) & 0xff];
  return ~value;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Hasher::Hasher(Digest kind) : context_(EVP_MD_CTX_new()) {
  TRAINYARD_ASSERT(EVP_DigestInit_ex(context(context_), algorithm(kind), nullptr) == 1);
}
Hasher::~Hasher() { EVP_MD_CTX_free(context(context_)); }
Hasher::Hasher(Hasher&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Hasher& Hasher::operator=(Hasher&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Hasher::update(std::string_view data) {
  TRAINYARD_ASSERT(EVP_DigestUpdate(context(context_), data.data(), data.size()) == 1);
}

std::string Hasher::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  TRAINYARD_ASSERT(EVP_DigestFinal_ex(context(context_), bytes, &size) == 1);
  return {reinterpret_cast<char*>(bytes), size};
}

std::string digest(Digest kind, std::string_view data) {
  Hasher hasher(kind);
  hasher.update(data);
  return hasher.finish();
}

std::string sha256_hex(std::string_view data) { return hex(digest(Digest::sha256, data)); }

std::string hmac_sha256(std::string_view key, std::string_view data) {
  constexpr std::size_t kBlock = 64;  // RFC 2104 over SHA-256
  constexpr char kInner = 0x36, kOuter = 0x5c;
  std::string shortened;
  if (key.size() > kBlock) key = shortened = digest(Digest::sha256, key);
  std::string pad(kBlock, kInner);
  for (std::size_t i = 0; i < key.size(); ++i) pad[i] = static_cast<char>(key[i] ^ kInner);
  Hasher inner(Digest::sha256);
  inner.update(pad);
  inner.update(data);
  for (char& c : pad) c = static_cast<char>(c ^ kInner ^ kOuter);
  Hasher outer(Digest::sha256);
  outer.update(pad);
  outer.update(inner.finish());
  return outer.finish();
}

uint32_t crc32(uint32_t seed, std::string_view data) { return crc(kCrc32, seed, data); }
uint32_t crc32c(uint32_t seed, std::string_view data) { return crc(kCrc32c, seed, data); }
uint64_t crc64nvme(uint64_t seed, std::string_view data) { return crc(kCrc64Nvme, seed, data); }

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = kDigits[byte >> 4];
    text[2 * i + 1] = kDigits[byte & 15];
  }
  return text;
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  text.resize(size);
  return text;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // OpenSSL takes '=' anywhere and skips white space around the text.
  auto digit = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; };
  if (!std::all_of(text.begin(), text.end() - padding, digit)) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(size - padding);
  return bytes;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (unsigned char c : text) {
    bool unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == '~';
    if (unreserved || (keep_slash && c == '/')) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  return out;
}

std::string pip_file(const std::string& path) {
  return path.find(' ') == std::string::npos ? path : "file://" + percent_encode(path, true);
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace trainyard
