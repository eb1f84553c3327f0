// Which operation a request means.
#pragma once

#include <string_view>

#include "http/message.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// By name; nullptr when the service does not have it.
const Operation* find_operation(const Service& service, std::string_view name);

/// The REST operation whose method, path template, literal query and required query and header
/// members fit; the one that asks for most wins. `path` is as the template sees it. nullptr when
/// nothing fits.
const Operation* match_rest(const Service& service, std::string_view path,
                            const http::Request& request);

}  // namespace trainyard::wire
