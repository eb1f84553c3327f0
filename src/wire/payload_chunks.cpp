#include "wire/payload_chunks.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "wire/sigv4_canonical.hpp"

namespace trainyard::wire {
namespace {

constexpr std::size_t kFillBytes = 64 * 1024;
constexpr std::size_t kSizeDigitsMax = 8;  // chunks below 4 GiB
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

ApiError malformed(const std::string& what) {
  return ApiError("InvalidRequest", 400, "The aws-chunked body is malformed: " + what);
}

ApiError incomplete() {
  return ApiError("IncompleteBody", 400, "The request body terminated unexpectedly");
}

ApiError malformed_trailer() {
  return ApiError("MalformedTrailerError", 400,
                  "The request contained trailing data that was not well-formed or did not "
                  "conform to our published schema.");
}

ApiError bad_chunk_signature() {
  return ApiError("SignatureDoesNotMatch", 403,
                  "The chunk signature we calculated does not match the signature you provided.");
}

}  // namespace

ChunkDecoder::ChunkDecoder(http::BodyReader& raw, std::optional<ChunkSigning> signing,
                           bool trailer)
    : raw_(raw), signing_(std::move(signing)), with_trailer_(trailer) {
  if (signing_) previous_ = signing_->seed;
}

bool ChunkDecoder::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  std::size_t used = buffer_.size();
  buffer_.resize(used + kFillBytes);
  std::size_t count = raw_.read(buffer_.data() + used, kFillBytes);
  buffer_.resize(used + count);
  return count > 0;
}

std::string ChunkDecoder::read_line(std::size_t max) {
  for (;;) {
    std::size_t end = buffer_.find("\r\n", begin_);
    if (end != std::string::npos && end - begin_ <= max) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = end + 2;
      return line;
    }
    if (end != std::string::npos || buffer_.size() - begin_ > max) throw malformed("line too long");
    if (!fill()) throw incomplete();
  }
}

std::size_t ChunkDecoder::read(char* data, std::size_t size) {
  if (size == 0) return 0;
  while (!finished_) {
    if (!in_chunk_) begin_chunk();
    if (finished_) break;
    if (left_ == 0) {
      end_chunk();
      continue;
    }
    std::size_t count = 0;
    if (begin_ < buffer_.size()) {
      count = std::min<uint64_t>({size, left_, buffer_.size() - begin_});
      std::memcpy(data, buffer_.data() + begin_, count);
      begin_ += count;
    } else {
      count = raw_.read(data, std::min<uint64_t>(size, left_));
      if (count == 0) throw incomplete();
    }
    left_ -= count;
    if (signing_) hasher_.update({data, count});
    return count;
  }
  return 0;
}

/// "<hex size>" or "<hex size>;chunk-signature=<64 hex>".
void ChunkDecoder::begin_chunk() {
  std::string line = read_line(kChunkLineMax);
  std::size_t semicolon = line.find(';');
  std::string digits = line.substr(0, semicolon);
  if (digits.empty() || digits.size() > kSizeDigitsMax ||
      digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    throw malformed("chunk size");
  }
  left_ = std::stoull(digits, nullptr, 16);
  if (signing_) {
    constexpr std::string_view kName = "chunk-signature=";
    std::string extension = semicolon == std::string::npos ? "" : line.substr(semicolon + 1);
    if (extension.rfind(kName, 0) != 0) throw malformed("a chunk without signature");
    claimed_ = extension.substr(kName.size());
  }
  in_chunk_ = true;
  if (left_ > 0) return;
  verify_chunk();
  if (with_trailer_) {
    read_trailer();
  } else if (!read_line(kChunkLineMax).empty()) {
    throw malformed("data after the last chunk");
  }
  expect_end();
  finished_ = true;
}

void ChunkDecoder::end_chunk() {
  if (!read_line(kChunkLineMax).empty()) throw malformed("a chunk longer than its size");
  verify_chunk();
  in_chunk_ = false;
}

void ChunkDecoder::verify_chunk() {
  if (!signing_) return;
  std::string text = std::string(kSigningAlgorithm) + "-PAYLOAD\n" + signing_->timestamp + "\n" +
                     signing_->scope + "\n" + previous_ + "\n" + std::string(kEmptyHash) + "\n" +
                     hex(hasher_.finish());
  std::string expected = signature_of(signing_->key, text);
  if (!equal_in_constant_time(expected, claimed_)) throw bad_chunk_signature();
  previous_ = std::move(expected);
  hasher_ = Hasher(Digest::sha256);
}

void ChunkDecoder::read_trailer() {
  std::string signature;
  std::size_t bytes = 0;
  for (;;) {
    std::string line = read_line(kTrailerBytesMax);
    if (line.empty()) break;
    bytes += line.size();
    std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0 || bytes > kTrailerBytesMax) {
      throw malformed_trailer();
    }
    std::string name = to_lower(trim(std::string_view(line).substr(0, colon)));
    std::string value(trim(std::string_view(line).substr(colon + 1)));
    if (name == "x-amz-trailer-signature") {
      signature = std::move(value);
    } else {
      trailers_.emplace_back(std::move(name), std::move(value));
    }
  }
  if (signing_) verify_trailer(signature);
}

void ChunkDecoder::verify_trailer(std::string_view signature) {
  std::string canonical;
  for (const auto& [name, value] : trailers_) canonical += name + ":" + value + "\n";
  std::string text = std::string(kSigningAlgorithm) + "-TRAILER\n" + signing_->timestamp + "\n" +
                     signing_->scope + "\n" + previous_ + "\n" + sha256_hex(canonical);
  if (!equal_in_constant_time(signature_of(signing_->key, text), signature)) {
    throw bad_chunk_signature();
  }
}

void ChunkDecoder::expect_end() {
  char extra;
  if (begin_ < buffer_.size() || raw_.read(&extra, 1) != 0) {
    throw malformed("data after the last chunk");
  }
}

}  // namespace trainyard::wire
