// The texts that failures are told in.
#pragma once

#include <string>
#include <string_view>

namespace trainyard::sagemaker {

/// "AlgorithmError: …", cut to FailureReason's 1,024 characters between characters, never inside
/// one. An instance that names no kind of error failed by our fault.
std::string failure_reason(std::string_view error, std::string_view reason);
/// The reason alone, cut as above.
std::string failure_text(std::string_view reason);

}  // namespace trainyard::sagemaker
