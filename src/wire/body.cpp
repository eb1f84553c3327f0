#include "wire/body.hpp"

#include <zlib.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::wire {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say "a gzip header, the largest window"
constexpr std::size_t kPiece = 64 * 1024;

}  // namespace

std::optional<std::string> gunzip(std::string_view packed, std::size_t max, bool* too_long) {
  z_stream stream{};
  TRAINYARD_ASSERT(inflateInit2(&stream, kGzipWindow) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string plain;
  int status = Z_OK;
  while (status == Z_OK && plain.size() <= max) {
    const std::size_t before = plain.size();
    plain.resize(before + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + before);
    stream.avail_out = kPiece;
    status = inflate(&stream, Z_NO_FLUSH);
    plain.resize(before + kPiece - stream.avail_out);
  }
  inflateEnd(&stream);
  if (plain.size() > max) {
    if (too_long != nullptr) *too_long = true;
    return std::nullopt;
  }
  if (status != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  return plain;
}

std::string read_body(const http::Request& request, std::size_t body_max) {
  std::string body = http::read_all(*request.body, body_max);
  if (!iequals(request.headers.get("Content-Encoding"), "gzip")) return body;
  bool too_long = false;
  auto plain = gunzip(body, body_max, &too_long);
  if (plain) return std::move(*plain);
  if (too_long) {
    throw ApiError("RequestEntityTooLargeException", 413,
                   "The body, unpacked, is longer than " + std::to_string(body_max) + " bytes.");
  }
  throw ApiError("SerializationException", 400, "The body is not gzip as its header says.");
}

}  // namespace trainyard::wire
