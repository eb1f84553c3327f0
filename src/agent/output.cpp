#include "agent/output.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/utf8.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr int kPipeBytes = 1 << 20;

}  // namespace

OutputPump::OutputPump(int out, int err, MetricScanner& scanner, Shipper& shipper, Clock& clock)
    : streams_{{out, false, {}, true}, {err, true, {}, true}}, scanner_(scanner),
      shipper_(shipper), clock_(clock) {
  for (const Stream& stream : streams_) {
    // A longer pipe wakes both sides less often; without the right to one it works as well.
    ::fcntl(stream.fd, F_SETPIPE_SZ, kPipeBytes);
  }
  thread_ = std::thread([this] { run(); });
}

OutputPump::~OutputPump() { finish(std::chrono::milliseconds(0)); }

void OutputPump::finish(std::chrono::milliseconds wait) {
  if (!thread_.joinable()) return;
  if (!ended_.wait_for(wait)) abandon_.trigger();
  thread_.join();
}

std::string OutputPump::tail() const {
  std::string text;
  for (const std::string& line : tail_) text += (text.empty() ? "" : "\n") + line;
  return text;
}

void OutputPump::run() {
  try {
    while (streams_[0].open || streams_[1].open) {
      pollfd entries[3] = {{streams_[0].open ? streams_[0].fd : -1, POLLIN, 0},
                           {streams_[1].open ? streams_[1].fd : -1, POLLIN, 0},
                           {abandon_.fd(), POLLIN, 0}};
      if (::poll(entries, 3, -1) < 0 && errno != EINTR) throw_errno("poll");
      // What is there is still read, before it is left.
      for (int i : {0, 1}) {
        if (entries[i].revents != 0) read(streams_[i]);
      }
      if (entries[2].revents != 0 && entries[0].revents == 0 && entries[1].revents == 0) break;
    }
    const int64_t now = to_millis(clock_.now());
    for (Stream& stream : streams_) {
      stream.splitter.finish([&](std::string_view line) { take(line, stream.is_error, now); });
    }
    shipper_.lines(std::move(events_));
    shipper_.metrics(std::move(values_));
  } catch (const std::exception& error) {
    log_error("reading the program's output: {}", error.what());
  }
  ended_.trigger();
}

void OutputPump::read(Stream& stream) {
  thread_local std::vector<char> buffer(kReadBytes);
  ssize_t size = ::read(stream.fd, buffer.data(), buffer.size());
  if (size < 0 && errno == EINTR) return;
  if (size < 0) throw_errno("cannot read the program's output");
  if (size == 0) {
    stream.open = false;
    return;
  }
  const int64_t now = to_millis(clock_.now());
  stream.splitter.feed({buffer.data(), static_cast<std::size_t>(size)},
                       [&](std::string_view line) { take(line, stream.is_error, now); });
  // Metrics first: the lines wake the shipper, which then sends both.
  shipper_.metrics(std::move(values_));
  values_.clear();
  if (!events_.empty()) shipper_.lines(std::move(events_));
  events_.clear();
}

void OutputPump::take(std::string_view line, bool is_error, int64_t now_ms) {
  std::string text = valid_utf8(line);
  scanner_.scan(text, now_ms, values_);
  if (is_error && !text.empty()) {
    tail_.push_back(valid_utf8(text, kTailBytesMax));
    tail_bytes_ += tail_.back().size() + 1;
    while (tail_bytes_ > kTailBytesMax && tail_.size() > 1) {
      tail_bytes_ -= tail_.front().size() + 1;
      tail_.pop_front();
    }
  }
  events_.push_back({now_ms, std::move(text)});
}

}  // namespace trainyard::agent
