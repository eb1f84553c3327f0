// The query protocol of IAM, STS and CloudWatch's older clients: forms in, XML out.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "wire/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// Form fields by name; the last one of a name counts.
using Form = std::map<std::string, std::string, std::less<>>;

/// ApiError MalformedQueryString 400 on a bad escape.
Form parse_form(std::string_view body);
/// The form that a request carries: a POST's body (read whole, up to `body_max`), the query of any
/// other method.
Form form_of(const http::Request& request, std::size_t body_max);
std::string write_form(const Form& form);

void from_form(const Shape& shape, const Form& form, void* target, Missing* missing);
void to_form(const Shape& shape, const void* value, Form& form);

}  // namespace trainyard::wire
