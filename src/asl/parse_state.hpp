// The parts of the definition's parser. Internal.
#pragma once

#include "asl/fields.hpp"
#include "asl/machine.hpp"

namespace trainyard::asl {

/// Reads StartAt and States of the machine, a branch or a Map's processor. The states, and those
/// inside of them, are added to `states`.
Flow parse_flow(Fields& fields, States& states);
State parse_state(const std::string& name, Fields& fields,
                  States& states);
void parse_parallel(Fields& fields, State& state, States& all);
void parse_map(Fields& fields, State& state, States& all);
std::vector<ChoiceRule> parse_choices(Fields& fields);
std::vector<Retrier> parse_retriers(Fields& fields);
std::vector<Catcher> parse_catchers(Fields& fields);
/// "JSONPath", or nothing, is what may stand there.
void check_query_language(Fields& fields);

}  // namespace trainyard::asl
