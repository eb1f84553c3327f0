// Configuration as AWS's tools read it, credentials and their renewal, and the transport against a
// server that checks every signature.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "client/config.hpp"
#include "client/endpoint.hpp"
#include "client/presign.hpp"
#include "client/s3_transfer.hpp"
#include "client/transport.hpp"
#include "generated/iam/client.hpp"
#include "generated/s3/client.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/states/client.hpp"
#include "http/server.hpp"
#include "wire/sigv4.hpp"

namespace trainyard::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Environment variables(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(ClientProfile, ParsesSectionsAndNestedSettings) {
  auto sections = parse_ini(
      "# comment\n[default]\nregion = eu-west-1\n\n[profile dev]\ns3 =\n  endpoint_url = http://x\n"
      "output=json\n[broken\nlost = 1\n");
  EXPECT_EQ(sections["default"]["region"], "eu-west-1");
  EXPECT_EQ(sections["profile dev"]["s3.endpoint_url"], "http://x");
  EXPECT_EQ(sections["profile dev"]["output"], "json");
}

TEST(ClientConfig, ReadsTheEnvironment) {
  Config config = load_config(variables({{"AWS_REGION", "eu-central-1"},
                                         {"AWS_DEFAULT_REGION", "us-west-2"},
                                         {"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
                                         {"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"},
                                         {"AWS_ACCESS_KEY_ID", "AK"},
                                         {"AWS_SECRET_ACCESS_KEY", "SK"},
                                         {"AWS_SESSION_TOKEN", "T"},
                                         {"AWS_MAX_ATTEMPTS", "7"}}));
  EXPECT_EQ(config.region, "eu-central-1");
  EXPECT_EQ(config.endpoint_of("states"), "http://127.0.0.1:4566");
  EXPECT_EQ(config.endpoint_of("s3"), "http://127.0.0.1:9000");
  EXPECT_EQ(config.attempts_max, 7);
  EXPECT_EQ(config.credentials->get().session_token, "T");
}

TEST(ClientConfig, ReadsProfiles) {
  TempDir folder;
  write_file_atomically(folder.path() / "config",
                        "[profile dev]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\n"
                        "services = local\n[services local]\nsfn =\n"
                        "  endpoint_url = http://127.0.0.1:2\n"
                        "[profile process]\ncredential_process = echo "
                        "'{\"Version\":1,\"AccessKeyId\":\"PK\",\"SecretAccessKey\":\"PS\"}'\n");
  write_file_atomically(folder.path() / "credentials",
                        "[dev]\naws_access_key_id = AK\naws_secret_access_key = SK\n");
  std::map<std::string, std::string> values{
      {"AWS_CONFIG_FILE", (folder.path() / "config").string()},
      {"AWS_SHARED_CREDENTIALS_FILE", (folder.path() / "credentials").string()},
      {"AWS_PROFILE", "dev"}};
  Config config = load_config(variables(values));
  EXPECT_EQ(config.region, "eu-west-1");
  EXPECT_EQ(config.credentials->get().access_key, "AK");
  EXPECT_EQ(config.endpoint_of("s3"), "http://127.0.0.1:1");
  EXPECT_EQ(config.endpoint_of("states"), "http://127.0.0.1:2");
  EXPECT_EQ(load_config(variables(values), "process").credentials->get().access_key, "PK");
  values["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(load_config(variables(values)).endpoint_of("s3"), "");
  values["AWS_PROFILE"] = "absent";
  EXPECT_THROW(load_config(variables(values)), SystemError);
}

TEST(ClientConfig, MissingCredentialsAreAnErrorOnlyWhenNeeded) {
  Config config = load_config(variables({}));
  EXPECT_THROW(config.credentials->get(), SystemError);
}

TEST(ClientCredentials, RenewsBeforeTheEndAndSurvivesAFailedRenewal) {
  auto clock = std::make_shared<ManualClock>();
  int fetched = 0;
  bool fail = false;
  auto provider = renewed_credentials(
      [&]() -> IssuedCredentials {
        if (fail) throw SystemError("unreachable");
        ++fetched;
        return {{"AK" + std::to_string(fetched), "SK", "T"},
                clock->now() + std::chrono::minutes(60)};
      },
      clock);
  EXPECT_EQ(provider->get().access_key, "AK1");
  clock->advance(std::chrono::minutes(54));
  EXPECT_EQ(provider->get().access_key, "AK1");
  clock->advance(std::chrono::minutes(2));
  EXPECT_EQ(provider->get().access_key, "AK2");
  fail = true;
  clock->advance(std::chrono::minutes(57));
  EXPECT_EQ(provider->get().access_key, "AK2");
  clock->advance(std::chrono::minutes(4));
  EXPECT_THROW(provider->get(), SystemError);
}

TEST(ClientCredentials, RefusesWhatIsNoCredentials) {
  for (const char* text : {"", "[]", "{}", R"({"AccessKeyId":"A"})",
                           R"({"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"soon"})"}) {
    EXPECT_THROW(parse_issued(text, "test"), SystemError) << text;
  }
  EXPECT_THROW(from_process("exit 3"), SystemError);
}

TEST(ClientEndpoint, NamesAwsHostsWithoutAnEndpoint) {
  Config config;
  config.region = "eu-west-1";
  EXPECT_EQ(resolve_endpoint(config, "states").address.host, "states.eu-west-1.amazonaws.com");
  EXPECT_EQ(resolve_endpoint(config, "runtime").address.host,
            "runtime.sagemaker.eu-west-1.amazonaws.com");
  EXPECT_EQ(resolve_endpoint(config, "iam").address.host, "iam.amazonaws.com");
  EXPECT_EQ(resolve_endpoint(config, "iam").signing_region, "us-east-1");
  EXPECT_TRUE(resolve_endpoint(config, "s3").address.tls);
}

/// A server that verifies what comes and answers what the test says, in order.
class ClientTransport : public testing::Test {
 protected:
  static constexpr const char* kSecret = "secret";

  ClientTransport() : server_({}, [this](http::Request& request) { return serve(request); }) {
    int port = server_.listen_tcp("127.0.0.1", 0);
    config_.endpoint_url = "http://127.0.0.1:" + std::to_string(port);
    config_.credentials = fixed_credentials({"AK", kSecret, "token"});
    transport_ = std::make_unique<Transport>(config_, clock_, random_,
                                             [this](auto) { ++pauses_; });
  }

  http::Response serve(http::Request& request) {
    std::lock_guard lock(mutex_);
    try {
      wire::SignedRequest claim = wire::parse_authorization(request, "");
      auto payload = wire::verify(claim, request, {kSecret, "token", {}}, {.now = clock_.now()});
      bodies_.push_back(http::read_all(*payload, 64u << 20));
    } catch (const ApiError& error) {
      refused_.push_back(error.code());
    }
    requests_.push_back(request.method + " " + request.target);
    if (answer_) return answer_(request, requests_.size());
    return reply(200, "{}");
  }

  static http::Response reply(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
  }

  ManualClock clock_;
  SeededRandom random_{1};
  std::mutex mutex_;
  std::vector<std::string> requests_, bodies_, refused_;
  std::function<http::Response(http::Request&, std::size_t)> answer_;
  std::atomic<int> pauses_{0};
  Config config_;
  std::unique_ptr<Transport> transport_;
  http::Server server_;
};

TEST_F(ClientTransport, SignsSendsAndParses) {
  answer_ = [](http::Request& request, std::size_t) {
    EXPECT_EQ(request.headers.get("x-amz-target"), "AWSStepFunctions.DescribeExecution");
    return reply(200, R"({"executionArn":"arn:e","stateMachineArn":"arn:m","status":"RUNNING",
                          "startDate":1.5})");
  };
  auto output = states::Client(*transport_).describe_execution({.execution_arn = "arn:e"});
  EXPECT_EQ(output.status, "RUNNING");
  EXPECT_THAT(bodies_, ElementsAre(R"({"executionArn":"arn:e"})"));
  EXPECT_TRUE(refused_.empty());
}

TEST_F(ClientTransport, ThrowsTheServicesErrors) {
  answer_ = [](http::Request&, std::size_t) {
    return reply(400, R"({"__type":"ExecutionDoesNotExist","message":"no such"})");
  };
  try {
    states::Client(*transport_).describe_execution({.execution_arn = "arn:e"});
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.code(), "ExecutionDoesNotExist");
    EXPECT_EQ(error.message(), "no such");
  }
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(ClientTransport, RepeatsWhatTheServiceCannotTakeNow) {
  answer_ = [](http::Request&, std::size_t count) {
    if (count == 1) return reply(503, "{}");
    if (count == 2) return reply(400, R"({"__type":"ThrottlingException","message":"slow"})");
    return reply(200, R"({"executionArn":"arn:x","startDate":1})");
  };
  states::StartExecutionInput input;
  input.state_machine_arn = "arn:m";
  EXPECT_EQ(states::Client(*transport_).start_execution(input).execution_arn, "arn:x");
  EXPECT_EQ(pauses_, 2);
  EXPECT_TRUE(refused_.empty());
}

TEST_F(ClientTransport, DoesNotRepeatWhatMayHaveHappened) {
  answer_ = [](http::Request&, std::size_t) { return reply(500, "{}"); };
  states::StartExecutionInput input;
  input.state_machine_arn = "arn:m";
  EXPECT_THROW(states::Client(*transport_).start_execution(input), ApiError);
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_THROW(states::Client(*transport_).describe_execution({.execution_arn = "a"}), ApiError);
  EXPECT_EQ(requests_.size(), 1u + kAttemptsMaxDefault);
}

TEST_F(ClientTransport, SaysWhenNobodyListens) {
  config_.endpoint_url = "unix:/nonexistent/door.sock";
  Transport transport(config_, clock_, random_, [this](auto) { ++pauses_; });
  EXPECT_THROW(states::Client(transport).describe_execution({.execution_arn = "a"}),
               http::TransportError);
  EXPECT_EQ(pauses_, kAttemptsMaxDefault - 1);
}

TEST_F(ClientTransport, SpeaksOverUnixSockets) {
  TempDir folder;
  fs::path path = folder.path() / "door.sock";
  server_.listen_unix(path, 0600);
  config_.endpoint_url = "unix:" + path.string();
  Transport transport(config_, clock_, random_, [](auto) {});
  answer_ = [](http::Request&, std::size_t) { return reply(200, R"({"stateMachines":[]})"); };
  states::Client(transport).list_state_machines();
  EXPECT_TRUE(refused_.empty());
}

TEST_F(ClientTransport, UploadsSmallFilesWhole) {
  TempDir folder;
  write_file_atomically(folder.path() / "f", "content");
  upload_file(*transport_, folder.path() / "f", "bucket", "a b/c+d");
  EXPECT_THAT(requests_, ElementsAre(HasSubstr("PUT /bucket/a%20b/c%2Bd")));
  EXPECT_THAT(bodies_, ElementsAre("content"));
  EXPECT_TRUE(refused_.empty()) << refused_[0];
}

TEST_F(ClientTransport, UploadsLargeFilesInParts) {
  TempDir folder;
  const std::string content(kPartBytes * 2 + 5, 'z');
  write_file_atomically(folder.path() / "f", content);
  answer_ = [](http::Request& request, std::size_t) {
    if (request.method == "POST" && request.target.find("uploads") != std::string::npos) {
      return reply(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
                        "</InitiateMultipartUploadResult>");
    }
    if (request.method == "PUT") {
      http::Response response;
      response.headers.add("ETag", "\"e\"");
      return response;
    }
    return reply(200, "<CompleteMultipartUploadResult><ETag>x</ETag>"
                      "</CompleteMultipartUploadResult>");
  };
  uint64_t done = 0;
  upload_file(*transport_, folder.path() / "f", "bucket", "key", [&](uint64_t count) {
    done = count;
  });
  EXPECT_EQ(done, content.size());
  EXPECT_EQ(requests_.size(), 5u);
  EXPECT_THAT(requests_.back(), HasSubstr("uploadId=u1"));
  EXPECT_THAT(bodies_.back(), HasSubstr("<PartNumber>3</PartNumber>"));
  EXPECT_TRUE(refused_.empty()) << refused_[0];
}

TEST_F(ClientTransport, AbortsAFailedUpload) {
  TempDir folder;
  write_file_atomically(folder.path() / "f", std::string(kPartBytes + 1, 'z'));
  answer_ = [](http::Request& request, std::size_t) {
    if (request.method == "POST") {
      return reply(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
                        "</InitiateMultipartUploadResult>");
    }
    if (request.method == "DELETE") return reply(204, "");
    return reply(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  };
  EXPECT_THROW(upload_file(*transport_, folder.path() / "f", "bucket", "key"), ApiError);
  EXPECT_THAT(requests_.back(), HasSubstr("DELETE /bucket/key"));
}

TEST_F(ClientTransport, DownloadsWholeOrNotAtAll) {
  TempDir folder;
  answer_ = [](http::Request& request, std::size_t) {
    if (request.target.find("absent") != std::string::npos) {
      return reply(404, "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>");
    }
    http::Response response;
    response.stream = std::make_unique<http::StringBody>("short");
    response.stream_length = request.target.find("cut") != std::string::npos ? 10 : 5;
    return response;
  };
  download_file(*transport_, "bucket", "whole", folder.path() / "sub/whole");
  EXPECT_EQ(read_file(folder.path() / "sub/whole"), "short");
  for (const char* key : {"absent", "cut"}) {
    EXPECT_ANY_THROW(download_file(*transport_, "bucket", key, folder.path() / "file"));
  }
  EXPECT_FALSE(fs::exists(folder.path() / "file"));
  EXPECT_FALSE(fs::exists(folder.path() / "file.part"));
}

TEST_F(ClientTransport, PresignsLinks) {
  std::string url = presign_url(config_, "states", "GET", "/_console/executions/x",
                                std::chrono::hours(12), clock_.now());
  EXPECT_THAT(url, HasSubstr(config_.endpoint_url + "/_console/executions/x?"));
  http::Connection connection(http::Address::parse(config_.endpoint_url), {});
  connection.exchange({.target = url.substr(config_.endpoint_url.size())});
  EXPECT_TRUE(refused_.empty()) << refused_[0];
}

}  // namespace
}  // namespace trainyard::client
