// For tests of any layer.
#pragma once

#include <string>

#include "base/error.hpp"

namespace trainyard {

/// What the SystemError says that `action` throws.
template <class Error = SystemError, class Action>
std::string thrown(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace trainyard
