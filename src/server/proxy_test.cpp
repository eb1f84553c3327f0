#include "server/proxy.hpp"

#include <gtest/gtest.h>

namespace trainyard::server {
namespace {

using Way = ProxyDecision::Way;

TEST(Proxy, WhatAConnectComesTo) {
  const std::vector<std::string> added{"my-data", "db.x.us-east-1.rds.amazonaws.com"};
  struct {
    const char* target;
    Way way;
    const char* host;
    int status = 0;
  } rows[] = {
      {"sts.us-east-1.amazonaws.com:443", Way::ourselves, "sts.us-east-1.amazonaws.com"},
      {"STS.Amazonaws.com.:443", Way::ourselves, "sts.amazonaws.com"},
      {"iam.amazonaws.com:443", Way::ourselves, "iam.amazonaws.com"},
      {"sts.eu-west-1.amazonaws.com:443", Way::ourselves, "sts.eu-west-1.amazonaws.com"},
      {"s3.cn-north-1.amazonaws.com.cn:443", Way::ourselves, "s3.cn-north-1.amazonaws.com.cn"},
      {"sagemaker.us-east-1.api.aws:443", Way::ourselves, "sagemaker.us-east-1.api.aws"},
      // Buckets that nobody has made yet too: CreateBucket goes there.
      {"new.s3.amazonaws.com:443", Way::ourselves, "new.s3.amazonaws.com"},
      {"a.b.s3.us-east-1.amazonaws.com:443", Way::ourselves, "a.b.s3.us-east-1.amazonaws.com"},
      {"sts.amazonaws.com:80", Way::refused, "", 403},
      // Left to AWS.
      {"ossci-datasets.s3.amazonaws.com:443", Way::tunnel, "ossci-datasets.s3.amazonaws.com"},
      {"ossci-datasets.s3.us-east-1.amazonaws.com:443", Way::tunnel,
       "ossci-datasets.s3.us-east-1.amazonaws.com"},
      {"my-data.s3.amazonaws.com:443", Way::tunnel, "my-data.s3.amazonaws.com"},
      {"my-data.sts.amazonaws.com:443", Way::ourselves, "my-data.sts.amazonaws.com"},
      {"db.x.us-east-1.rds.amazonaws.com:5432", Way::tunnel, "db.x.us-east-1.rds.amazonaws.com"},
      // Not AWS's.
      {"pypi.org:443", Way::tunnel, "pypi.org"},
      {"amazonaws.com.evil.test:443", Way::tunnel, "amazonaws.com.evil.test"},
      {"notamazonaws.com:443", Way::tunnel, "notamazonaws.com"},
      {"[::1]:8443", Way::tunnel, "::1"},
      {"10.0.0.1:8443", Way::tunnel, "10.0.0.1"},
      // Nothing at all.
      {"pypi.org", Way::refused, "", 400},
      {"pypi.org:", Way::refused, "", 400},
      {":443", Way::refused, "", 400},
      {"pypi.org:0", Way::refused, "", 400},
      {"pypi.org:65536", Way::refused, "", 400},
      {"pypi.org:4x", Way::refused, "", 400},
      {"a..b:443", Way::refused, "", 400},
      {"a/b:443", Way::refused, "", 400},
      {"::1:443", Way::refused, "", 400},
      {"[sts.amazonaws.com]:443", Way::refused, "", 400},
      {"[a:b.amazonaws.com]:443", Way::refused, "", 400},
      {"https://pypi.org:443", Way::refused, "", 400},
  };
  for (const auto& row : rows) {
    ProxyDecision decision = decide_connect(row.target, "127.0.0.1:50000", added);
    EXPECT_EQ(decision.way, row.way) << row.target;
    EXPECT_EQ(decision.status, row.status) << row.target;
    EXPECT_EQ(decision.why.empty(), row.way != Way::refused) << row.target;
    if (row.way != Way::refused) {
      EXPECT_EQ(decision.host, row.host) << row.target;
    }
  }
}

TEST(Proxy, ServesLoopbackOnly) {
  struct {
    const char* peer;
    bool served;
  } rows[] = {{"127.0.0.1:1", true},   {"127.8.8.8:1", true},     {"[::1]:1", true},
              {"192.168.1.5:1", false}, {"[::ffff:127.0.0.1]:1", true}, {"[fe80::1]:1", false},
              {"unix", false},          {"[::ffff:10.0.0.1]:1", false}, {"", false}};
  for (const auto& row : rows) {
    ProxyDecision decision = decide_connect("pypi.org:443", row.peer, {});
    EXPECT_EQ(decision.way, row.served ? Way::tunnel : Way::refused) << row.peer;
    if (!row.served) {
      EXPECT_EQ(decision.status, 403);
    }
  }
}

TEST(Proxy, TheCertificateCoversWhatTheSdksCall) {
  const auto names = certificate_names("us-east-1");
  for (const char* host :
       {"sts.amazonaws.com", "sts.us-east-1.amazonaws.com", "iam.amazonaws.com",
        "s3.amazonaws.com", "s3.us-east-1.amazonaws.com", "bucket.s3.amazonaws.com",
        "bucket.s3.us-east-1.amazonaws.com", "api.sagemaker.us-east-1.amazonaws.com",
        "runtime.sagemaker.us-east-1.amazonaws.com", "states.us-east-1.amazonaws.com",
        "logs.us-east-1.amazonaws.com", "monitoring.us-east-1.amazonaws.com"}) {
    EXPECT_TRUE(names_cover(names, host)) << host;
  }
  for (const char* host : {"sts.eu-west-1.amazonaws.com", "a.b.s3.amazonaws.com", "amazonaws.co",
                           ".amazonaws.com", "pypi.org"}) {
    EXPECT_FALSE(names_cover(names, host)) << host;
  }
}

}  // namespace
}  // namespace trainyard::server
