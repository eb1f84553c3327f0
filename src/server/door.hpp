// The door that one service's call to another goes through: the stations of a client's request
// from parsing on, inside the caller's transaction.
#pragma once

#include "services/call.hpp"

namespace trainyard::server {

class ServiceDoor final : public Door {
 public:
  json::object invoke(Call& call, const Caller& principal, std::string_view service,
                      std::string_view operation, const json::object& input) override;
  bool has_operation(std::string_view service, std::string_view operation) const override;
  bool has_member(std::string_view service, std::string_view operation,
                  std::string_view member) const override;
};

}  // namespace trainyard::server
