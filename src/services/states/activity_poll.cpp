// GetActivityTask: a worker waits for a task, in the server's loop and without a thread.
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "base/points.hpp"
#include "generated/states/errors.hpp"
#include "generated/states/operations.hpp"
#include "services/states/activities.hpp"
#include "services/states/activity_tasks.hpp"

namespace trainyard::states {
namespace {

class Poll final : public http::Wait {
 public:
  Poll(StreamCall& call, const GetActivityTaskInput& input)
      : store_(call.store),
        caller_(call.caller),
        clock_(call.clock),
        random_(call.random),
        site_(call.site),
        door_(call.door),
        blobs_(call.blobs),
        segments_(call.segments),
        request_id_(call.request_id),
        gone_(call.request.gone),
        activity_(input.activity_arn),
        worker_(input.worker_name),
        deadline_(monotonic_nanos() +
                  std::chrono::nanoseconds(site_.limits.states.activity_poll).count()) {
    place_.emplace(store_.notices(), activity_topic(activity_), [this] { called(); });
    // Looked for after lining up: what comes from now on calls.
    if (has_task()) called();
  }

  Progress progress() override {
    std::lock_guard lock(mutex_);
    return ready_ || monotonic_nanos() >= deadline_ ? Progress::partial : Progress::waiting;
  }
  int fd() const override { return -1; }
  bool calls() const override { return true; }
  void call(std::function<void()> ready) override {
    {
      std::lock_guard lock(mutex_);
      if (!ready_) {
        on_ready_ = std::move(ready);
        return;
      }
    }
    ready();
  }
  int64_t deadline() const override { return deadline_; }

  /// The task, or nothing when none came in time, or the worker has gone: nobody would get it.
  GetActivityTaskOutput finish() {
    GetActivityTaskOutput output;
    do {
      {
        std::lock_guard lock(mutex_);
        ready_ = false;
      }
      place_->line_up();
      if (gone_ && gone_()) break;
      if ((task_ = take())) {
        crash_point("states.activity");
        output.task_token = task_->token;
        output.input = task_->input;
        break;
      }
    } while (wait());
    place_.reset();
    return output;
  }

  void over(bool sent) {
    if (!task_) return;
    store_.write([&](Txn& txn) {
      sent ? confirm_activity_task(txn, task_->id)
           : return_activity_task(txn, activity_, task_->id);
    });
  }

 private:
  bool has_task() {
    return store_.read([&](Txn& txn) { return has_activity_task(txn, activity_); });
  }

  std::optional<ActivityTask> take() {
    if (!has_task()) return std::nullopt;
    return store_.write([&](Txn& txn) {
      Call call{txn, caller_, clock_.now(), random_, site_, door_, blobs_, segments_, request_id_};
      return take_activity_task(call, activity_, worker_);
    });
  }

  /// Until it is called; false at the deadline.
  bool wait() {
    std::unique_lock lock(mutex_);
    const std::chrono::nanoseconds left(deadline_ - monotonic_nanos());
    return changed_.wait_for(lock, left, [&] { return ready_; });
  }

  void called() {
    std::function<void()> ready;
    {
      std::lock_guard lock(mutex_);
      ready_ = true;
      ready = std::exchange(on_ready_, nullptr);
    }
    changed_.notify_all();
    if (ready) ready();
  }

  Store& store_;
  const Caller caller_;
  Clock& clock_;
  Random& random_;
  const Site& site_;
  Door& door_;
  Blobs& blobs_;
  Segments& segments_;
  const std::string request_id_;
  const std::function<bool()> gone_;
  const std::string activity_;
  const std::optional<std::string> worker_;
  const int64_t deadline_;  // monotonic nanoseconds
  std::optional<ActivityTask> task_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;  // there is, or was, a task to look for
  std::function<void()> on_ready_;
  std::optional<Notices::Place> place_;  // last, so that nothing calls what is gone
};

}  // namespace

Later<GetActivityTaskOutput> get_activity_task(StreamCall& call,
                                               const GetActivityTaskInput& input) {
  call.store.read([&](Txn& txn) { get_activity(txn, input.activity_arn); });
  const auto most = static_cast<std::size_t>(call.site.limits.states.pollers);
  if (call.store.notices().places(activity_topic(input.activity_arn)) >= most) {
    throw errors::activity_worker_limit_exceeded(
        fmt::format("Activity Worker Limit Exceeded: {} workers wait for tasks of '{}'.", most,
                    input.activity_arn));
  }
  auto poll = std::make_shared<Poll>(call, input);
  return {poll, [poll] { return poll->finish(); }, [poll](bool sent) { poll->over(sent); }};
}

}  // namespace trainyard::states
