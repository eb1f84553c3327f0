#include "services/states/http_task.hpp"

#include <gmock/gmock.h>

#include "services/states/http_form.hpp"

namespace trainyard::states {
namespace {

using ::testing::HasSubstr;

std::variant<HttpTask, asl::Failure> made(const char* parameters) {
  return http_task_of(parse_json(parameters)->as_object(), "us-east-1");
}
HttpTask task(const char* parameters) { return std::get<HttpTask>(made(parameters)); }
/// What is wrong, out of "… could not be used to start the Task: [WHAT]".
std::string fault(const char* parameters) {
  auto result = made(parameters);
  const auto* failure = std::get_if<asl::Failure>(&result);
  if (failure == nullptr) return "";
  EXPECT_EQ(failure->error, "States.Runtime");
  auto from = failure->cause.rfind('[') + 1;
  return failure->cause.substr(from, failure->cause.size() - 1 - from);
}
HttpTask at(const std::string& endpoint) {
  return std::get<HttpTask>(
      http_task_of({{"Method", "GET"}, {"ApiEndpoint", endpoint}}, "us-east-1"));
}

TEST(HttpTask, RequestsAreMadeOfParameters) {
  HttpTask got = task(R"({"ApiEndpoint":"https://API.example.com:443","Method":"GET"})");
  EXPECT_EQ(got.base + got.target, "https://api.example.com/");
  EXPECT_EQ(got.endpoint, "https://api.example.com");  // what policies see has one spelling
  EXPECT_EQ(at("http://[::1]:81/a").base, "http://[::1]:81");
  EXPECT_EQ(at("https://h/projects/group%2Fname/..x").target, "/projects/group%2Fname/..x");
  EXPECT_EQ(got.headers.get("User-Agent"), "Amazon|StepFunctions|HttpInvoke|us-east-1");
  EXPECT_EQ(got.headers.get("Range"), "bytes=0-262144");
  EXPECT_FALSE(got.headers.has("Content-Type"));
  got = task(R"({"ApiEndpoint":"http://h:81/a?x=1","Method":"POST","QueryParameters":
      {"q":"a&b","n":[1,true]},"Headers":{"Content-Type":"text/csv","X":["a","b"]},
      "RequestBody":"1,2"})");
  EXPECT_EQ(got.base + got.target, "http://h:81/a?x=1&q=a%26b&n=1&n=true");
  EXPECT_EQ(got.headers.get("X"), "a, b");
  EXPECT_EQ(got.headers.get("Content-Type"), "text/csv");
  EXPECT_EQ(got.body, "1,2");
  got = task(R"({"ApiEndpoint":"https://h/","Method":"POST","RequestBody":{"a":"x"}})");
  EXPECT_EQ(got.body, R"({"a":"x"})");
  EXPECT_EQ(got.headers.get("Content-Type"), "application/json");
}

TEST(HttpTask, FaultsAreTold) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"Method":"GET"})", "The field 'ApiEndpoint' is required but was missing"},
      {R"({"ApiEndpoint":"https://h"})", "The field 'Method' is required but was missing"},
      {R"({"ApiEndpoint":1,"Method":"GET"})",
       "The value for the field 'ApiEndpoint' must be a STRING"},
      {R"({"ApiEndpoint":"https://h","Method":"TRACE"})",
       "The value for the field 'Method' must be one of GET, POST, PUT, DELETE, PATCH, OPTIONS, "
       "HEAD"},
      {R"({"ApiEndpoint":"https://h","Method":"GET","Headers":{"x-amz-date":"1"}})",
       "The header 'x-amz-date' is not allowed"},
      {R"({"ApiEndpoint":"https://h","Method":"GET","Headers":{"X":"a\r\nHost: b"}})",
       "The header 'X' is malformed"},
      {R"({"ApiEndpoint":"https://h","Method":"GET","Headers":[]})",
       "The value for the field 'Headers' must be an OBJECT"},
      {R"({"ApiEndpoint":"https://h","Method":"GET","QueryParameters":{"a":{}}})",
       "The value for the field 'QueryParameters' must be a STRING"},
      {R"({"ApiEndpoint":"https://h","Method":"POST","RequestBody":[1],"Transform":
           {"RequestBodyEncoding":"URL_ENCODED"}})",
       "The value for the field 'RequestBody' must be an OBJECT"},
      {R"({"ApiEndpoint":"https://h","Method":"POST","RequestBody":{},"Transform":
           {"RequestBodyEncoding":"ROT13"}})",
       "The value for the field 'RequestBodyEncoding' must be one of NONE, URL_ENCODED"},
  };
  for (const auto& [parameters, expected] : kCases) EXPECT_EQ(fault(parameters), expected);
  for (const char* url : {"ftp://h/", "h/path", "https://", "https://user@h/", "https://h/a b",
                          "https://h/a#b", "https://h/a/../b", "https://h/%2e%2E/b",
                          "https://h/a%2f..%5Cb", "https://h/a%", "https://h\\\\@evil/",
                          "http://[127.0.0.1].corp.example/", "https://[evil.com].corp.example/",
                          "https://[::1].corp.example/", "https://h[::1]/", "https://h/%61dmin"}) {
    const std::string parameters =
        R"({"Method":"GET","ApiEndpoint":")" + std::string(url) + R"("})";
    EXPECT_EQ(fault(parameters.c_str()), "The value for the field 'ApiEndpoint' must be a URL")
        << url;
  }
}

TEST(HttpTask, FormsWriteArraysFourWays) {
  const json::object body =
      parse_json(R"({"a":["x","y z"],"b":{"c":[1]},"d":true,"e":null})")->as_object();
  const std::pair<const char*, const char*> kCases[] = {
      {"INDICES", "a%5B0%5D=x&a%5B1%5D=y%20z&b%5Bc%5D%5B0%5D=1&d=true&e="},
      {"REPEAT", "a=x&a=y%20z&b%5Bc%5D=1&d=true&e="},
      {"COMMAS", "a=x,y%20z&b%5Bc%5D=1&d=true&e="},
      {"BRACKETS", "a%5B%5D=x&a%5B%5D=y%20z&b%5Bc%5D%5B%5D=1&d=true&e="},
  };
  for (const auto& [format, expected] : kCases) {
    const json::object transform{{"RequestBodyEncoding", "URL_ENCODED"},
                                 {"RequestEncodingOptions", {{"ArrayFormat", format}}}};
    auto form = http_form_of(&transform);
    EXPECT_EQ(url_encoded(body, *std::get<0>(form)), expected);
  }
}

TEST(HttpTask, PatternsNameEndpoints) {
  const struct {
    const char *pattern, *endpoint;
    bool allowed;
  } kCases[] = {
      {"https://h", "https://h/any/path?q=1", true},
      {"https://h", "http://h/", false},
      {"https://h", "https://h:8443/", false},
      {"https://h:443/", "https://H/", true},
      {"https://*.example.com", "https://api.example.com/", true},
      {"https://*.example.com", "https://example.com.evil.org/", false},
      {"https://*.example.com", "https://evil.org/.example.com", false},
      {"https://h/v1/*", "https://h/v1/items", true},
      {"https://h/v1/*", "https://h/v2/items", false},
      {"https://h/v1/*", "https://h/?x=/v1/items", false},
      {"http://127.0.0.1:*", "http://127.0.0.1:9000/a", true},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(is_allowed({"https://other", test.pattern}, at(test.endpoint)), test.allowed)
        << test.pattern << " " << test.endpoint;
  }
  EXPECT_FALSE(is_allowed({}, at("https://h/")));
  for (const char* bad : {"h", "*", "*://h", "https://", "https://a@b", "https://h?x", "ftp://h"}) {
    EXPECT_TRUE(pattern_fault(bad).has_value()) << bad;
  }
  EXPECT_EQ(pattern_fault("https://h/*"), std::nullopt);
}

TEST(HttpTask, AnswersBecomeResults) {
  HttpAnswer answer{200, {}, R"({"a":1})"};
  answer.headers.add("Content-Type", "application/json; charset=utf-8");
  answer.headers.add("X-A", "1");
  answer.headers.add("x-a", "2");
  EXPECT_EQ(dump(http_result_of(answer).output),
            R"({"Headers":{"content-type":["application/json; charset=utf-8"],"x-a":["1","2"]},)"
            R"("ResponseBody":{"a":1},"StatusCode":200,"StatusText":"OK"})");
  answer.body = "{";
  EXPECT_EQ(http_result_of(answer).output.at("ResponseBody"), json::value("{"));
  answer.status = 404;
  asl::TaskResult result = http_result_of(answer);
  EXPECT_EQ(result.failure->error, "States.Http.StatusCode.404");
  EXPECT_THAT(result.failure->cause, HasSubstr(R"("StatusText":"Not Found")"));
  answer.status = 200;
  answer.body = "\xff";
  EXPECT_EQ(http_result_of(answer).failure->error, "States.Runtime");
  answer.body = std::string(kHttpAnswerBytesMax + 1, 'x');
  EXPECT_THAT(http_result_of(answer).failure->cause, HasSubstr("longer than 262144 bytes"));
}

}  // namespace
}  // namespace trainyard::states
