#include "services/sagemaker/reasons.hpp"

#include "base/utf8.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr std::size_t kFailureReasonCharactersMax = 1024;  // the model's FailureReason

}  // namespace

std::string failure_reason(std::string_view error, std::string_view reason) {
  std::string text(error.empty() ? "InternalServerError" : error);
  text += ": ";
  text += reason.empty() ? "the instance gave no reason" : reason;
  return clip(text, kFailureReasonCharactersMax);
}

}  // namespace trainyard::sagemaker
