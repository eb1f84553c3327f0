// The aws-chunked coding (Amazon S3 API Reference, "Transferring payload in multiple chunks" and
// "… with trailing headers"): signed and unsigned, with and without trailer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "http/message.hpp"
#include "wire/payload.hpp"

namespace trainyard::wire {

inline constexpr std::size_t kChunkLineMax = 1024;
inline constexpr std::size_t kTrailerBytesMax = 8 * 1024;

class ChunkDecoder {
 public:
  /// `signing` only when chunks are signed.
  ChunkDecoder(http::BodyReader& raw, std::optional<ChunkSigning> signing, bool trailer);

  /// Decoded bytes; 0 once the last chunk and the trailer have been read and verified.
  std::size_t read(char* data, std::size_t size);
  /// After the end; names in lower case, without the trailer's signature.
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

 private:
  void begin_chunk();
  void end_chunk();
  void read_trailer();
  void expect_end();
  void verify_chunk();
  void verify_trailer(std::string_view signature);
  std::string read_line(std::size_t max);
  bool fill();

  http::BodyReader& raw_;
  std::optional<ChunkSigning> signing_;
  bool with_trailer_;
  std::string buffer_;
  std::size_t begin_ = 0;
  uint64_t left_ = 0;  // of the chunk at hand
  bool in_chunk_ = false;
  bool finished_ = false;
  std::string previous_;  // the last signature in the chain
  std::string claimed_;   // the chunk's own
  Hasher hasher_{Digest::sha256};
  std::vector<std::pair<std::string, std::string>> trailers_;
};

}  // namespace trainyard::wire
