#include "server/door.hpp"

#include <poll.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.hpp"
#include "server/authorise.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "services/events/listeners.hpp"
#include "wire/json.hpp"
#include "wire/route.hpp"
#include "wire/streams.hpp"
#include "wire/validate.hpp"

namespace trainyard::server {
namespace {

const wire::Operation* operation_named(std::string_view service, std::string_view operation) {
  const ServiceDispatch* found = find_service(service);
  return found ? wire::find_operation(*found->service, operation) : nullptr;
}

/// The operation's input, parsed and validated.
std::shared_ptr<void> parse_input(const ServiceDispatch& service, const wire::Operation& operation,
                                  const json::object& input, wire::JsonForm form) {
  auto typed = operation.make_input();
  wire::Missing missing;
  wire::from_json(*operation.input, input, typed.get(), &missing, form);
  wire::validate(*service.service, *operation.input, typed.get(), missing);
  return typed;
}

/// Told by whoever has something to take in.
class Signal {
 public:
  void set() {
    std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  /// Whether it came within `timeout`.
  bool wait_for(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

/// Waits until there is something to take in, or the wait is over, asking `goes_on` meanwhile.
void await_next(http::Wait& wait, const std::function<bool()>& goes_on) {
  constexpr std::chrono::milliseconds kAskEvery{100};
  auto signal = std::make_shared<Signal>();
  if (wait.calls()) wait.call([signal] { signal->set(); });
  for (bool ready = false; !ready && monotonic_nanos() < wait.deadline();) {
    if (!goes_on()) throw SystemError("the daemon stops");
    if (wait.calls()) {
      ready = signal->wait_for(kAskEvery);
    } else {
      pollfd asked{wait.fd(), POLLIN, 0};
      ready = ::poll(&asked, 1, static_cast<int>(kAskEvery.count())) > 0;
    }
  }
}

/// Until an output can be had, or is overdue. SystemError once `goes_on` says no.
void await(http::Wait& wait, const std::function<bool()>& goes_on) {
  while (wait.progress() == http::Wait::Progress::waiting && monotonic_nanos() < wait.deadline()) {
    if (!wait.calls() && wait.fd() < 0) return;  // finish() is what waits
    await_next(wait, goes_on);
  }
}

}  // namespace

std::optional<wire::Mode> ServiceDoor::mode_of(std::string_view service,
                                               std::string_view operation) const {
  const wire::Operation* found = operation_named(service, operation);
  return found ? std::optional(found->mode) : std::nullopt;
}

bool ServiceDoor::has_member(std::string_view service, std::string_view operation,
                             std::string_view member, wire::JsonForm form) const {
  const wire::Operation* found = operation_named(service, operation);
  if (found == nullptr) return false;
  return std::any_of(found->input->members.begin(), found->input->members.end(),
                     [&](const wire::Member& one) { return name_in(form, one) == member; });
}

std::string_view ServiceDoor::error_shape(std::string_view service, std::string_view code) const {
  const ServiceDispatch* found = find_service(service);
  if (found == nullptr) return "";
  for (const wire::Operation& operation : found->service->operations) {
    for (const wire::ErrorShape* error : operation.errors) {
      if (error->code == code || error->name == code) return error->name;
    }
  }
  return "";
}

Listeners ServiceDoor::listeners(Call& call, std::string_view source,
                                 std::string_view detail_type) const {
  return events::listeners(call.txn, source, detail_type);
}

json::object ServiceDoor::invoke(Call& call, const Caller& principal, std::string_view service,
                                 std::string_view operation, const json::object& input,
                                 wire::JsonForm form) {
  const ServiceDispatch* target = find_service(service);
  const wire::Operation* row = operation_named(service, operation);
  TRAINYARD_ASSERT(target != nullptr && row != nullptr && wire::is_transactional(row->mode));
  const OperationDispatch& handler = target->operations[row->index];

  auto typed = parse_input(*target, *row, input, form);
  auto output = row->make_output();
  auto work = [&] {
    authorise_operation(call.txn, principal, *target->service, *row, typed.get(), call.site,
                        call.now);
    Call inner{call.txn,  principal,  call.now,      call.random,    call.site,
               call.door, call.blobs, call.segments, call.request_id};
    handler.run(inner, typed.get(), output.get());
  };
  call.txn.read_only() ? work() : call.txn.savepoint(work);
  return wire::to_json(*row->output, output.get(), form).as_object();
}

OutsideOutput invoke_outside(const Parts& parts, InstanceRouter& router, const Outside& outside,
                             const std::function<bool()>& goes_on) {
  const ServiceDispatch* target = find_service(outside.service);
  const wire::Operation* row = operation_named(outside.service, outside.operation);
  TRAINYARD_ASSERT(target != nullptr && row != nullptr && !wire::is_transactional(row->mode));
  const OperationDispatch& handler = target->operations[row->index];

  auto typed = parse_input(*target, *row, outside.input, wire::JsonForm::sdk);
  std::string body = wire::stream_text(*row->input, outside.input);
  http::Request request;  // as it would have come over the wire
  request.method = row->method;
  request.length = body.size();
  request.body = wire::set_stream(*row->input, typed.get(), std::move(body));
  parts.store.read([&](Txn& txn) {
    authorise_operation(txn, outside.principal, *target->service, *row, typed.get(), parts.site,
                        parts.clock.now());
  });
  StreamCall call{parts.store, outside.principal, parts.clock,        parts.random,
                  parts.site,  parts.blobs,       parts.segments,     router,
                  parts.door,  request,           parts.random.uuid()};
  auto output = row->make_output();
  LaterOutput later;
  if (row->mode == wire::Mode::later) {
    later = handler.run_later(call, typed.get());
    await(*later.wait, goes_on);
    later.finish(output.get());
  } else {
    handler.run_stream(call, typed.get(), output.get());
  }
  return {wire::to_json_streamed(*row->output, output.get(), outside.body_max),
          std::move(later.over)};
}

}  // namespace trainyard::server
