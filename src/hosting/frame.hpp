// Messages between the front and its workers: a number, two lengths, a JSON object, a body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trainyard::hosting {

/// The request's number (eight bytes), the lengths of head and body (four each), highest first.
inline constexpr std::size_t kFramePrefixBytes = 16;
inline constexpr std::size_t kFrameHeadBytesMax = 256 * 1024;
/// The most that a batch transform may ask for (CreateTransformJob, MaxPayloadInMB).
inline constexpr std::size_t kPayloadBytesMax = 100u << 20;
/// What is longer does not go through the socket of requests, but in a file of its own.
inline constexpr std::size_t kMessageBytesMax = 64 * 1024;

struct Frame {
  uint64_t number = 0;  // of the request that it answers; 0: the worker is ready
  std::string head;     // a JSON object
  std::string body;
};

/// Everything that goes before the body.
std::string frame_start(uint64_t number, std::string_view head, std::size_t body_size);

/// Frames off a stream socket, as they come.
class FrameReader {
 public:
  /// Takes in what is there, without waiting. False when the other side has gone, or sends what is
  /// no frame; what came before may still be next().
  bool take(int socket);
  /// The next whole frame.
  std::optional<Frame> next();

 private:
  std::size_t missing() const;
  bool sound() const;

  std::string bytes_;
  std::size_t begin_ = 0;  // of the first frame that was not given out
};

/// Sends a request as one message, without waiting; whichever worker takes it has all of it. False
/// when the socket is full. SystemError when it cannot be sent at all.
bool send_request(int socket, std::string_view start, std::string_view body);

/// The number of the first request that no worker has taken yet; nothing when all are taken.
/// `socket`: the end that they are taken from.
std::optional<uint64_t> first_request(int socket);

}  // namespace trainyard::hosting
