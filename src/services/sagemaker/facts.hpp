// Single values of the service: one row each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/txn.hpp"

namespace trainyard::sagemaker {

/// Grows whenever what route() answers for some endpoint changes.
inline constexpr std::string_view kRoutesFact = "routes";
/// 1 while the daemon ends everything that runs: nothing is started or replaced then.
inline constexpr std::string_view kStoppingFact = "stopping";
/// The boot of the machine that the daemon last started in.
inline constexpr std::string_view kBootFact = "boot";
/// When the daemon first noticed that boot, ms: attempts made before it died with the machine.
inline constexpr std::string_view kBootedFact = "booted";

int64_t fact_number(Txn& txn, std::string_view name);    // 0 when never set
std::string fact_text(Txn& txn, std::string_view name);  // "" when never set
void set_fact(Txn& txn, std::string_view name, int64_t number, std::string_view text = "");
void add_to_fact(Txn& txn, std::string_view name, int64_t by);

inline void bump_routes(Txn& txn) { add_to_fact(txn, kRoutesFact, 1); }
inline bool is_stopping(Txn& txn) { return fact_number(txn, kStoppingFact) != 0; }
/// Whether what was made then died with the machine.
inline bool is_of_earlier_boot(Txn& txn, Time created) {
  return to_millis(created) < fact_number(txn, kBootedFact);
}

}  // namespace trainyard::sagemaker
