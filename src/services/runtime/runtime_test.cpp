#include "base/error.hpp"
#include "base/utf8.hpp"
#include "generated/runtime/operations.hpp"
#include "http/client.hpp"
#include "services/testing.hpp"

namespace trainyard::runtime {
namespace {

/// Answers as the test says and keeps what it was asked.
class FakeRouter final : public InstanceRouter {
 public:
  std::unique_ptr<Invoked> invoke(Invocation invocation) override {
    asked = std::move(invocation);
    return std::make_unique<Ready>(*this);
  }
  Invocation asked;
  int status = 200;
  http::Headers headers;
  std::string text;

 private:
  class Ready final : public Invoked {
   public:
    explicit Ready(FakeRouter& router) : router_(router) {}
    Progress progress() override { return Progress::whole; }
    int fd() const override { return -1; }
    int64_t deadline() const override { return 0; }
    Answer finish() override {
      Answer answer;
      answer.variant = "AllTraffic";
      answer.response.status = router_.status;
      answer.response.headers = router_.headers;
      answer.response.stream = std::make_unique<http::StringBody>(router_.text);
      return answer;
    }

   private:
    FakeRouter& router_;
  };
};

class Runtime : public ServiceTest {
 protected:
  Runtime() : ServiceTest({}) {}
  InvokeEndpointOutput invoke(const InvokeEndpointInput& input) {
    StreamCall call{store, caller,   clock,  random,  site,       blobs,
                    segments, router, door,  request, "request-1"};
    return invoke_endpoint(call, input).finish();
  }
  FakeRouter router;
  http::Request request;
};

TEST_F(Runtime, PassesHeadersBothWaysAndStreamsTheBody) {
  router.text = "[[1.0]]";
  router.headers.add("Content-Type", "application/json");
  router.headers.add("content-length", "7");
  router.headers.add("x-amzn-sagemaker-custom-attributes", "trace=2");
  router.headers.add("Set-Cookie", "inner=1");
  InvokeEndpointInput input;
  input.endpoint_name = "mnist";
  input.body = std::string("a\0b", 3);
  input.content_type = "application/x-npy";
  input.accept = "application/json";
  input.custom_attributes = "trace=1";
  input.target_variant = "AllTraffic";
  auto output = invoke(input);
  EXPECT_EQ(router.asked.endpoint, "mnist");
  EXPECT_EQ(router.asked.variant, "AllTraffic");
  EXPECT_EQ(router.asked.body, input.body);
  EXPECT_EQ(router.asked.headers.get("content-type"), "application/x-npy");
  EXPECT_EQ(router.asked.headers.get("accept"), "application/json");
  EXPECT_EQ(router.asked.headers.get("X-Amzn-SageMaker-Custom-Attributes"), "trace=1");
  EXPECT_EQ(output.content_type, "application/json");
  EXPECT_EQ(output.custom_attributes, "trace=2");
  EXPECT_EQ(output.invoked_production_variant, "AllTraffic");
  EXPECT_EQ(output.body->length(), 7u);
  EXPECT_EQ(http::read_all(*output.body, 100), "[[1.0]]");
}

TEST_F(Runtime, AContainersErrorIsAModelError) {
  router.text = "no \xff such " + std::string(5000, 'x');
  for (auto [status, side] : {std::pair(400, "client"), {415, "client"}, {500, "server"},
                              {302, "server"}}) {
    router.status = status;
    InvokeEndpointInput input;
    input.endpoint_name = "mnist";
    try {
      invoke(input);
      FAIL();
    } catch (const ApiError& error) {
      EXPECT_EQ(error.code(), "ModelError");
      EXPECT_EQ(error.http_status(), 424);
      EXPECT_NE(error.message().find("Received " + std::string(side) + " error (" +
                                     std::to_string(status) + ") from primary"),
                std::string::npos);
      EXPECT_EQ(error.fields().at("OriginalStatusCode"), std::to_string(status));
      EXPECT_EQ(error.fields().at("OriginalMessage").size(), 2048u);
      EXPECT_EQ(error.fields().at("OriginalMessage").substr(0, 7), "no \xef\xbf\xbd ");
      EXPECT_EQ(error.fields().at("LogStreamArn"),
                "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/mnist");
    }
  }
}

TEST_F(Runtime, RefusesWhatNoEndpointHas) {
  InvokeEndpointInput input;
  input.endpoint_name = "mnist";
  input.target_model = "a.tar.gz";
  std::string message;
  EXPECT_EQ(error_of([&] { invoke(input); }, &message), "ValidationError");
  EXPECT_NE(message.find("TargetModel"), std::string::npos);
}

TEST(Utf8, KeepsWhatIsWellFormed) {
  EXPECT_EQ(valid_utf8("añ€😀", 100), "añ€😀");
  EXPECT_EQ(valid_utf8("añ€😀", 9), "añ€");  // never half of a character
  EXPECT_EQ(valid_utf8("\xc0\xaf|\xed\xa0\x80", 100),
            "\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("x\xe2\x82", 100), "x\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace trainyard::runtime
