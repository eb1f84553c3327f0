// What is odd about a definition, although it can be run.
#pragma once

#include <string_view>
#include <vector>

#include "asl/machine.hpp"

namespace trainyard::asl {

/// Warnings about a definition that can be read (Step Functions API Reference,
/// "ValidateStateMachineDefinitionDiagnostic", warning codes; the words are ours):
///   NO_DOLLAR              a value in a payload template looks like a path or a call, but the name
///                          of its field does not end in ".$"
///   NO_PATH                a field's value looks like a path, but its name does not end in "Path"
///   PASS_RESULT_IS_STATIC  so does one in the Result of a Pass state, which is taken as it is
std::vector<Problem> warnings_of(std::string_view definition);

}  // namespace trainyard::asl
