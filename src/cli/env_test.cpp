#include "cli/env.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace trainyard::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

EnvFacts facts() {
  EnvFacts facts;
  facts.endpoint = "http://127.0.0.1:4566";
  facts.access_key = "AKIA1";
  facts.secret = "a'b";
  facts.data = "/data";
  return facts;
}

TEST(Env, OfRoot) {
  const std::string text = env_exports(facts());
  EXPECT_THAT(text, HasSubstr("export AWS_ENDPOINT_URL='http://127.0.0.1:4566'\n"));
  EXPECT_THAT(text, HasSubstr("export AWS_ACCESS_KEY_ID='AKIA1'\n"));
  EXPECT_THAT(text, HasSubstr("export AWS_SECRET_ACCESS_KEY='a'\\''b'\n"));
  EXPECT_THAT(text, HasSubstr(" AWS_PROFILE\n"));
  EXPECT_THAT(text, Not(HasSubstr("PROXY")));
}

TEST(Env, OfARole) {
  EnvFacts role = facts();
  role.role = "Job";
  role.role_config = "/data/aws/Job.config";
  const std::string text = env_exports(role);
  EXPECT_THAT(text, HasSubstr("export AWS_CONFIG_FILE='/data/aws/Job.config'\n"));
  EXPECT_THAT(text, HasSubstr("export AWS_PROFILE='trainyard-Job'\n"));
  EXPECT_THAT(text, HasSubstr("unset AWS_SESSION_TOKEN "));
  EXPECT_THAT(text, HasSubstr(" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n"));
  EXPECT_THAT(text, Not(HasSubstr("AKIA1")));
  EXPECT_EQ(role_profile("/opt/my tools/trainyard", "/d'ata", "Job"),
            "# Written by `trainyard env --role Job`.\n[profile trainyard-Job]\n"
            "region = us-east-1\n"
            "credential_process = '/opt/my tools/trainyard' credentials --data '/d'\\''ata' "
            "--role 'Job'\n");
}

TEST(Env, WithAProxy) {
  EnvFacts with = facts();
  with.proxy = true;
  with.data = "/my data";
  const std::string text = env_exports(with);
  for (const char* line :
       {"export HTTPS_PROXY='http://127.0.0.1:4566'\n", "export https_proxy='http://127.0.0.1:4566'\n",
        "export NO_PROXY='127.0.0.1,localhost,::1,", "export no_proxy='127.0.0.1,localhost,::1,",
        "export AWS_CA_BUNDLE='/my data/ca/bundle.pem'\n",
        "export PIP_CONSTRAINT='file:///my%20data/pip-sdk-1.txt'\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  with.data = "/data";
  with.sdk = 2;
  EXPECT_THAT(env_exports(with), HasSubstr("export PIP_CONSTRAINT='/data/pip-sdk-2.txt'\n"));
}

TEST(Env, TheProxyNeedsLoopback) {
  struct {
    const char* endpoint;
    const char* proxy;  // "": refused
  } rows[] = {{"http://0.0.0.0:4566", "http://127.0.0.1:4566"},
              {"http://localhost:80", "http://localhost"},
              {"http://127.1.2.3:9", "http://127.1.2.3:9"},
              {"http://192.168.1.5:4566", ""}};
  for (const auto& row : rows) {
    EnvFacts with = facts();
    with.proxy = true;
    with.endpoint = row.endpoint;
    if (*row.proxy == '\0') {
      EXPECT_THROW(env_exports(with), SystemError) << row.endpoint;
    } else {
      EXPECT_THAT(env_exports(with), HasSubstr(std::string("HTTPS_PROXY='") + row.proxy + "'\n"));
    }
  }
}

}  // namespace
}  // namespace trainyard::cli
