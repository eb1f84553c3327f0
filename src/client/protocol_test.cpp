// The protocols of wire/ over the real models, in the lowest layer that has both.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generated/events/operations.hpp"
#include "generated/iam/operations.hpp"
#include "generated/logs/operations.hpp"
#include "generated/monitoring/operations.hpp"
#include "generated/runtime/operations.hpp"
#include "generated/s3/operations.hpp"
#include "generated/sagemaker/operations.hpp"
#include "generated/states/operations.hpp"
#include "generated/sts/operations.hpp"
#include "wire/pattern.hpp"
#include "wire/protocol.hpp"
#include "wire/route.hpp"
#include "wire/validate.hpp"

namespace trainyard::wire {
namespace {

using ::testing::HasSubstr;

const Service* const kServices[] = {&states::kService, &sagemaker::kService, &runtime::kService,
                                    &s3::kService,     &iam::kService,       &sts::kService,
                                    &logs::kService,   &events::kService,    &monitoring::kService,
                                    monitoring::kService.older};

/// The operation's input, as the server takes it from a request.
template <class Input>
Input parsed(const Service& service, const char* operation, http::Request request,
             const std::string& body = "") {
  http::StringBody text(body);
  request.body = &text;
  Input input;
  const Operation& found = *find_operation(service, operation);
  Missing missing = parse_request(service, found, request, {std::string(request.path())}, 1 << 20,
                                  &input);
  validate(service, *found.input, &input, missing);
  return input;
}

/// "code: message" of what `work` throws.
template <class Work>
std::string fault(const Work& work) {
  try {
    work();
    return "";
  } catch (const ApiError& error) {
    return error.code() + ": " + error.message();
  }
}

TEST(Protocol, LabelsAndQueriesKeepTheirSpaces) {
  auto put = parsed<s3::PutObjectInput>(s3::kService, "PutObject", {"PUT", "/b/a%20"});
  EXPECT_EQ(put.key, "a ");
  auto list = parsed<s3::ListObjectsV2Input>(
      s3::kService, "ListObjectsV2", {"GET", "/b?list-type=2&prefix=%20a%20&delimiter=%20"});
  EXPECT_EQ(list.prefix, " a ");
  EXPECT_EQ(list.delimiter, " ");
  http::Request padded{"GET", "/b/k"};
  padded.headers.add("Range", "  bytes=0-1 ");
  EXPECT_EQ(parsed<s3::GetObjectInput>(s3::kService, "GetObject", padded).range, "bytes=0-1");
}

TEST(Protocol, AFormStandsInTheQueryOfAGet) {
  auto get = parsed<iam::GetUserInput>(
      iam::kService, "GetUser", {"GET", "/?Action=GetUser&UserName=u&X-Amz-Signature=00"},
      "UserName=other");
  EXPECT_EQ(get.user_name, "u");
  auto post = parsed<iam::GetUserInput>(iam::kService, "GetUser",
                                        {"POST", "/?UserName=other"}, "UserName=u");
  EXPECT_EQ(post.user_name, "u");
}

void collect_patterns(const Shape& shape, std::set<const Shape*>& seen,
                      std::set<std::string_view>& patterns) {
  if (!seen.insert(&shape).second) return;
  if (!shape.pattern.empty()) patterns.insert(shape.pattern);
  for (const Member& member : shape.members) collect_patterns(*member.shape, seen, patterns);
  if (shape.key) collect_patterns(*shape.key, seen, patterns);
  if (shape.element) collect_patterns(*shape.element, seen, patterns);
}

TEST(Protocol, EveryPatternOfTheModelsCompiles) {
  std::set<const Shape*> seen;
  std::set<std::string_view> patterns;
  for (const Service* service : kServices) {
    for (const Operation& operation : service->operations) {
      collect_patterns(*operation.input, seen, patterns);
      collect_patterns(*operation.output, seen, patterns);
    }
  }
  EXPECT_GT(patterns.size(), 80U);
  for (std::string_view pattern : patterns) EXPECT_NO_THROW(matches_fully(pattern, "x")) << pattern;
  constexpr const char* kDescription = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*";
  EXPECT_TRUE(patterns.contains(kDescription));
  EXPECT_TRUE(matches_fully(kDescription, "caf\xc3\xa9, 1\n"));
  EXPECT_FALSE(matches_fully(kDescription, "x\x01"));
  constexpr const char* kFunction =
      "arn:[\\p{Alnum}\\-]+:lambda:[\\p{Alnum}\\-]+:[0-9]{12}:function:.*";
  EXPECT_TRUE(patterns.contains(kFunction));
  EXPECT_TRUE(matches_fully(kFunction, "arn:aws:lambda:us-east-1:000000000000:function:f"));
  EXPECT_FALSE(matches_fully(kFunction, "arn:a_s:lambda:us-east-1:000000000000:function:f"));
  EXPECT_FALSE(matches_fully(kDescription, "\xe2\x82\xac"));  // U+20AC
}

TEST(Protocol, EachServiceHasItsWordForWhatItsModelForbids) {
  auto ask = [](const Service& service, const char* operation, const char* body, auto input) {
    return fault([&] {
      parsed<decltype(input)>(service, operation, {"POST", "/"}, body);
    });
  };
  EXPECT_EQ(ask(logs::kService, "DescribeLogGroups", R"({"limit":1000})",
                logs::DescribeLogGroupsInput()),
            "InvalidParameterException: 1 validation error detected: Value '1000' at 'limit' "
            "failed to satisfy constraint: Member must have value less than or equal to 50");
  EXPECT_THAT(ask(states::kService, "ListStateMachines", R"({"maxResults":1001})",
                  states::ListStateMachinesInput()),
              HasSubstr("ValidationException: "));
  EXPECT_THAT(ask(iam::kService, "GetRole", "RoleName=a/b", iam::GetRoleInput()),
              HasSubstr("ValidationError: "));
  EXPECT_THAT(ask(events::kService, "PutRule", R"({"Name":"a","Description":"b","State":"c"})",
                  events::PutRuleInput()),
              HasSubstr("ValidationException: "));
}

TEST(Protocol, ATimeOutOfRangeIsNoTime) {
  EXPECT_THAT(fault([] {
                parsed<sagemaker::ListTrainingJobsInput>(sagemaker::kService, "ListTrainingJobs",
                                                         {"POST", "/"},
                                                         R"({"CreationTimeAfter":1e300})");
              }),
              HasSubstr("SerializationException: "));
}

TEST(Protocol, OnlyConditionsOnATimeMayBeNoTime) {
  http::Request get{"GET", "/b/k"};
  get.headers.add("If-Modified-Since", "0");
  get.headers.add("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT");
  auto input = parsed<s3::GetObjectInput>(s3::kService, "GetObject", get);
  EXPECT_FALSE(input.if_modified_since);
  EXPECT_TRUE(input.if_unmodified_since);
  http::Request put{"PUT", "/b/k"};
  put.headers.add("Expires", "0");
  EXPECT_EQ(parsed<s3::PutObjectInput>(s3::kService, "PutObject", put).expires, "0");
  put.headers.add("x-amz-object-lock-retain-until-date", "0");
  EXPECT_THAT(fault([&] { parsed<s3::PutObjectInput>(s3::kService, "PutObject", put); }),
              HasSubstr("InvalidArgument: "));
}

template <class Output>
std::string answer(const char* operation, const Output& output) {
  return serialise_response(s3::kService, *find_operation(s3::kService, operation), &output, "id")
      .body;
}

TEST(Protocol, RootElementsAreThoseOfS3) {
  constexpr const char* kNamespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  s3::CopyObjectOutput copied;
  copied.copy_object_result.emplace().e_tag = "e";
  s3::UploadPartCopyOutput part;
  part.copy_part_result.emplace().e_tag = "e";
  for (const auto& [root, body] :
       {std::pair("ListAllMyBucketsResult", answer("ListBuckets", s3::ListBucketsOutput())),
        {"ListBucketResult", answer("ListObjects", s3::ListObjectsOutput())},
        {"ListBucketResult", answer("ListObjectsV2", s3::ListObjectsV2Output())},
        {"InitiateMultipartUploadResult",
         answer("CreateMultipartUpload", s3::CreateMultipartUploadOutput())},
        {"ListPartsResult", answer("ListParts", s3::ListPartsOutput())},
        {"ListMultipartUploadsResult",
         answer("ListMultipartUploads", s3::ListMultipartUploadsOutput())},
        {"DeleteResult", answer("DeleteObjects", s3::DeleteObjectsOutput())},
        {"CompleteMultipartUploadResult",
         answer("CompleteMultipartUpload", s3::CompleteMultipartUploadOutput())},
        {"CopyObjectResult", answer("CopyObject", copied)},
        {"CopyPartResult", answer("UploadPartCopy", part)},
        {"LocationConstraint", answer("GetBucketLocation", s3::GetBucketLocationOutput())}}) {
    EXPECT_THAT(body, HasSubstr(std::string("\n<") + root + kNamespace));
    EXPECT_TRUE(body.ends_with(std::string("</") + root + ">")) << body;
  }
}

TEST(Protocol, ForbiddenIs400InJsonRpcOnly) {
  ApiError denied("AnyCode", 403, "no");
  for (const Service* service : kServices) {
    bool json = service->protocol == Protocol::json_1_0 || service->protocol == Protocol::json_1_1;
    EXPECT_EQ(serialise_error(*service, denied, "id").status, json ? 400 : 403) << service->name;
  }
}

TEST(Protocol, OneModelInTwoProtocols) {
  const Service& today = monitoring::kService;
  const Service& older = *today.older;
  auto put = parsed<monitoring::PutMetricDataInput>(
      older, "PutMetricData", {"POST", "/"},
      "Namespace=ns&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1.5&"
      "MetricData.member.1.Timestamp=2026-11-24T00%3A00%3A00Z&"
      "MetricData.member.1.Dimensions.member.1.Name=d&"
      "MetricData.member.1.Dimensions.member.1.Value=v");
  EXPECT_EQ(put.metric_data->front().value, 1.5);
  EXPECT_EQ(put.metric_data->front().dimensions->front().value, "v");
  auto same = parsed<monitoring::PutMetricDataInput>(
      today, "PutMetricData", {"POST", "/"},
      R"({"Namespace": "ns", "MetricData": [{"MetricName": "m", "Timestamp": 1795478400}]})");
  EXPECT_EQ(same.metric_data->front().timestamp, put.metric_data->front().timestamp);

  const ApiError wrong("InvalidParameterValue", 400, "words");
  auto json = serialise_error(today, wrong, "id");
  EXPECT_THAT(json.body, HasSubstr(R"("__type":"InvalidParameterValueException")"));
  EXPECT_EQ(json.headers.get("x-amzn-query-error"), "InvalidParameterValue;Sender");
  auto xml = serialise_error(older, wrong, "id");
  EXPECT_THAT(xml.body, HasSubstr("<Code>InvalidParameterValue</Code>"));
  EXPECT_EQ(parse_error(today, json).code(), "InvalidParameterValue");
  EXPECT_EQ(parse_error(older, xml).code(), "InvalidParameterValue");
  for (const char* code : {"AccessDenied", "AccessDeniedException"}) {
    auto denied = serialise_error(today, ApiError(code, 400, ""), "id");
    EXPECT_THAT(denied.body, HasSubstr(R"("__type":"AccessDeniedException")"));
    EXPECT_EQ(denied.headers.get("x-amzn-query-error"), "AccessDenied;Sender");
  }
  auto unlisted = serialise_error(today, ApiError("AnyCode", 500, ""), "id");
  EXPECT_THAT(unlisted.body, HasSubstr(R"("__type":"AnyCode")"));
  EXPECT_EQ(unlisted.headers.get("x-amzn-query-error"), "AnyCode;Receiver");

  monitoring::GetMetricStatisticsOutput output;
  output.datapoints.emplace(1);
  output.datapoints->front().extended_statistics = {{"p50", 0.5}};
  const Operation& get = *find_operation(older, "GetMetricStatistics");
  EXPECT_THAT(serialise_response(older, get, &output, "id").body,
              HasSubstr("<GetMetricStatisticsResult><Datapoints><member><ExtendedStatistics><entry>"
                        "<key>p50</key><value>0.5</value></entry></ExtendedStatistics></member>"));
  monitoring::PutMetricDataOutput nothing;
  const Operation& done = *find_operation(older, "PutMetricData");
  EXPECT_EQ(serialise_response(older, done, &nothing, "id").body,
            "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>"
            "</PutMetricDataResponse>");
  EXPECT_EQ(serialise_response(today, done, &nothing, "id").body, "{}");
}

TEST(Protocol, NotModifiedTellsWhatIsThere) {
  ApiError same("NotModified", 304, "Not Modified");
  same.fields()["ETag"] = "\"e\"";
  auto response = serialise_error(s3::kService, same, "id");
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.get("ETag"), "\"e\"");
}

TEST(Protocol, AnErrorAfterThe200IsAnError) {
  auto read = [](const char* operation, const std::string& body, auto output) {
    return fault([&] {
      http::Response response;
      response.body = body;
      parse_response(s3::kService, *find_operation(s3::kService, operation), response, &output);
    });
  };
  const std::string late =
      "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code><Message>later</Message></Error>";
  EXPECT_EQ(read("CompleteMultipartUpload", late, s3::CompleteMultipartUploadOutput()),
            "SlowDown: later");
  EXPECT_EQ(read("CopyObject", late, s3::CopyObjectOutput()), "SlowDown: later");
  EXPECT_EQ(read("DeleteObjects",
                 "<!-- <Error> --><DeleteResult><Error><Code>x</Code></Error></DeleteResult>",
                 s3::DeleteObjectsOutput()),
            "");
}

TEST(Protocol, AnAnswerThatIsNoJsonIsTheOthersFault) {
  http::Response response;
  response.body = "<html>";
  states::ListStateMachinesOutput output;
  try {
    parse_response(states::kService, *find_operation(states::kService, "ListStateMachines"),
                   response, &output);
    ADD_FAILURE();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the answer of states to ListStateMachines is no JSON: "));
  }
}

/// The input of a JSON text in the SDK's form.
template <class Input>
Input from_sdk(const char* text) {
  Input input;
  from_json(shape_of<Input>(), parse_own_json(text), &input, nullptr, JsonForm::sdk);
  return input;
}

TEST(SdkForm, HasTheNamesOfTheSdkForEveryProtocol) {
  auto put = from_sdk<s3::CopyObjectInput>(
      R"({"Bucket":"b","Key":"k","SsekmsKeyId":"id","Metadata":{"a-b":"c"},"ETag":"ignored"})");
  EXPECT_EQ(put.bucket, "b");
  EXPECT_EQ(put.ssekms_key_id, "id");
  EXPECT_EQ(put.metadata->at("a-b"), "c");
  auto start = from_sdk<states::StartExecutionInput>(
      R"({"StateMachineArn":"arn","Input":{"a":[1]},"name":"ignored"})");
  EXPECT_EQ(start.state_machine_arn, "arn");
  EXPECT_EQ(start.input, R"({"a":[1]})");  // JSON where the model has its text
  EXPECT_FALSE(start.name);
  auto tagged = from_sdk<iam::CreateRoleInput>(
      R"({"RoleName":"r","AssumeRolePolicyDocument":{"Version":"2012-10-17"},"Tags":[{"Key":"k",
          "Value":"v"}]})");
  EXPECT_EQ(tagged.assume_role_policy_document, R"({"Version":"2012-10-17"})");
  EXPECT_EQ(tagged.tags->front().key, "k");
}

TEST(SdkForm, TellsWhichFieldIsOfAnotherType) {
  EXPECT_EQ(fault([] { from_sdk<s3::CopyObjectInput>(R"({"Bucket":5})"); }),
            "SerializationException: The value for the field 'Bucket' must be a STRING");
  EXPECT_EQ(fault([] { from_sdk<iam::CreateRoleInput>(R"({"Tags":[{"Key":true}]})"); }),
            "SerializationException: The value for the field 'Key' must be a STRING");
  EXPECT_EQ(fault([] { from_sdk<iam::CreateRoleInput>(R"({"Tags":{}})"); }),
            "SerializationException: The value for the field 'Tags' must be an ARRAY");
  EXPECT_EQ(fault([] { from_sdk<iam::CreateRoleInput>(R"({"Tags":["x"]})"); }),
            "SerializationException: The value for the field 'Tags' must be an OBJECT");
}

TEST(SdkForm, WritesTimesAsTexts) {
  states::StartExecutionOutput output{"arn", from_millis(1'700'000'000'000)};
  EXPECT_EQ(dump(to_json(shape_of<states::StartExecutionOutput>(), &output, JsonForm::sdk)),
            R"({"ExecutionArn":"arn","StartDate":"2023-11-14T22:13:20Z"})");
  output.start_date = from_millis(1'700'000'000'120);
  EXPECT_EQ(dump(to_json(shape_of<states::StartExecutionOutput>(), &output, JsonForm::sdk)),
            R"({"ExecutionArn":"arn","StartDate":"2023-11-14T22:13:20.120Z"})");
}

TEST(ModelForm, HasTheModelsNamesForEveryProtocol) {
  s3::CopyObjectInput input;
  from_json(shape_of<s3::CopyObjectInput>(),
            parse_own_json(R"({"Bucket":"b","Key":"k","SSEKMSKeyId":"id","Metadata":{"a":"b"},
                               "x-amz-acl":"ignored"})"),
            &input, nullptr, JsonForm::model);
  EXPECT_EQ(input.bucket, "b");
  EXPECT_EQ(input.ssekms_key_id, "id");
  EXPECT_EQ(input.metadata->at("a"), "b");
  s3::HeadObjectOutput output;
  output.content_length = 5;
  output.last_modified = from_millis(1'700'000'000'500);
  EXPECT_EQ(dump(to_json(shape_of<s3::HeadObjectOutput>(), &output, JsonForm::model)),
            R"({"LastModified":1700000000.5,"ContentLength":5})");
}

}  // namespace
}  // namespace trainyard::wire
