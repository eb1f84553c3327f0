#include "server/route.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server {
namespace {

constexpr const char* kScope = "AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/";

http::Request request(std::string method, std::string target, std::string service = "",
                      std::string amz_target = "") {
  http::Request made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.headers.add("Host", "127.0.0.1:4566");
  if (!service.empty()) {
    made.headers.add("Authorization", kScope + service + "/aws4_request, SignedHeaders=host, "
                                                         "Signature=00");
  }
  if (!amz_target.empty()) made.headers.add("X-Amz-Target", amz_target);
  return made;
}

/// "service:operation", or the error's code.
std::string found(http::Request asked, const std::string& body = "") {
  http::StringBody text(body);
  asked.body = &text;
  Route route = begin_route(asked);
  try {
    find_operation(route, asked, 1024);
  } catch (const ApiError& error) {
    return std::string(route.service->service->name) + "!" + error.code();
  }
  return std::string(route.service->service->name) + ":" + std::string(route.operation->name);
}

TEST(Route, FindsServiceAndOperation) {
  EXPECT_EQ(found(request("POST", "/", "states", "AWSStepFunctions.StartExecution")),
            "states:StartExecution");
  EXPECT_EQ(found(request("POST", "/", "", "SageMaker.ListModels")), "sagemaker:ListModels");
  EXPECT_EQ(found(request("POST", "/", "states", "AWSStepFunctions.MakeCoffee")),
            "states!UnknownOperationException");
  EXPECT_EQ(found(request("POST", "/endpoints/e/invocations", "sagemaker")),
            "runtime:InvokeEndpoint");
  EXPECT_EQ(found(request("POST", "/endpoints/e/invocations")), "runtime:InvokeEndpoint");
  EXPECT_EQ(found(request("GET", "/endpoints/e", "sagemaker")),
            "runtime!UnknownOperationException");
  EXPECT_EQ(found(request("POST", "/", "sts"), "Action=GetCallerIdentity&Version=2011-06-15"),
            "sts:GetCallerIdentity");
  EXPECT_EQ(found(request("POST", "/", "iam"), "Action=Brew"), "iam!InvalidAction");
  EXPECT_EQ(found(request("POST", "/", "iam"), "Version=1"), "iam!MissingAction");
  EXPECT_EQ(found(request("POST", "/", "iam"), "Action=GetUser&UserName=%C3%BC"), "iam:GetUser");
  for (const char* text : {"UserName=%FF", "%FF=u", "UserName=%C3", "UserName=%"}) {
    EXPECT_EQ(found(request("POST", "/", "iam"), "Action=GetUser&" + std::string(text)),
              "iam!MalformedQueryString");
  }
  EXPECT_EQ(found(request("GET", "/?Action=GetUser&UserName=u", "iam")), "iam:GetUser");
  EXPECT_EQ(found(request("POST", "/?Action=GetUser", "iam")), "iam!MissingAction");
}

TEST(Route, OneServiceInTwoProtocols) {
  http::Request today = request("POST", "/", "monitoring",
                                "GraniteServiceVersion20100801.ListMetrics");
  EXPECT_EQ(begin_route(today).spoken->protocol, wire::Protocol::json_1_0);
  EXPECT_EQ(found(std::move(today)), "monitoring:ListMetrics");
  http::Request older = request("POST", "/", "monitoring");
  EXPECT_EQ(begin_route(older).spoken->protocol, wire::Protocol::query);
  EXPECT_EQ(found(std::move(older), "Action=ListMetrics&Version=2010-08-01"),
            "monitoring:ListMetrics");
  EXPECT_EQ(found(request("POST", "/", "monitoring"), "Action=PutDashboard"),
            "monitoring!InvalidAction");
}

/// What is quick holds up all who wait: nothing but InvokeEndpoint may be taken for it.
TEST(Route, OnlyInvocationsAreQuick) {
  const char* path = "/endpoints/e/invocations";
  EXPECT_TRUE(Pipeline::is_quick(request("POST", path, "sagemaker")));
  EXPECT_TRUE(Pipeline::is_quick(request("POST", path)));
  EXPECT_FALSE(Pipeline::is_quick(request("GET", path, "sagemaker")));
  EXPECT_FALSE(Pipeline::is_quick(request("POST", "/", "sagemaker")));
  EXPECT_FALSE(Pipeline::is_quick(request("POST", path, "iam")));
  EXPECT_FALSE(Pipeline::is_quick(request("POST", path, "s3")));
  EXPECT_FALSE(Pipeline::is_quick(
      request("POST", path, "sagemaker", "GraniteServiceVersion20100801.GetMetricData")));
}

TEST(Route, TellsTheOperationsOfS3Apart) {
  EXPECT_EQ(found(request("GET", "/", "s3")), "s3:ListBuckets");
  EXPECT_EQ(found(request("PUT", "/models", "s3")), "s3:CreateBucket");
  EXPECT_EQ(found(request("GET", "/models?list-type=2", "s3")), "s3:ListObjectsV2");
  EXPECT_EQ(found(request("GET", "/models", "s3")), "s3:ListObjects");
  EXPECT_EQ(found(request("GET", "/models?uploads", "s3")), "s3:ListMultipartUploads");
  EXPECT_EQ(found(request("GET", "/models/a/b", "s3")), "s3:GetObject");
  EXPECT_EQ(found(request("PUT", "/models/a?partNumber=1&uploadId=u", "s3")), "s3:UploadPart");
  EXPECT_EQ(found(request("POST", "/models?delete", "s3")), "s3:DeleteObjects");
  EXPECT_EQ(found(request("GET", "/models?versioning", "s3")), "s3!NotImplemented");
  EXPECT_EQ(found(request("PUT", "/models/a?tagging", "s3")), "s3!NotImplemented");
  EXPECT_EQ(found(request("PATCH", "/models/a", "s3")), "s3!MethodNotAllowed");
  for (const char* foreign : {"metadataTable", "abac", "versions", "policy&prefix=a"}) {
    EXPECT_EQ(found(request("GET", std::string("/models?") + foreign, "s3")), "s3!NotImplemented");
  }
  for (auto [method, target] : {std::pair("PUT", "/models/a?partNumber=1"),
                                {"PUT", "/models/a?uploadId=u"},
                                {"PUT", "/models/a?uploads"},
                                {"DELETE", "/models/a?partNumber=1"},
                                {"GET", "/models?list-type=1"},
                                {"PUT", "/models?delete"}}) {
    EXPECT_EQ(found(request(method, target, "s3")), "s3!InvalidArgument") << target;
  }
  EXPECT_EQ(found(request("GET", "/models/a?partNumber=1", "s3")), "s3:GetObject");
  EXPECT_EQ(found(request("PUT", "/models/a?x-id=PutObject&colour=blue", "s3")), "s3:PutObject");
  auto copy = request("PUT", "/models/a", "s3");
  copy.headers.add("x-amz-copy-source", "models/b");
  EXPECT_EQ(found(std::move(copy)), "s3:CopyObject");
}

TEST(Route, TakesTheBucketFromTheHost) {
  EXPECT_EQ(bucket_in_host("models.s3.amazonaws.com"), "models");
  EXPECT_EQ(bucket_in_host("Models.S3.us-east-1.amazonaws.com:443"), "models");
  EXPECT_EQ(bucket_in_host("a.b.s3.us-east-1.amazonaws.com"), "a.b");
  EXPECT_EQ(bucket_in_host("models.s3-us-west-2.amazonaws.com"), "models");
  EXPECT_EQ(bucket_in_host("s3.us-east-1.amazonaws.com"), "");
  EXPECT_EQ(bucket_in_host("127.0.0.1:4566"), "");
  auto asked = request("GET", "/key", "s3");
  asked.headers.set("Host", "models.s3.amazonaws.com");
  EXPECT_EQ(found(std::move(asked)), "s3:GetObject");
}

}  // namespace
}  // namespace trainyard::server
