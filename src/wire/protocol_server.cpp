#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/body.hpp"
#include "wire/protocol.hpp"
#include "wire/query.hpp"
#include "wire/rest.hpp"
#include "wire/xml.hpp"

namespace trainyard::wire {
namespace {

/// The connection owns the reader; the struct only borrows it.
std::shared_ptr<http::BodyReader> borrow(http::BodyReader* body) {
  return {body, [](http::BodyReader*) {}};
}

class SharedBody final : public http::BodyReader {
 public:
  explicit SharedBody(std::shared_ptr<http::BodyReader> body) : body_(std::move(body)) {}
  std::size_t read(char* data, std::size_t size) override { return body_->read(data, size); }
  std::optional<uint64_t> length() const override { return body_->length(); }

 private:
  std::shared_ptr<http::BodyReader> body_;
};

Missing parse_json_request(const Operation& operation, const std::string& body, void* input) {
  std::string error;
  auto value = parse_json(body.empty() ? "{}" : std::string_view(body), &error);
  if (!value) throw ApiError("SerializationException", 400, "Malformed JSON: " + error);
  Missing missing;
  from_json(*operation.input, *value, input, &missing);
  return missing;
}

/// S3 has its own word for a document that is too long (Amazon S3 API Reference, "Error
/// Responses").
std::string read_document(bool s3, const http::Request& request, std::size_t body_max) {
  try {
    return http::read_all(*request.body, body_max, "EntityTooLarge");
  } catch (const ApiError& error) {
    if (!s3 || error.http_status() != 413) throw;
    throw ApiError("MaxMessageLengthExceeded", 400, "Your request was too big.");
  }
}

void read_rest_body(const Service& service, const Operation& operation, http::Request& request,
                    std::size_t body_max, void* input, Missing* missing) {
  bool xml = service.protocol == Protocol::rest_xml;
  if (const Member* payload = payload_member(*operation.input)) {
    if (payload->shape->kind == Kind::stream) {
      *static_cast<std::shared_ptr<http::BodyReader>*>(payload->emplace(input)) =
          borrow(request.body);
      return;
    }
    std::string body = read_document(xml, request, body_max);
    if (payload->shape->kind != Kind::structure) {
      *static_cast<std::string*>(payload->emplace(input)) = std::move(body);
    } else if (!body.empty() && xml) {
      from_xml(*payload->shape, body, payload->emplace(input), missing);
    } else if (!body.empty()) {
      parse_json_request(operation, body, payload->emplace(input));
    } else if (payload->required) {
      missing->push_back(path_name(payload->name));
    }
    return;
  }
  if (!has_body_members(*operation.input)) return;
  std::string body = read_document(xml, request, body_max);
  if (body.empty()) return;
  if (xml) {
    from_xml(*operation.input, body, input, missing);
  } else {
    auto more = parse_json_request(operation, body, input);
    missing->insert(missing->end(), more.begin(), more.end());
  }
}

/// Members bound to headers that HTTP itself sets from the stream or body.
void set_stream(http::Response& response, const std::shared_ptr<http::BodyReader>& body) {
  response.stream = std::make_unique<SharedBody>(body);
  if (const std::string* length = response.headers.find("Content-Length")) {
    response.stream_length = std::stoull(*length);
  } else {
    response.stream_length = body->length();
  }
  response.headers.remove("Content-Length");
}

/// S3's own answer, unlike any other: the root's text is the value.
std::string location_document(const Shape& shape, const void* output, std::string_view ns) {
  std::string text;
  for (const Member& member : shape.members) {
    if (const void* value = member.get(output)) text = *static_cast<const std::string*>(value);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"" +
         std::string(ns) + "\">" + escape_xml(text) + "</LocationConstraint>";
}

void write_rest_body(const Service& service, const Operation& operation, const void* output,
                     http::Response& response) {
  bool xml = service.protocol == Protocol::rest_xml;
  const Shape& shape = *operation.output;
  if (const Member* payload = payload_member(shape)) {
    const void* value = payload->get(output);
    if (value == nullptr) return;
    if (payload->shape->kind == Kind::stream) {
      set_stream(response, *static_cast<const std::shared_ptr<http::BodyReader>*>(value));
    } else if (payload->shape->kind != Kind::structure) {
      response.body = *static_cast<const std::string*>(value);
    } else if (xml) {
      response.headers.set("Content-Type", "application/xml");
      response.body = to_xml_document(*payload->shape, value, payload->wire_name,
                                      service.xml_namespace);
    } else {
      response.headers.set("Content-Type", "application/json");
      response.body = dump(to_json(*payload->shape, value));
    }
    return;
  }
  if (!has_body_members(shape)) return;
  if (!xml) {
    response.headers.set("Content-Type", "application/json");
    response.body = dump(to_json(shape, output));
    return;
  }
  response.headers.set("Content-Type", "application/xml");
  std::string_view root = shape.xml_root.empty() ? shape.name : shape.xml_root;
  response.body = operation.name == "GetBucketLocation"
                      ? location_document(shape, output, service.xml_namespace)
                      : to_xml_document(shape, output, root, service.xml_namespace);
}

std::string query_document(const Service& service, const Operation& operation, const void* output,
                           const std::string& request_id) {
  std::string name(operation.name), body;
  body = "<" + name + "Response xmlns=\"" + std::string(service.xml_namespace) + "\">";
  if (!operation.result_wrapper.empty()) {
    body += "<" + std::string(operation.result_wrapper) + ">" + to_xml(*operation.output, output) +
            "</" + std::string(operation.result_wrapper) + ">";
  }
  return body + "<ResponseMetadata><RequestId>" + request_id +
         "</RequestId></ResponseMetadata></" + name + "Response>";
}

std::string json_type(const Service& service) {
  return service.protocol == Protocol::json_1_0 ? "application/x-amz-json-1.0"
                                                : "application/x-amz-json-1.1";
}

/// How JSON and the query protocol tell one error.
struct TwoWords {
  std::string_view json, query;
};
// Those of every service (AWS General Reference, "Common errors").
constexpr TwoWords kCommonErrors[] = {
    {"AccessDeniedException", "AccessDenied"},
    {"IncompleteSignatureException", "IncompleteSignature"},
    {"InvalidSignatureException", "SignatureDoesNotMatch"},
    {"MissingAuthenticationTokenException", "MissingAuthenticationToken"},
    {"UnrecognizedClientException", "InvalidClientTokenId"},
    {"ValidationException", "ValidationError"}};

/// Both words for what was thrown as `code`, whichever of them that is.
TwoWords words_of(const Service& service, std::string_view code) {
  for (const ErrorShape* shape : service.query_compatible_errors) {
    if (shape->code == code) return {shape->name, shape->code};
  }
  for (const TwoWords& words : kCommonErrors) {
    if (words.json == code || words.query == code) return words;
  }
  return {code, code};
}

void write_json_error(const Service& service, const ApiError& error, http::Response& response) {
  json::object body;
  bool rest = service.protocol == Protocol::rest_json;
  // JSON-RPC answers what REST forbids with 400, as every other fault of a caller.
  if (!rest && response.status == 403) response.status = 400;
  std::string code = error.code();
  if (!service.query_compatible_errors.empty()) {
    TwoWords words = words_of(service, code);
    response.headers.set("x-amzn-query-error",
                         std::string(words.query) + (error.http_status() < 500 ? ";Sender"
                                                                               : ";Receiver"));
    code = std::string(words.json);
  }
  if (!rest) body["__type"] = code;
  body[rest ? "Message" : "message"] = error.message();
  for (const auto& [name, value] : error.fields()) {
    bool number = name == "OriginalStatusCode";
    body[name] = number ? json::value(std::stoll(value)) : json::value(json::string(value));
  }
  response.headers.set("Content-Type", rest ? "application/json" : json_type(service));
  response.headers.set("x-amzn-ErrorType", code);
  response.body = dump(body);
}

}  // namespace

Missing parse_request(const Service& service, const Operation& operation, http::Request& request,
                      const Located& located, std::size_t body_max, void* input) {
  switch (service.protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      return parse_json_request(operation, read_body(request, body_max), input);
    case Protocol::query: {
      Missing missing;
      from_form(*operation.input, form_of(request, body_max), input, &missing);
      return missing;
    }
    case Protocol::rest_json:
    case Protocol::rest_xml: {
      Missing missing;
      read_bindings(operation, request, located.path, input, &missing);
      read_rest_body(service, operation, request, body_max, input, &missing);
      return missing;
    }
  }
  return {};
}

http::Response serialise_response(const Service& service, const Operation& operation,
                                  const void* output, const std::string& request_id) {
  http::Response response;
  response.status = operation.status;
  switch (service.protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      response.headers.set("Content-Type", json_type(service));
      response.body = operation.output->members.empty() ? ""
                                                        : dump(to_json(*operation.output, output));
      if (service.protocol == Protocol::json_1_0 && response.body.empty()) response.body = "{}";
      break;
    case Protocol::query:
      response.headers.set("Content-Type", "text/xml");
      response.body = query_document(service, operation, output, request_id);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      write_response_bindings(*operation.output, output, response);
      if (response.headers.has("Content-Range")) response.status = 206;
      write_rest_body(service, operation, output, response);
      break;
  }
  bool s3 = service.protocol == Protocol::rest_xml;
  response.headers.set(s3 ? "x-amz-request-id" : "x-amzn-RequestId", request_id);
  return response;
}

http::Response serialise_error(const Service& service, const ApiError& error,
                               const std::string& request_id, bool head) {
  http::Response response;
  response.status = error.http_status();
  response.headers.set("x-amzn-RequestId", request_id);
  switch (service.protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
    case Protocol::rest_json: write_json_error(service, error, response); break;
    case Protocol::query:
      response.headers.set("Content-Type", "text/xml");
      response.body = "<ErrorResponse xmlns=\"" + std::string(service.xml_namespace) +
                      "\"><Error><Type>" + (error.http_status() < 500 ? "Sender" : "Receiver") +
                      "</Type><Code>" + escape_xml(error.code()) + "</Code><Message>" +
                      escape_xml(error.message()) + "</Message></Error><RequestId>" + request_id +
                      "</RequestId></ErrorResponse>";
      break;
    case Protocol::rest_xml: {
      response.headers.set("x-amz-request-id", request_id);
      if (error.http_status() == 304) {  // what a client refreshes its copy by
        for (const auto& [name, value] : error.fields()) response.headers.set(name, value);
      }
      if (head || error.http_status() == 304) break;
      response.headers.set("Content-Type", "application/xml");
      response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" +
                      escape_xml(error.code()) + "</Code><Message>" + escape_xml(error.message()) +
                      "</Message>";
      for (const auto& [name, value] : error.fields()) {
        response.body += "<" + name + ">" + escape_xml(value) + "</" + name + ">";
      }
      response.body += "<RequestId>" + request_id + "</RequestId></Error>";
      break;
    }
  }
  return response;
}

}  // namespace trainyard::wire
