// The parts of the definition's parser. Internal.
#pragma once

#include "asl/fields.hpp"
#include "asl/machine.hpp"

namespace trainyard::asl {

State parse_state(const std::string& name, Fields& fields);
std::vector<ChoiceRule> parse_choices(Fields& fields);
std::vector<Retrier> parse_retriers(Fields& fields);
std::vector<Catcher> parse_catchers(Fields& fields);
/// "JSONPath", or nothing, is what may stand there.
void check_query_language(Fields& fields);

}  // namespace trainyard::asl
