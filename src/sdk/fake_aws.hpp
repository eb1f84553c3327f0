// For tests: a session whose calls go nowhere. Records every input as JSON and answers as told.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "client/config.hpp"
#include "generated/runtime/types.hpp"
#include "generated/s3/types.hpp"
#include "sdk/session.hpp"
#include "wire/invoker.hpp"
#include "wire/json.hpp"

namespace trainyard::sdk {

class FakeAws final : public wire::Invoker {
 public:
  FakeAws() : session(configuration(), *this, clock) {
    answer("GetCallerIdentity", {{"Account", "123456789012"},
                                 {"Arn", "arn:aws:iam::123456789012:root"},
                                 {"UserId", "1"}});
    json::array buckets;
    buckets.push_back(json::object{{"Name", "sagemaker-us-east-1-123456789012"}});
    answer("ListBuckets", {{"Buckets", buckets}});
  }

  struct Call {
    std::string operation;
    json::object input;
  };

  /// Each call of `operation` takes the next answer; the last one stays.
  void answer(const std::string& operation, json::object output) {
    answers_[operation].push_back(std::move(output));
  }
  /// Replaces all answers of `operation`.
  void set(const std::string& operation, json::object output) {
    answers_[operation] = {std::move(output)};
  }
  /// The next call of `operation` fails.
  void fail(const std::string& operation, const ApiError& error) {
    errors_.insert_or_assign(operation, error);
  }

  const json::object& last(const std::string& operation) const {
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
      if (call->operation == operation) return call->input;
    }
    throw SystemError(operation + " was not called");
  }

  std::vector<std::string> operations() const {
    std::vector<std::string> names;
    for (const Call& call : calls) names.push_back(call.operation);
    return names;
  }

  void invoke(const wire::Service&, const wire::Operation& operation, const void* input,
              void* output) override {
    const std::string name(operation.name);
    if (name == "PutObject") {
      put_object(*static_cast<const trainyard::s3::PutObjectInput*>(input));
    } else if (name == "InvokeEndpoint") {
      invoke_endpoint(*static_cast<const trainyard::runtime::InvokeEndpointInput*>(input),
                      *static_cast<trainyard::runtime::InvokeEndpointOutput*>(output));
      return;
    } else {
      calls.push_back({name, wire::to_json(*operation.input, input).as_object()});
    }
    if (const auto error = errors_.find(name); error != errors_.end()) {
      const ApiError thrown = error->second;
      errors_.erase(error);
      throw thrown;
    }
    auto& answers = answers_[name];
    if (answers.empty()) return;
    wire::from_json(*operation.output, json::value(answers.front()), output);
    if (answers.size() > 1) answers.erase(answers.begin());
  }

  ManualClock clock;
  std::vector<Call> calls;
  std::map<std::string, std::string> objects;  // bucket/key → content
  struct {
    std::string body;
  } reply;  // InvokeEndpoint's
  Session session;

 private:
  static client::Config configuration() {
    client::Config config;
    config.endpoint_url = "http://127.0.0.1:4566";
    config.credentials = client::fixed_credentials({"AKIAEXAMPLE", "secret", ""});
    return config;
  }

  void put_object(const trainyard::s3::PutObjectInput& input) {
    calls.push_back({"PutObject", {{"Bucket", input.bucket}, {"Key", input.key}}});
    objects[input.bucket + "/" + input.key] =
        input.body ? http::read_all(*input.body, 1u << 30) : "";
  }

  void invoke_endpoint(const trainyard::runtime::InvokeEndpointInput& input,
                       trainyard::runtime::InvokeEndpointOutput& output) {
    calls.push_back({"InvokeEndpoint",
                     {{"EndpointName", input.endpoint_name},
                      {"ContentType", input.content_type.value_or("")},
                      {"Accept", input.accept.value_or("")},
                      {"Body", input.body}}});
    output.body = std::make_shared<http::StringBody>(reply.body);
  }

  std::map<std::string, std::vector<json::object>> answers_;
  std::map<std::string, ApiError> errors_;
};

}  // namespace trainyard::sdk
