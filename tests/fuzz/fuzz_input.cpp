// The input of an execution: what is JSON is stepped through a machine that reads all of it. After
// a NUL byte come the decisions of what happens.
#include "asl/payload.hpp"
#include "base/error.hpp"
#include "drive.hpp"
#include "split.hpp"

using namespace trainyard;

namespace {

constexpr const char* kDefinition = R"x({"StartAt":"Look","States":{
  "Look":{"Type":"Choice","Default":"Shape","Choices":[
    {"Variable":"$.kind","IsPresent":false,"Next":"Shape"},
    {"And":[{"Variable":"$.kind","StringEquals":"wait"},{"Variable":"$.for","IsPresent":true}],
     "Next":"Wait"},
    {"Variable":"$.kind","StringMatches":"t*k","Next":"Task"},
    {"Variable":"$.kind","TimestampGreaterThan":"2020-01-01T00:00:00Z","Next":"Until"},
    {"Variable":"$.kind","NumericLessThanPath":"$.for","Next":"Shape"}]},
  "Shape":{"Type":"Pass","Parameters":{"all.$":"$","deep.$":"$..a","some.$":"$.list[?(@.n > 1)]",
    "text.$":"States.JsonToString($)","name.$":"$$.Execution.Name"},"ResultPath":"$.shaped",
    "Next":"Done"},
  "Wait":{"Type":"Wait","SecondsPath":"$.for","Next":"Task"},
  "Until":{"Type":"Wait","TimestampPath":"$.kind","Next":"Done"},
  "Task":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createModel",
    "Parameters":{"ModelName.$":"$.name","Tags.$":"$.list"},"TimeoutSecondsPath":"$.for",
    "ResultSelector":{"v.$":"$.Value"},"ResultPath":"$.answer.v","OutputPath":"$.answer",
    "Retry":[{"ErrorEquals":["Some.Error"],"MaxAttempts":1}],
    "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"Shape"}],"Next":"Done"},
  "Done":{"Type":"Succeed","OutputPath":"$"}}})x";

const asl::Machine& machine() {
  static const asl::Machine machine = [] {
    asl::Parsed parsed = asl::parse_machine(kDefinition);
    TRAINYARD_ASSERT(parsed.problems.empty());
    return std::move(parsed.machine);
  }();
  return machine;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  constexpr int kEventsMax = 60;
  const auto [text, decisions] = fuzz::split_at_nul(data, size);
  auto input = parse_json(text);
  if (!input || asl::depth_of(*input) > asl::kPayloadDepthMax) return 0;
  fuzz::Drive(machine(), *input, decisions).run(kEventsMax);
  return 0;
}
