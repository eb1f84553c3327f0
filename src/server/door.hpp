// The door that one service's call to another goes through: the stations of a client's request
// from parsing on, inside the caller's transaction, or outside of any where bodies stream.
#pragma once

#include "server/parts.hpp"
#include "services/call.hpp"

namespace trainyard::server {

class ServiceDoor final : public Door {
 public:
  json::object invoke(Call& call, const Caller& principal, std::string_view service,
                      std::string_view operation, const json::object& input,
                      wire::JsonForm form = wire::JsonForm::service) override;
  std::optional<wire::Mode> mode_of(std::string_view service,
                                    std::string_view operation) const override;
  bool has_member(std::string_view service, std::string_view operation, std::string_view member,
                  wire::JsonForm form = wire::JsonForm::service) const override;
  std::string_view error_shape(std::string_view service, std::string_view code) const override;
  Listeners listeners(Call& call, std::string_view source,
                      std::string_view detail_type) const override;
};

/// A call outside of transactions, of an operation of mode stream or later, in the SDK's form.
struct Outside {
  const Caller& principal;
  std::string_view service, operation;
  /// What streams in is the text of its member.
  const json::object& input;
  std::size_t body_max;  // of what streams out, so many bytes are taken
};
struct OutsideOutput {
  json::object output;
  std::function<void(bool kept)> over;  // to be called once the output has found its place, or not
};
/// `goes_on` is asked while an output is waited for; SystemError once it says no.
OutsideOutput invoke_outside(const Parts& parts, InstanceRouter& router, const Outside& outside,
                             const std::function<bool()>& goes_on);

}  // namespace trainyard::server
