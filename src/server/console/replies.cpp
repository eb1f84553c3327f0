#include "server/console/replies.hpp"

namespace trainyard::server::console {

http::Response reply(int status, const json::object& body) {
  http::Response response = http::text_response(status, dump(body) + "\n", "application/json");
  response.headers.set("Cache-Control", "no-store");
  keep_from_other_pages(response.headers);
  return response;
}

json::object error_body(const ApiError& error) {
  return {{"__type", error.code()}, {"message", error.message()}};
}

ApiError own_fault() { return ApiError("InternalFailure", 500, kInternalFault); }

json::object read_object(http::Request& request, std::size_t limit) {
  const std::string text = http::read_all(*request.body, limit);
  if (text.empty()) return {};
  std::string fault;
  auto value = parse_json(text, &fault);
  if (!value) throw ApiError("SerializationException", 400, "The body is no JSON: " + fault);
  if (!value->is_object()) {
    throw ApiError("SerializationException", 400, "The body must be a JSON object.");
  }
  return std::move(value->get_object());
}

void keep_from_other_pages(http::Headers& headers) {
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace trainyard::server::console
