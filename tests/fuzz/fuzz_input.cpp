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
    {"Variable":"$.kind","StringMatches":"each*","Next":"Each"},
    {"Variable":"$.kind","StringMatches":"both*","Next":"Both"},
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
  "Each":{"Type":"Map","ItemsPath":"$.list","MaxConcurrencyPath":"$.for","ResultPath":"$.each",
    "ItemSelector":{"item.$":"$$.Map.Item.Value","at.$":"$$.Map.Item.Index","all.$":"$.list"},
    "ResultSelector":{"count.$":"States.ArrayLength($)","all.$":"$"},
    "Retry":[{"ErrorEquals":["Some.Error"],"MaxAttempts":1}],"Next":"Both",
    "ItemProcessor":{"StartAt":"Ask","States":{"Ask":{"Type":"Task","HeartbeatSeconds":5,
      "Resource":"arn:aws:states:us-east-1:000000000000:activity:ask","ResultPath":"$.asked",
      "Next":"Sort"},
      "Sort":{"Type":"Choice","Default":"Good","Choices":[
        {"Variable":"$.item.n","IsPresent":false,"Next":"Bad"}]},
      "Good":{"Type":"Pass","OutputPath":"$.item","End":true},
      "Bad":{"Type":"Fail","ErrorPath":"States.Format('Bad.{}', $.at)","Cause":"c"}}}},
  "Both":{"Type":"Parallel","ResultPath":"$.both","Next":"Done",
    "Catch":[{"ErrorEquals":["States.BranchFailed"],"ResultPath":"$.error","Next":"Done"}],
    "Branches":[
      {"StartAt":"B1","States":{"B1":{"Type":"Task","TimeoutSeconds":9,
        "Resource":"arn:aws:states:::aws-sdk:sagemaker:createModel.waitForTaskToken",
        "Parameters":{"ModelName.$":"$$.Task.Token"},"End":true}}},
      {"StartAt":"B2","States":{"B2":{"Type":"Map","ItemsPath":"$.list","End":true,
        "Iterator":{"StartAt":"I","States":{"I":{"Type":"Wait","Seconds":1,"End":true}}}}}},
      {"StartAt":"B3","States":{"B3":{"Type":"Pass","InputPath":"$.list","End":true}}}]},
  "Done":{"Type":"Succeed","OutputPath":"$"}}})x";

const asl::Machine& machine() {
  static const asl::Machine machine = [] {
    asl::Parsed parsed = asl::parse_machine(kDefinition);
    TRAINYARD_ASSERT(!asl::has_errors(parsed.problems));
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
