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
    head_.headers.set(kHeader, request.headers.get(kHeader));
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
          say_once(read.id, error.what());
          throw own_fault();
        }
      });
    });
    cadence_.ran(begin, now(), beats);
    return true;
  }

  /// A fault that lasts is met at each run.
  void say_once(const std::string& read, const std::string& fault) {
    std::string& said = faults_[read];
    if (said != fault) log_error("console: {}", said = fault);
  }

  Watchers& watchers_;
  std::vector<Read> reads_;
  std::map<std::string, std::string> faults_;  // by the read's id
  const std::function<bool()> gone_;
  http::Request head_;
  Cadence cadence_;
  Nanos last_line_;
  std::string lines_;
  std::size_t sent_ = 0;
};

/// A stream's place, until the last owner lets it go.
std::shared_ptr<void> Watchers::take_place(const std::string& access_key) {
  std::lock_guard lock(mutex_);
  int all = 0;
  for (const auto& [key, streams] : streams_) all += streams;
  int& own = streams_[access_key];
  if (all >= kWatchersMax || own >= kWatchersOfKeyMax) {
    if (own == 0) streams_.erase(access_key);
    throw ApiError("ThrottlingException", 429,
                   fmt::format("There are {} streams of changes already, the most for {}: close "
                               "some of the console's pages.",
                               all >= kWatchersMax ? kWatchersMax : kWatchersOfKeyMax,
                               all >= kWatchersMax ? "a daemon" : "an access key"));
  }
  ++own;
  return std::shared_ptr<void>(nullptr, [this, access_key](void*) {
    std::lock_guard lock(mutex_);
    if (--streams_[access_key] == 0) streams_.erase(access_key);
  });
}

http::Response Watchers::watch(const Caller& caller, http::Request& request) {
  std::vector<Read> reads = parse_reads(read_object(request, kWatchBytesMax));
  for (const Read& read : reads) {
    if (mode_of(parts_, read.service, read.operation) != wire::Mode::read) {
      throw ApiError("InvalidParameterException", 400,
                     read.operation + " does not only read, and so cannot be watched.");
    }
  }
  http::Response response;
  response.held = take_place(caller.access_key);
  response.headers.set("Content-Type", "application/x-ndjson");
  response.headers.set("Cache-Control", "no-store");
  keep_from_other_pages(response.headers);
  response.stream = std::make_unique<Stream>(*this, request, std::move(reads));
  return response;
}

}  // namespace trainyard::server::console
