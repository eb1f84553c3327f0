#include <fmt/format.h>

#include "base/utf8.hpp"
#include "generated/runtime/errors.hpp"
#include "generated/runtime/operations.hpp"
#include "http/client.hpp"
#include "services/call.hpp"

// SageMaker API Reference, "InvokeEndpoint"; SageMaker Developer Guide, "Use Your Own Inference
// Code with Hosting Services".
namespace trainyard::runtime {
namespace {

constexpr const char* kCustomAttributes = "X-Amzn-SageMaker-Custom-Attributes";
constexpr const char* kInferenceId = "X-Amzn-SageMaker-Inference-Id";
constexpr std::size_t kOriginalMessageBytesMax = 2048;
/// So much of an error is read that its connection can be used again.
constexpr std::size_t kErrorBytesMax = 64 * 1024;

/// The container's body with the length that its head announced.
class AnswerBody final : public http::BodyReader {
 public:
  AnswerBody(std::unique_ptr<http::BodyReader> body, std::optional<uint64_t> length)
      : body_(std::move(body)), length_(length) {}
  std::size_t read(char* data, std::size_t size) override { return body_->read(data, size); }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  std::unique_ptr<http::BodyReader> body_;
  std::optional<uint64_t> length_;
};

std::optional<uint64_t> length_of(const http::Response& response) {
  if (response.stream_length) return response.stream_length;
  const std::string* text = response.headers.find("Content-Length");
  constexpr std::size_t kDigitsMax = 18;
  if (text == nullptr || text->empty() || text->size() > kDigitsMax ||
      text->find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoull(*text);
}

void refuse_what_no_endpoint_has(const InvokeEndpointInput& input) {
  const char* what = input.target_model                ? "TargetModel"
                     : input.target_container_hostname ? "TargetContainerHostname"
                     : input.inference_component_name  ? "InferenceComponentName"
                     : input.session_id                ? "SessionId"
                     : input.enable_explanations       ? "EnableExplanations"
                                                       : nullptr;
  if (what == nullptr) return;
  throw errors::validation_error(fmt::format(
      "{} does not apply to endpoint {}: it serves one model a variant, without sessions.", what,
      input.endpoint_name));
}

http::Headers headers_for(const InvokeEndpointInput& input) {
  http::Headers headers;
  auto pass = [&](const char* name, const std::optional<std::string>& value) {
    if (value) headers.add(name, *value);
  };
  pass("Content-Type", input.content_type);
  pass("Accept", input.accept);
  pass(kCustomAttributes, input.custom_attributes);
  pass(kInferenceId, input.inference_id);
  return headers;
}

/// What the container said, as far as a client is told.
std::string message_of(http::Response& response) {
  std::string text = std::move(response.body);
  try {
    std::string piece(4096, '\0');
    while (response.stream && text.size() < kErrorBytesMax) {
      std::size_t count = response.stream->read(piece.data(), piece.size());
      if (count == 0) break;
      text.append(piece, 0, count);
    }
  } catch (const http::TransportError& error) {
    text += fmt::format(" (broken off: {})", error.what());
  }
  return valid_utf8(text, kOriginalMessageBytesMax);
}

ApiError model_error(const Site& site, const std::string& endpoint, http::Response& response) {
  std::string original = message_of(response);
  std::string group = "/aws/sagemaker/Endpoints/" + endpoint;
  const char* side = response.status >= 400 && response.status < 500 ? "client" : "server";
  ApiError error = errors::model_error(fmt::format(
      "Received {} error ({}) from primary with message \"{}\". See the log group {} in account {} "
      "for more information.",
      side, response.status, original, group, site.account));
  error.fields()["OriginalStatusCode"] = std::to_string(response.status);
  error.fields()["OriginalMessage"] = original;
  error.fields()["LogStreamArn"] = fmt::format("arn:aws:logs:{}:{}:log-group:{}", site.region,
                                               site.account, group);
  return error;
}

std::optional<std::string> header_of(const http::Response& response, const char* name) {
  const std::string* value = response.headers.find(name);
  return value ? std::optional(*value) : std::nullopt;
}

InvokeEndpointOutput output_of(const Site& site, const std::string& endpoint,
                               InstanceRouter::Answer answer) {
  http::Response& response = answer.response;
  if (response.status < 200 || response.status >= 300) throw model_error(site, endpoint, response);
  InvokeEndpointOutput output;
  output.content_type = header_of(response, "Content-Type");
  output.custom_attributes = header_of(response, kCustomAttributes);
  output.invoked_production_variant = std::move(answer.variant);
  if (response.stream) {
    auto length = length_of(response);
    output.body = std::make_shared<AnswerBody>(std::move(response.stream), length);
  } else {
    uint64_t size = response.body.size();
    output.body = std::make_shared<AnswerBody>(
        std::make_unique<http::StringBody>(std::move(response.body)), size);
  }
  return output;
}

}  // namespace

Later<InvokeEndpointOutput> invoke_endpoint(StreamCall& call, const InvokeEndpointInput& input) {
  refuse_what_no_endpoint_has(input);
  InstanceRouter::Invocation invocation;
  invocation.endpoint = input.endpoint_name;
  invocation.variant = input.target_variant.value_or("");
  invocation.headers = headers_for(input);
  invocation.body = input.body;
  std::shared_ptr<InstanceRouter::Invoked> invoked = call.router.invoke(std::move(invocation));
  return {invoked, [invoked, &site = call.site, endpoint = input.endpoint_name] {
            return output_of(site, endpoint, invoked->finish());
          }};
}

}  // namespace trainyard::runtime
