#include "wire/payload.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/payload_chunks.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::wire {
namespace {

constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";
constexpr std::size_t kSha256HexLength = 64;

/// One of S3's checksum algorithms, fed in pieces.
class ChecksumEngine {
 public:
  static bool known(std::string_view algorithm) {
    return algorithm == "crc32" || algorithm == "crc32c" || algorithm == "crc64nvme" ||
           algorithm == "sha1" || algorithm == "sha256";
  }
  explicit ChecksumEngine(std::string_view algorithm) : algorithm_(algorithm) {
    if (algorithm == "sha1") hasher_.emplace(Digest::sha1);
    if (algorithm == "sha256") hasher_.emplace(Digest::sha256);
  }
  void update(std::string_view data) {
    if (hasher_) {
      hasher_->update(data);
    } else if (algorithm_ == "crc32") {
      value_ = crc32(static_cast<uint32_t>(value_), data);
    } else if (algorithm_ == "crc32c") {
      value_ = crc32c(static_cast<uint32_t>(value_), data);
    } else {
      value_ = crc64nvme(value_, data);
    }
  }
  std::string finish() {
    if (hasher_) return base64(hasher_->finish());
    std::string bytes;
    for (int shift = algorithm_ == "crc64nvme" ? 56 : 24; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(value_ >> shift);
    }
    return base64(bytes);
  }
  /// Raw length of the algorithm's checksum.
  std::size_t length() const {
    if (algorithm_ == "sha1") return 20;
    if (algorithm_ == "sha256") return 32;
    return algorithm_ == "crc64nvme" ? 8 : 4;
  }
  const std::string& algorithm() const { return algorithm_; }

 private:
  std::string algorithm_;
  uint64_t value_ = 0;
  std::optional<Hasher> hasher_;
};

struct Form {
  bool chunked = false;  // aws-chunked
  bool signed_chunks = false;
  bool trailer = false;
  std::string sha256;  // "" = the payload is not hashed
};

Form form_of(std::string_view payload_hash) {
  if (payload_hash == kUnsignedPayload) return {};
  if (payload_hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
    return {.chunked = true, .signed_chunks = true};
  }
  if (payload_hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    return {.chunked = true, .signed_chunks = true, .trailer = true};
  }
  if (payload_hash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return {.chunked = true, .trailer = true};
  }
  if (payload_hash.rfind("STREAMING-AWS4-ECDSA-P256-SHA256", 0) == 0) {
    throw ApiError("NotImplemented", 501,
                   "A header you provided implies functionality that is not implemented: "
                   "x-amz-content-sha256");
  }
  auto bytes = unhex(payload_hash);
  if (payload_hash.size() != kSha256HexLength || !bytes) {
    throw ApiError("InvalidArgument", 400,
                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                   "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
  }
  return {.sha256 = hex(*bytes)};
}

class CheckedPayload final : public http::BodyReader {
 public:
  CheckedPayload(http::Request& request, std::string_view payload_hash,
                 const ChunkSigning& signing)
      : raw_(*request.body), form_(form_of(payload_hash)) {
    const bool has_body =
        request.headers.has("transfer-encoding") || request.length.value_or(0) > 0;
    take_digests(request);
    if (form_.chunked) {
      take_trailer_names(request);
      take_decoded_length(request);
      decoder_.emplace(raw_, form_.signed_chunks ? std::optional(signing) : std::nullopt,
                       form_.trailer);
    } else {
      expected_ = has_body ? request.length : 0;
    }
    if (!form_.sha256.empty()) sha256_.emplace(Digest::sha256);
    // Nobody may ever read a body that is not there.
    if (expected_ == 0u) finish();
  }

  std::size_t read(char* data, std::size_t size) override {
    if (finished_ || size == 0) return 0;
    std::size_t count = decoder_ ? decoder_->read(data, size) : raw_.read(data, size);
    if (count == 0) {
      finish();
      return 0;
    }
    std::string_view piece(data, count);
    total_ += count;
    if (expected_ && total_ > *expected_) throw wrong_length();
    if (sha256_) sha256_->update(piece);
    if (md5_) md5_->update(piece);
    for (ChecksumEngine& engine : engines_) engine.update(piece);
    // The last piece is given out only with everything verified, whether or not the reader comes
    // back to see the end.
    if (expected_ == total_) finish();
    return count;
  }

  const std::vector<Checksum>& checksums() const { return verified_; }

 private:
  static ApiError wrong_length() {
    return ApiError("IncompleteBody", 400,
                    "The request body does not have the length that was announced");
  }

  void take_digests(const http::Request& request) {
    if (const std::string* text = request.headers.find("content-md5")) {
      auto bytes = unbase64(*text);
      constexpr std::size_t kMd5Length = 16;
      if (!bytes || bytes->size() != kMd5Length) {
        throw ApiError("InvalidDigest", 400, "The Content-MD5 you specified was invalid.");
      }
      md5_expected_ = *bytes;
      md5_.emplace(Digest::md5);
    }
    // In CompleteMultipartUpload these headers speak of the object, not of this body.
    if (request.method == "POST" && request.query().find("uploadId=") != std::string_view::npos) {
      return;
    }
    for (const auto& [field, value] : request.headers) {
      std::string name = to_lower(field);
      if (name.rfind(kChecksumPrefix, 0) != 0) continue;
      std::string algorithm = name.substr(kChecksumPrefix.size());
      if (!ChecksumEngine::known(algorithm)) continue;  // -algorithm, -type, -mode
      if (!engines_.empty()) {
        throw ApiError("InvalidRequest", 400,
                       "Expecting a single x-amz-checksum- header. Multiple checksum Types are "
                       "not allowed.");
      }
      expect_checksum(algorithm, value);
    }
  }

  void expect_checksum(const std::string& algorithm, const std::string& value) {
    engines_.emplace_back(algorithm);
    check_format(engines_.back(), value);
    expected_checksums_.push_back({algorithm, value});
  }

  static void check_format(const ChecksumEngine& engine, const std::string& value) {
    auto bytes = unbase64(value);
    if (!bytes || bytes->size() != engine.length()) {
      throw ApiError("InvalidRequest", 400, "Value for " + std::string(kChecksumPrefix) +
                                                engine.algorithm() + " header is invalid.");
    }
  }

  void take_trailer_names(const http::Request& request) {
    for (const std::string& line : request.headers.all("x-amz-trailer")) {
      for (const std::string& piece : split(line, ',')) {
        std::string name = to_lower(trim(piece));
        if (name.empty()) continue;
        std::string algorithm =
            name.rfind(kChecksumPrefix, 0) == 0 ? name.substr(kChecksumPrefix.size()) : "";
        if (!form_.trailer || !ChecksumEngine::known(algorithm)) {
          throw ApiError("InvalidRequest", 400,
                         "The value specified in the x-amz-trailer header is not supported");
        }
        trailer_names_.push_back(name);
        engines_.emplace_back(algorithm);
      }
    }
  }

  void take_decoded_length(http::Request& request) {
    const std::string* text = request.headers.find("x-amz-decoded-content-length");
    if (text == nullptr) {
      throw ApiError("MissingContentLength", 411,
                     "You must provide the Content-Length HTTP header.");
    }
    constexpr std::size_t kDigitsMax = 15;
    if (text->empty() || text->size() > kDigitsMax ||
        text->find_first_not_of("0123456789") != std::string::npos) {
      throw ApiError("InvalidArgument", 400, "x-amz-decoded-content-length is not a number");
    }
    expected_ = std::stoull(*text);
    request.length = expected_;
    drop_aws_chunked(request.headers);
  }

  /// The coding is ours to undo; what else the client encoded stays with the object.
  static void drop_aws_chunked(http::Headers& headers) {
    std::vector<std::string> kept;
    for (const std::string& line : headers.all("content-encoding")) {
      for (const std::string& piece : split(line, ',')) {
        std::string_view name = trim(piece);
        if (!name.empty() && !iequals(name, "aws-chunked")) kept.emplace_back(name);
      }
    }
    headers.remove("content-encoding");
    if (!kept.empty()) headers.set("Content-Encoding", join(kept, ","));
  }

  /// Reads to the true end and compares everything.
  void finish() {
    if (spent_) throw wrong_length();
    spent_ = true;
    char extra;
    if (decoder_) {
      if (decoder_->read(&extra, 1) != 0) throw wrong_length();
      take_trailers();
    } else if (expected_ != 0u && raw_.read(&extra, 1) != 0) {
      throw wrong_length();
    }
    if (expected_ && total_ != *expected_) throw wrong_length();
    if (sha256_ && !equal_in_constant_time(hex(sha256_->finish()), form_.sha256)) {
      throw ApiError("XAmzContentSHA256Mismatch", 400,
                     "The provided 'x-amz-content-sha256' header does not match what was "
                     "computed.");
    }
    if (md5_ && !equal_in_constant_time(md5_->finish(), md5_expected_)) {
      throw ApiError("BadDigest", 400,
                     "The Content-MD5 you specified did not match what we received.");
    }
    compare_checksums();
    finished_ = true;
  }

  void take_trailers() {
    for (const auto& [name, value] : decoder_->trailers()) {
      auto announced = std::find(trailer_names_.begin(), trailer_names_.end(), name);
      if (announced == trailer_names_.end()) {
        throw ApiError("MalformedTrailerError", 400, "Unexpected trailing header: " + name);
      }
      trailer_names_.erase(announced);
      expected_checksums_.push_back({name.substr(kChecksumPrefix.size()), value});
    }
    if (!trailer_names_.empty()) {
      throw ApiError("MalformedTrailerError", 400, "Missing trailing header: " + trailer_names_[0]);
    }
  }

  void compare_checksums() {
    for (ChecksumEngine& engine : engines_) {
      std::string computed = engine.finish();
      for (const Checksum& expected : expected_checksums_) {
        if (expected.algorithm != engine.algorithm()) continue;
        check_format(engine, expected.value);
        if (!equal_in_constant_time(computed, expected.value)) {
          throw ApiError("BadDigest", 400, "The " + to_upper(engine.algorithm()) +
                                               " you specified did not match the calculated "
                                               "checksum.");
        }
        verified_.push_back(expected);
      }
    }
  }

  http::BodyReader& raw_;
  Form form_;
  std::optional<uint64_t> expected_;
  uint64_t total_ = 0;
  bool finished_ = false;
  bool spent_ = false;  // the digests have been taken
  std::optional<ChunkDecoder> decoder_;
  std::optional<Hasher> sha256_, md5_;
  std::string md5_expected_;
  std::vector<ChecksumEngine> engines_;
  std::vector<Checksum> expected_checksums_, verified_;
  std::vector<std::string> trailer_names_;
};

}  // namespace

std::unique_ptr<http::BodyReader> checked_payload(http::Request& request,
                                                  std::string_view payload_hash,
                                                  const ChunkSigning& signing) {
  return std::make_unique<CheckedPayload>(request, payload_hash, signing);
}

std::vector<Checksum> verified_checksums(const http::BodyReader& body) {
  const auto* checked = dynamic_cast<const CheckedPayload*>(&body);
  return checked == nullptr ? std::vector<Checksum>() : checked->checksums();
}

std::string checksum_base64(std::string_view algorithm, std::string_view data) {
  if (!ChecksumEngine::known(algorithm)) return {};
  ChecksumEngine engine(algorithm);
  engine.update(data);
  return engine.finish();
}

}  // namespace trainyard::wire
