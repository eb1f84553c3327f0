#include "server/door.hpp"

#include <poll.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "server/authorise.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "services/events/listeners.hpp"
#include "wire/json.hpp"
#include "wire/route.hpp"
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
  auto typed = service.operations[operation.index].make_input();
  wire::Missing missing;
  wire::from_json(*operation.input, input, typed.get(), &missing, form);
  wire::validate(*service.service, *operation.input, typed.get(), missing);
  return typed;
}

const wire::Member* stream_of(const wire::Shape& shape) {
  auto found = std::find_if(shape.members.begin(), shape.members.end(), [](const auto& member) {
    return member.shape->kind == wire::Kind::stream;
  });
  return found == shape.members.end() ? nullptr : &*found;
}

using Stream = std::shared_ptr<http::BodyReader>;

/// The bytes that stream in: the text of the input's member, or its JSON text.
std::string body_of(const wire::Member* member, const json::object& input) {
  const json::value* value =
      member ? input.if_contains(name_in(wire::JsonForm::sdk, *member)) : nullptr;
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? to_std(value->get_string()) : dump(*value);
}

/// The first `limit` bytes of what is left of a body.
std::string read_some(http::BodyReader& body, std::size_t limit) {
  std::string text(limit, '\0');
  std::size_t size = 0;
  while (size < limit) {
    std::size_t count = body.read(text.data() + size, limit - size);
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return text;
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

json::object output_of(const wire::Shape& shape, const void* output, std::size_t body_max) {
  json::object result = wire::to_json(shape, output, wire::JsonForm::sdk).as_object();
  const wire::Member* member = stream_of(shape);
  const void* stream = member ? member->get(output) : nullptr;
  if (stream == nullptr || *static_cast<const Stream*>(stream) == nullptr) return result;
  result[name_in(wire::JsonForm::sdk, *member)] =
      valid_utf8(read_some(**static_cast<const Stream*>(stream), body_max));
  return result;
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
  auto output = handler.make_output();
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
  const wire::Member* member = stream_of(*row->input);
  std::string body = body_of(member, outside.input);
  http::Request request;  // as it would have come over the wire
  request.method = row->method;
  request.length = body.size();
  if (member != nullptr) {
    auto reader = std::make_shared<http::StringBody>(std::move(body));
    request.body = reader.get();
    *static_cast<Stream*>(member->emplace(typed.get())) = std::move(reader);
  }
  parts.store.read([&](Txn& txn) {
    authorise_operation(txn, outside.principal, *target->service, *row, typed.get(), parts.site,
                        parts.clock.now());
  });
  StreamCall call{parts.store, outside.principal, parts.clock,        parts.random,
                  parts.site,  parts.blobs,       parts.segments,     router,
                  parts.door,  request,           parts.random.uuid()};
  auto output = handler.make_output();
  LaterOutput later;
  if (row->mode == wire::Mode::later) {
    later = handler.run_later(call, typed.get());
    await(*later.wait, goes_on);
    later.finish(output.get());
  } else {
    handler.run_stream(call, typed.get(), output.get());
  }
  return {output_of(*row->output, output.get(), outside.body_max), std::move(later.over)};
}

}  // namespace trainyard::server
