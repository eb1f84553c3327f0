#include "base/text.hpp"
#include "wire/protocol.hpp"
#include "wire/query.hpp"
#include "wire/rest.hpp"
#include "wire/xml.hpp"

namespace trainyard::wire {
namespace {

/// The body of an output that is read whole.
constexpr std::size_t kResponseBytesMax = 64u << 20;

/// Adapts a stream whose length nobody knows: the transport sends it by its declared length.
void write_rest_request(const Service& service, const Operation& operation, const void* input,
                        http::Outgoing& request) {
  request.target = write_bindings(operation, input, request.headers);
  bool xml = service.protocol == Protocol::rest_xml;
  const Shape& shape = *operation.input;
  if (const Member* payload = payload_member(shape)) {
    const void* value = payload->get(input);
    if (value == nullptr) return;
    if (payload->shape->kind == Kind::stream) {
      request.stream = static_cast<const std::shared_ptr<http::BodyReader>*>(value)->get();
      std::string length = request.headers.get("Content-Length");
      request.stream_length = length.empty() ? 0 : std::stoull(length);
      request.headers.remove("Content-Length");
    } else if (payload->shape->kind != Kind::structure) {
      request.body = *static_cast<const std::string*>(value);
    } else {
      request.body = xml ? to_xml_document(*payload->shape, value, payload->wire_name,
                                           service.xml_namespace)
                         : dump(to_json(*payload->shape, value));
    }
    return;
  }
  if (!has_body_members(shape)) return;
  request.headers.set("Content-Type", xml ? "application/xml" : "application/json");
  request.body = xml ? to_xml_document(shape, input,
                                       shape.xml_root.empty() ? shape.name : shape.xml_root,
                                       service.xml_namespace)
                     : dump(to_json(shape, input));
}

std::string whole_body(http::Response& response) {
  if (!response.stream) return std::move(response.body);
  return http::read_all(*response.stream, kResponseBytesMax);
}

/// The value of a JSON answer. SystemError when it is none: it comes from another machine.
json::value json_answer(const Service& service, const Operation& operation,
                        std::string_view body) {
  std::string error;
  auto value = parse_json(body, &error);
  if (!value) {
    throw SystemError("the answer of " + std::string(service.name) + " to " +
                      std::string(operation.name) + " is no JSON: " + error);
  }
  return std::move(*value);
}

/// S3 sends its head before a long copy or completion is done: what failed afterwards stands in the
/// body of a 200 (Amazon S3 API Reference, "CopyObject"). As AWS's SDKs, it counts as a 500.
void refuse_late_error(const Service& service, const http::Response& response,
                       const std::string& body) {
  if (xml_root(body) != "Error") return;
  http::Response failed;
  failed.status = response.status < 300 ? 500 : response.status;
  failed.body = body;
  throw parse_error(service, failed);
}

void read_rest_response(const Service& service, const Operation& operation,
                        http::Response& response, void* output) {
  bool xml = service.protocol == Protocol::rest_xml;
  const Shape& shape = *operation.output;
  read_response_bindings(shape, response, output);
  if (const Member* payload = payload_member(shape)) {
    if (payload->shape->kind == Kind::stream) {
      auto& stream = *static_cast<std::shared_ptr<http::BodyReader>*>(payload->emplace(output));
      stream = response.stream
                   ? std::shared_ptr<http::BodyReader>(std::move(response.stream))
                   : std::make_shared<http::StringBody>(std::move(response.body));
      return;
    }
    std::string body = whole_body(response);
    if (xml) refuse_late_error(service, response, body);
    if (payload->shape->kind != Kind::structure) {
      *static_cast<std::string*>(payload->emplace(output)) = std::move(body);
    } else if (!body.empty()) {
      void* target = payload->emplace(output);
      xml ? from_xml(*payload->shape, body, target, nullptr)
          : from_json(*payload->shape, json_answer(service, operation, body), target);
    }
    return;
  }
  std::string body = whole_body(response);
  if (xml) refuse_late_error(service, response, body);
  if (body.empty() || !has_body_members(shape)) return;
  if (operation.name == "GetBucketLocation") {
    std::string text = xml_text(body, "LocationConstraint");
    if (!text.empty()) *static_cast<std::string*>(shape.members[0].emplace(output)) = text;
  } else if (xml) {
    from_xml(shape, body, output, nullptr);
  } else {
    from_json(shape, json_answer(service, operation, body), output);
  }
}

/// "com.amazonaws#Code:http://…" and the like name the code between '#' and ':'.
std::string plain_code(std::string code) {
  code = code.substr(0, code.find(':'));
  auto hash = code.rfind('#');
  return hash == std::string::npos ? code : code.substr(hash + 1);
}

ApiError parse_json_error(const http::Response& response) {
  std::string code = plain_code(response.headers.get("x-amzn-ErrorType"));
  std::string message;
  std::map<std::string, std::string> fields;
  auto parsed = parse_json(response.body);
  if (parsed && parsed->is_object()) {
    const json::object& body = parsed->get_object();
    if (auto type = find_string(body, "__type")) code = plain_code(*type);
    for (const char* name : {"message", "Message"}) {
      if (auto text = find_string(body, name)) message = *text;
    }
    for (const auto& member : body) {
      if (member.value().is_string()) {
        fields[member.key()] = to_std(member.value().get_string());
      } else if (member.value().is_number()) {
        fields[member.key()] = dump(member.value());
      }
    }
  }
  if (std::string known = response.headers.get("x-amzn-query-error"); !known.empty()) {
    code = known.substr(0, known.find(';'));
  }
  ApiError error(code.empty() ? std::to_string(response.status) : code, response.status, message);
  error.fields() = std::move(fields);
  return error;
}

}  // namespace

http::Outgoing serialise_request(const Service& service, const Operation& operation,
                                 const void* input) {
  http::Outgoing request;
  request.method = operation.method;
  switch (service.protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      request.headers.set("Content-Type", service.protocol == Protocol::json_1_0
                                              ? "application/x-amz-json-1.0"
                                              : "application/x-amz-json-1.1");
      request.headers.set("X-Amz-Target", std::string(service.target_prefix) + "." +
                                              std::string(operation.name));
      request.body = dump(to_json(*operation.input, input));
      break;
    case Protocol::query: {
      Form form;
      to_form(*operation.input, input, form);
      form["Action"] = operation.name;
      form["Version"] = service.api_version;
      request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
      request.body = write_form(form);
      break;
    }
    case Protocol::rest_json:
    case Protocol::rest_xml: write_rest_request(service, operation, input, request); break;
  }
  return request;
}

void parse_response(const Service& service, const Operation& operation, http::Response& response,
                    void* output) {
  switch (service.protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1: {
      std::string body = whole_body(response);
      if (!body.empty()) {
        from_json(*operation.output, json_answer(service, operation, body), output);
      }
      break;
    }
    case Protocol::query:
      if (!operation.result_wrapper.empty()) {
        from_xml(*operation.output, whole_body(response), output, nullptr,
                 operation.result_wrapper);
      }
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml: read_rest_response(service, operation, response, output); break;
  }
}

ApiError parse_error(const Service& service, const http::Response& response) {
  bool xml = service.protocol == Protocol::query || service.protocol == Protocol::rest_xml;
  if (!xml) return parse_json_error(response);
  std::string code = xml_text(response.body, "Code");
  if (code.empty()) code = std::to_string(response.status);
  return ApiError(code, response.status, xml_text(response.body, "Message"));
}

}  // namespace trainyard::wire
