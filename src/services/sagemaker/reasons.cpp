#include "services/sagemaker/reasons.hpp"

#include "base/utf8.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr std::size_t kFailureReasonCharactersMax = 1024;  // the model's FailureReason
constexpr std::string_view kNoReason = "the instance gave no reason";

}  // namespace

std::string failure_reason(std::string_view error, std::string_view reason) {
  std::string text(error.empty() ? "InternalServerError" : error);
  text += ": ";
  text += reason.empty() ? kNoReason : reason;
  return clip(text, kFailureReasonCharactersMax);
}

std::string failure_text(std::string_view reason) {
  return clip(reason.empty() ? kNoReason : reason, kFailureReasonCharactersMax);
}

}  // namespace trainyard::sagemaker
