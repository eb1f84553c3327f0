// A definition: whatever it is, it is refused or runs. After a NUL byte come the decisions of how.
#include "drive.hpp"
#include "split.hpp"

using namespace trainyard;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  constexpr int kEventsMax = 40;
  const auto [definition, decisions] = fuzz::split_at_nul(data, size);
  asl::Parsed parsed = asl::parse_machine(definition);
  static const std::string kInput = R"({"a":1,"b":"two","list":[1,2,3],"o":{"p":null}})";
  if (!asl::has_errors(parsed.problems)) {
    fuzz::Drive(parsed.machine, parse_own_json(kInput), decisions).run(kEventsMax);
  }
  return 0;
}
