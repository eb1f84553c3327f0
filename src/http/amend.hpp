// What is to be changed of a response, whether it is there or still awaited.
#pragma once

#include <functional>

#include "http/message.hpp"

namespace trainyard::http {

using Amendment = std::function<void(Response& response)>;

/// Calls `amend` with the response: now, or once it has come.
Response amended(Response response, Amendment amend);

}  // namespace trainyard::http
