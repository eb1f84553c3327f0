#include "services/events/listeners.hpp"

#include "services/events/pattern.hpp"

namespace trainyard::events {
namespace {

constexpr std::string_view kSource = "source";
constexpr std::string_view kDetailType = "detail-type";

/// The part of a pattern that source and type decide; $or and the rest may come out either way.
json::object decided_part(const json::object& pattern) {
  json::object part;
  for (std::string_view name : {kSource, kDetailType}) {
    if (const json::value* found = find(pattern, name)) part[name] = *found;
  }
  return part;
}

}  // namespace

Listeners listeners(Txn& txn, std::string_view source, std::string_view detail_type) {
  // From the targets, which are few, not from the rules, which a user may have many of.
  const json::object event{{kSource, source}, {kDetailType, detail_type}};
  Listeners found = Listeners::none;
  txn.each(
      "SELECT r.pattern, r.managed_by FROM events_targets t JOIN events_rules r ON r.name = t.rule "
      "WHERE r.state <> 'DISABLED'",
      [&](const Row& row) {
        if (found == Listeners::others) return;
        if (!matches(decided_part(parse_own_json(row.text(0)).as_object()), event)) return;
        found = row.is_null(1) ? Listeners::others : Listeners::jobs;
      });
  return found;
}

}  // namespace trainyard::events
