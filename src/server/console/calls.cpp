#include "server/console/calls.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace trainyard::server::console {
namespace {

std::string elsewhere(std::string_view service) {
  if (service == "s3") return "send it to /_console/api/s3/BUCKET/KEY";
  if (service == "runtime") return "send it to /_console/api/runtime/endpoints/NAME/invocations";
  return "it is for clients that sign";
}

}  // namespace

wire::Mode mode_of(const Parts& parts, std::string_view service, std::string_view operation) {
  const auto mode = parts.door.mode_of(service, operation);
  if (!mode) {
    throw ApiError("UnknownOperationException", 404,
                   fmt::format("There is no operation {} of {} here.", operation, service));
  }
  return *mode;
}

json::object call_within(const Parts& parts, Txn& txn, const Caller& caller,
                         std::string_view service, std::string_view operation,
                         const json::object& input) {
  Call call = make_call(parts, txn, caller);
  return parts.door.invoke(call, caller, service, operation, input, wire::JsonForm::model);
}

json::object call(const Parts& parts, const Caller& caller, std::string_view service,
                  std::string_view operation, const json::object& input) {
  const wire::Mode mode = mode_of(parts, service, operation);
  if (!wire::is_transactional(mode)) {
    throw ApiError(
        "InvalidParameterException", 400,
        fmt::format("{} streams, or waits for its answer: {}.", operation, elsewhere(service)));
  }
  auto work = [&](Txn& txn) { return call_within(parts, txn, caller, service, operation, input); };
  return mode == wire::Mode::read ? parts.store.read(work) : parts.store.write(work);
}

}  // namespace trainyard::server::console
