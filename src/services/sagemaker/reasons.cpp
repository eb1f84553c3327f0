#include "services/sagemaker/reasons.hpp"

#include <cstddef>

namespace trainyard::sagemaker {
namespace {

constexpr std::size_t kFailureReasonCharactersMax = 1024;  // the model's FailureReason

std::string cut(std::string text, std::size_t characters) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool begins_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins_character && ++count > characters) {
      text.resize(i);
      break;
    }
  }
  return text;
}

}  // namespace

std::string failure_reason(std::string_view error, std::string_view reason) {
  std::string text(error.empty() ? "InternalServerError" : error);
  text += ": ";
  text += reason.empty() ? "the instance gave no reason" : reason;
  return cut(std::move(text), kFailureReasonCharactersMax);
}

}  // namespace trainyard::sagemaker
