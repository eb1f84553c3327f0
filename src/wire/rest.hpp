// What rest-json and rest-xml bind outside of the body: labels, query, headers, status.
#pragma once

#include <string>
#include <string_view>

#include "http/client.hpp"
#include "http/message.hpp"
#include "wire/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// Labels of "/{Bucket}/{Key+}" in "/photos/a%20b", by name, decoded; false when it does not match.
/// What stands after '?' in the template is not looked at. Only a greedy label ("+") takes '/'.
bool match_path(std::string_view uri, std::string_view path,
                std::vector<std::pair<std::string, std::string>>* labels);

/// Fills the members that stand outside of the body.
void read_bindings(const Operation& operation, const http::Request& request, std::string_view path,
                   void* input, Missing* missing);

/// Path and query for the input, percent-encoded, and its headers.
std::string write_bindings(const Operation& operation, const void* input, http::Headers& headers);

/// Output members that are headers or the status.
void write_response_bindings(const Shape& shape, const void* output, http::Response& response);
void read_response_bindings(const Shape& shape, const http::Response& response, void* output);

/// The member that is the whole body, or nullptr.
const Member* payload_member(const Shape& shape);

/// Whether members are left for a body document.
bool has_body_members(const Shape& shape);

}  // namespace trainyard::wire
