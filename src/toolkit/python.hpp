// Values as Python writes them: SageMaker's own toolkit is written in Python, and programs have
// come to expect its texts.
#pragma once

#include <string>

#include "base/json.hpp"

namespace trainyard::toolkit {

/// json.dumps(value, sort_keys=True, separators=(",", ":")): ASCII only.
std::string python_json(const json::value& value);
/// json.dumps(value, sort_keys=True, indent=4).
std::string python_json_indented(const json::value& value);
/// str(value): True, [1, 'a'], {'k': 0.5}; null is "" (as an argument has it), at depth None.
std::string python_str(const json::value& value);

}  // namespace trainyard::toolkit
