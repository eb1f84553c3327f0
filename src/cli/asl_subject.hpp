// Whom a history event is about. Events name their states only in part: the ids of their causes
// lead to the rest.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "asl/execution.hpp"

namespace trainyard::cli {

/// A state, in the iterations of the Map states around it, outermost first: "Each[2]".
struct Subject {
  std::string state;
  std::vector<std::string> iterations;

  /// "Work (Each[2])"
  std::string label() const;
  auto operator<=>(const Subject&) const = default;
};

/// Where a state stands in its machine.
struct Place {
  int depth = 0;         // 0 at the top, one more inside each Parallel or Map
  std::size_t maps = 0;  // Map states around it
  asl::StateType type = asl::StateType::pass;
};

class Subjects {
 public:
  explicit Subjects(const asl::Machine& machine);

  /// Takes the next event of the history in.
  const Subject& add(const asl::HistoryEvent& event);
  /// Of an event that was added.
  const Subject& of(int64_t event) const { return subjects_.at(event); }
  /// That of a state that the machine does not have is the top.
  Place place_of(const std::string& state) const;

 private:
  void add_places(const asl::States& states, const asl::Flow& flow, Place around);

  std::map<std::string, Place, std::less<>> places_;
  std::map<int64_t, Subject> subjects_;
};

}  // namespace trainyard::cli
