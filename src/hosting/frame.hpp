// Messages between the front and a worker, over a socket: two lengths, a JSON object, a body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trainyard::hosting {

/// The lengths of head and body, four bytes each, highest first.
inline constexpr std::size_t kFramePrefixBytes = 8;
inline constexpr std::size_t kFrameHeadBytesMax = 256 * 1024;
/// The most that a batch transform may ask for (CreateTransformJob, MaxPayloadInMB).
inline constexpr std::size_t kPayloadBytesMax = 100u << 20;

struct Frame {
  std::string head;  // a JSON object
  std::string body;
};

/// Everything that goes before the body.
std::string frame_start(std::string_view head, std::size_t body_size);

/// One frame off a socket, as it comes.
class FrameReader {
 public:
  enum class Status {
    waiting,  // the rest is still to come
    whole,
    ended,    // the other side has gone, or sends what is no frame
  };
  /// Takes in what is there, without waiting.
  Status take(int socket);
  /// Once `whole`. The reader begins anew.
  Frame release();

 private:
  std::size_t wanted() const;

  std::string bytes_;
  std::size_t size_ = 0;  // of bytes_: what has come
  std::size_t head_ = 0, body_ = 0;
};

/// Sends what fits without waiting, from `sent` on; moves `sent`. False when the other side left.
bool send_some(int socket, std::string_view start, std::string_view body, std::size_t& sent);

}  // namespace trainyard::hosting
