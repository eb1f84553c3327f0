// What the codes of responses are called.
#pragma once

#include <string_view>

namespace trainyard::http {

/// "Not Found" of 404 (RFC 9110, section 15); "Status" of codes without a name here.
std::string_view reason_phrase(int status);

}  // namespace trainyard::http
