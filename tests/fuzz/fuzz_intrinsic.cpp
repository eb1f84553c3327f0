// A call of an intrinsic function: it is refused, or gives a value or a failure; the same again
// with the same chance.
#include "asl/intrinsic.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "split.hpp"

using namespace trainyard;

namespace {

std::string evaluated(const asl::Intrinsic& call, const json::value& input,
                      const json::value& context) {
  asl::Visits visits;
  SeededRandom random(1);
  try {
    auto result = call.evaluate({input, context, visits}, random);
    if (const auto* value = std::get_if<json::value>(&result)) return dump(*value);
    const auto& failure = std::get<asl::Failure>(result);
    TRAINYARD_ASSERT(failure.error.starts_with("States."));
    return failure.error + " " + failure.cause;
  } catch (const asl::TooManyVisits&) {
    return "too many visits";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const json::value kInput = parse_own_json(
      R"({"n":5,"f":-1.5,"s":"a,b;c","j":"{\"x\":[1]}","b":"aGk=","list":[1,2,2,"x",{"y":null}],)"
      R"("o":{"a":1,"b":{"c":true}},"p":{"a":2}})");
  static const json::value kContext = json::object{{"Execution", {{"Name", "run"}}}};
  asl::Intrinsic::Refusal refusal;
  const std::string_view text = fuzz::text_of(data, size);
  auto call = asl::Intrinsic::parse(text, &refusal);
  if (!call) {
    TRAINYARD_ASSERT(!refusal.reason.empty());
    return 0;
  }
  TRAINYARD_ASSERT(call->text() == text);
  TRAINYARD_ASSERT(evaluated(*call, kInput, kContext) == evaluated(*call, kInput, kContext));
  return 0;
}
