// Parallel and Map: states that have states inside.
#include <fmt/format.h>

#include "asl/parse_state.hpp"

namespace trainyard::asl {
namespace {

/// Fields of the Distributed mode alone.
constexpr std::string_view kDistributed[] = {"ItemReader",
                                             "ItemBatcher",
                                             "ResultWriter",
                                             "Label",
                                             "ToleratedFailureCount",
                                             "ToleratedFailureCountPath",
                                             "ToleratedFailurePercentage",
                                             "ToleratedFailurePercentagePath"};

/// False for a mode that does not run here: then nothing more is said about it.
bool parse_mode(Fields& processor) {
  static constexpr std::string_view kNames[] = {"Mode", "ExecutionType"};
  const json::object* object = processor.object("ProcessorConfig");
  if (!object) return true;
  Fields config(*object, processor.location_of("ProcessorConfig"), processor.problems());
  config.allow_only(kNames);
  auto mode = config.string("Mode");
  if (mode && *mode == "DISTRIBUTED") {
    config.problem_in("Mode", "Map states of mode 'DISTRIBUTED' are not supported here");
    return false;
  }
  if (mode && *mode != "INLINE") {
    config.problem_in("Mode", "Field should have one of these values: [INLINE, DISTRIBUTED]");
  } else if (config.has("ExecutionType")) {
    config.problem("Field 'ExecutionType' is only supported for the mode 'DISTRIBUTED'");
  }
  return true;
}

/// Of a Map that runs inline.
void refuse_distributed(Fields& fields) {
  for (std::string_view name : kDistributed) {
    if (!fields.has(name)) continue;
    fields.problem(fmt::format("Field '{}' is only supported for the mode 'DISTRIBUTED'", name));
  }
}

}  // namespace

void parse_parallel(Fields& fields, State& state, States& all) {
  static constexpr std::string_view kNames[] = {"Comment", "StartAt", "States", "QueryLanguage"};
  fields.require({"Branches"});
  fields.each_object("Branches", false, [&](Fields& branch, bool) {
    branch.allow_only(kNames);
    branch.string("Comment");
    check_query_language(branch);
    state.branches.push_back(parse_flow(branch, all));
  });
}

void parse_map(Fields& fields, State& state, States& all) {
  static constexpr std::string_view kProcessor[] = {"Comment", "StartAt", "States",
                                                    "QueryLanguage", "ProcessorConfig"};
  for (auto [now, before] : {std::pair("ItemProcessor", "Iterator"),
                             std::pair("ItemSelector", "Parameters"),
                             std::pair("MaxConcurrency", "MaxConcurrencyPath")}) {
    fields.exclusive(now, before);
  }
  state.items_path = fields.path("ItemsPath").value_or(Path());
  state.item_selector =
      fields.payload(fields.has("ItemSelector") ? "ItemSelector" : "Parameters");
  state.max_concurrency = fields.integer("MaxConcurrency", 0, kConcurrencyMax);
  state.max_concurrency_path = fields.path("MaxConcurrencyPath");
  const char* name = fields.has("ItemProcessor") ? "ItemProcessor" : "Iterator";
  if (!fields.has(name)) {
    return fields.problem("One of these fields is required: [ItemProcessor, Iterator]");
  }
  const json::object* object = fields.object(name);
  if (!object) return;
  Fields processor(*object, fields.location_of(name), fields.problems());
  processor.allow_only(kProcessor);
  processor.string("Comment");
  check_query_language(processor);
  if (parse_mode(processor)) refuse_distributed(fields);
  state.branches.push_back(parse_flow(processor, all));
}

}  // namespace trainyard::asl
