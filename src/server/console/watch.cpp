#include "server/console/watch.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "server/console/calls.hpp"
#include "server/console/replies.hpp"

namespace trainyard::server::console {
namespace {

using Nanos = Cadence::Nanos;

constexpr const char* kBeatLine = "{\"beat\":true}\n";

Nanos now() { return Nanos(monotonic_nanos()); }

}  // namespace

/// Read by the connection's thread, which waits in here.
class Watchers::Stream final : public http::BodyReader {
 public:
  Stream(Watchers& watchers, const http::Request& request, std::vector<Read> reads)
      : watchers_(watchers), reads_(std::move(reads)), gone_(request.gone), last_line_(now()) {
    // What its session is known by; the request itself is over before the stream is.
    head_.headers.set("Cookie", request.headers.get("Cookie"));
    head_.peer = request.peer;
  }

  std::size_t read(char* data, std::size_t size) override {
    if (sent_ == lines_.size()) {
      lines_ = next_lines();
      sent_ = 0;
    }
    const std::size_t count = lines_.copy(data, size, sent_);
    sent_ += count;
    return count;
  }

 private:
  /// "" at the end of the stream.
  std::string next_lines() {
    for (Pulse::Reading pulse = watchers_.pulse_.read();;) {
      if (pulse.stopped || (gone_ && gone_())) return "";
      if (cadence_.due(now(), pulse.beats)) {
        std::string lines;
        if (!run(pulse.beats, lines)) return "";
        if (!lines.empty()) return told(std::move(lines));
      }
      if (now() >= last_line_ + kBeat) return told(kBeatLine);
      const Nanos rest =
          std::min(cadence_.rest(now(), pulse.beats), last_line_ + Nanos(kBeat) - now());
      // With a commit to look at after the rest there is nothing more to be woken by.
      const bool looked_at = cadence_.is_after(pulse.beats);
      pulse = watchers_.pulse_.wait(looked_at ? std::optional(pulse.beats) : std::nullopt, rest);
    }
  }

  std::string told(std::string lines) {
    last_line_ = now();
    return lines;
  }

  /// All reads on one snapshot. False when the session is over.
  bool run(uint64_t beats, std::string& lines) {
    const Nanos begin = now();
    const auto visitor = watchers_.gate_.find_visitor(head_);
    if (!visitor) return false;
    lines = watchers_.parts_.store.read([&](Txn& txn) {
      return changed_lines(reads_, [&](const Read& read) {
        try {
          return call_within(watchers_.parts_, txn, visitor->caller, read.service, read.operation,
                             read.input);
        } catch (const ApiError&) {
          throw;
        } catch (const std::exception& error) {
          throw own_fault(error);
        }
      });
    });
    cadence_.ran(begin, now(), beats);
    return true;
  }

  Watchers& watchers_;
  std::vector<Read> reads_;
  const std::function<bool()> gone_;
  http::Request head_;
  Cadence cadence_;
  Nanos last_line_;
  std::string lines_;
  std::size_t sent_ = 0;
};

http::Response Watchers::watch(http::Request& request) {
  std::vector<Read> reads = parse_reads(read_object(request));
  for (const Read& read : reads) {
    if (mode_of(parts_, read.service, read.operation) != wire::Mode::read) {
      throw ApiError("InvalidParameterException", 400,
                     read.operation + " does not only read, and so cannot be watched.");
    }
  }
  if (streams_.fetch_add(1) >= kWatchersMax) {
    --streams_;
    throw ApiError("ThrottlingException", 429,
                   fmt::format("There are {} streams of changes already.", kWatchersMax));
  }
  http::Response response;
  response.held = std::shared_ptr<void>(nullptr, [this](void*) { --streams_; });
  response.headers.set("Content-Type", "application/x-ndjson");
  response.headers.set("Cache-Control", "no-store");
  keep_from_other_pages(response.headers);
  response.stream = std::make_unique<Stream>(*this, request, std::move(reads));
  return response;
}

}  // namespace trainyard::server::console
