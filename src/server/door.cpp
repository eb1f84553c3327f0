#include "server/door.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "server/authorise.hpp"
#include "server/route.hpp"
#include "services/dispatch.hpp"
#include "wire/json.hpp"
#include "wire/route.hpp"
#include "wire/validate.hpp"

namespace trainyard::server {
namespace {

const wire::Operation* operation_named(std::string_view service, std::string_view operation) {
  const ServiceDispatch* found = find_service(service);
  return found ? wire::find_operation(*found->service, operation) : nullptr;
}

}  // namespace

bool ServiceDoor::has_operation(std::string_view service, std::string_view operation) const {
  const wire::Operation* found = operation_named(service, operation);
  return found != nullptr && wire::is_transactional(found->mode);
}

bool ServiceDoor::has_member(std::string_view service, std::string_view operation,
                             std::string_view member) const {
  const wire::Operation* found = operation_named(service, operation);
  if (found == nullptr) return false;
  return std::any_of(found->input->members.begin(), found->input->members.end(),
                     [&](const wire::Member& one) { return one.name == member; });
}

json::object ServiceDoor::invoke(Call& call, const Caller& principal, std::string_view service,
                                 std::string_view operation, const json::object& input) {
  const ServiceDispatch* target = find_service(service);
  const wire::Operation* row = operation_named(service, operation);
  TRAINYARD_ASSERT(target != nullptr && row != nullptr && wire::is_transactional(row->mode));
  const OperationDispatch& handler = target->operations[row->index];

  auto typed = row->make_input();
  wire::Missing missing;
  wire::from_json(*row->input, input, typed.get(), &missing);
  wire::validate(*target->service, *row->input, typed.get(), missing);
  auto output = row->make_output();
  auto work = [&] {
    authorise_operation(call.txn, principal, *target->service, *row, typed.get(), call.site,
                        call.now);
    Call inner{call.txn,  principal, call.now,   call.random,   call.site,
               call.door, call.blobs, call.segments, call.request_id};
    handler.run(inner, typed.get(), output.get());
  };
  call.txn.read_only() ? work() : call.txn.savepoint(work);
  return wire::to_json(*row->output, output.get()).as_object();
}

}  // namespace trainyard::server
