#include "server/outside_calls.hpp"

#include <atomic>

#include "server/door.hpp"
#include "server/http_calls.hpp"
#include "services/states/turn.hpp"

namespace trainyard::server {

struct OutsideCalls::Impl {
  const Parts& parts;
  InstanceRouter& router;
  HttpCalls http_calls;
  std::atomic<bool> stopping = false;

  Impl(const Parts& p, InstanceRouter& r) : parts(p), router(r), http_calls(p.site) {}

  asl::TaskResult ask_service(const states::OutsideCall& outside, const outbox::Message& message,
                              std::function<void(bool)>& over) {
    try {
      OutsideOutput got = invoke_outside(parts, router,
                                         {outside.principal, outside.service, outside.operation,
                                          outside.input, asl::kPayloadBytesMax + 1},
                                         [this] { return !stopping; });
      over = std::move(got.over);
      return states::outside_result(got.output);
    } catch (const ApiError& error) {
      return states::outside_result(parts.door, message, error, parts.random.uuid());
    }
  }

  /// What is asked for, answered.
  asl::TaskResult result_of(const std::variant<states::OutsideCall, asl::Failure>& asked,
                            const outbox::Message& message, std::function<void(bool)>& over) {
    if (const auto* failure = std::get_if<asl::Failure>(&asked)) return {nullptr, *failure};
    const auto& outside = std::get<states::OutsideCall>(asked);
    return outside.http ? http_calls.make(*outside.http) : ask_service(outside, message, over);
  }
};

OutsideCalls::OutsideCalls(const Parts& parts, InstanceRouter& router)
    : impl_(std::make_unique<Impl>(parts, router)) {}

OutsideCalls::~OutsideCalls() = default;

void OutsideCalls::perform(const outbox::Message& message) {
  const Parts& parts = impl_->parts;
  Caller caller = own_caller(parts.site);
  auto asked = parts.store.read([&](Txn& txn) {
    Call call = make_call(parts, txn, caller);
    return states::take_call(call, message);
  });
  if (!asked) return;
  std::function<void(bool)> over;
  try {
    const asl::TaskResult result = impl_->result_of(*asked, message, over);
    parts.store.write([&](Txn& txn) {
      Call call = make_call(parts, txn, caller);
      states::take_result(call, message, result);
    });
  } catch (...) {
    if (over) over(false);
    throw;
  }
  if (over) over(true);
}

void OutsideCalls::stop() {
  impl_->stopping = true;
  impl_->http_calls.stop();
}

}  // namespace trainyard::server
