#include "server/egress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"

namespace trainyard::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class HostEgress : public testing::Test {
 protected:
  HostEgress() {
    fs::create_directories(etc());
    fs::create_directories(home() / ".config/pip");
    variables_["HOME"] = home().string();
  }
  fs::path etc() const { return folder_.path() / "etc"; }
  fs::path home() const { return folder_.path() / "home"; }
  std::string put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    write_file_atomically(path, text);
    return path.string();
  }
  compute::Egress egress() {
    return host_egress(
        [&](const char* name) -> std::optional<std::string> {
          auto found = variables_.find(name);
          return found == variables_.end() ? std::nullopt : std::optional(found->second);
        },
        etc(), 4566);
  }
  std::vector<std::string> files() {
    std::vector<std::string> paths;
    for (const auto& file : egress().files) paths.push_back(file.path);
    return paths;
  }

  TempDir folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(HostEgress, TakesNothingFromABareHost) {
  variables_["PATH"] = "/usr/bin";
  variables_["PIP_TARGET"] = "/somewhere";
  variables_["AWS_CA_BUNDLE"] = "/dir/ca/bundle.pem";
  const compute::Egress taken = egress();
  EXPECT_THAT(taken.environment, IsEmpty());
  EXPECT_THAT(taken.proxies, IsEmpty());
  EXPECT_THAT(taken.files, IsEmpty());
}

TEST_F(HostEgress, TakesPipsSettingsAndTheirCertificates) {
  const std::string authority = put(folder_.path() / "ca.pem", "an authority");
  const std::string machine = put(etc() / "pip.conf", "[global]\ncert = " + authority +
                                                          "\nindex-url = https://index.test\n");
  const std::string own = put(home() / ".config/pip/pip.conf", "[global]\ntimeout = 60\n");
  put(home() / ".pip/pip.conf", "[global]\n");
  variables_["PIP_INDEX_URL"] = "https://other.test";
  const compute::Egress taken = egress();
  EXPECT_THAT(taken.environment, UnorderedElementsAre(Pair("PIP_INDEX_URL", "https://other.test"),
                                                      Pair("PIP_CONFIG_FILE", own),
                                                      Pair("PIP_CERT", authority)));
  ASSERT_THAT(files(), ElementsAre(machine, authority, own));
  EXPECT_EQ(taken.files[1].text, "an authority");
  // A file that the environment names takes the place of the user's, and /dev/null that of all.
  const std::string named = put(folder_.path() / "named.conf", "");
  variables_["PIP_CONFIG_FILE"] = named;
  EXPECT_THAT(files(), ElementsAre(machine, authority, named));
  variables_["PIP_CONFIG_FILE"] = "/dev/null";
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(egress().environment.at("PIP_CONFIG_FILE"), "/dev/null");
}

TEST_F(HostEgress, TakesCertificatesThatInstancesWouldNotSee) {
  const std::string own = put(folder_.path() / "own.pem", "own");
  variables_["PIP_CERT"] = variables_["SSL_CERT_FILE"] = own;
  variables_["REQUESTS_CA_BUNDLE"] = "/etc/ssl/certs/ca-certificates.crt";
  variables_["CURL_CA_BUNDLE"] = (folder_.path() / "missing.pem").string();
  variables_["GIT_SSL_CAINFO"] = put(folder_.path() / "big.pem", std::string(5u << 20, 'x'));
  variables_["SSL_CERT_DIR"] = "/etc/ssl/certs";
  EXPECT_THAT(egress().environment,
              UnorderedElementsAre(
                  Pair("PIP_CERT", own), Pair("SSL_CERT_FILE", own),
                  Pair("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"),
                  Pair("SSL_CERT_DIR", "/etc/ssl/certs")));
  EXPECT_THAT(files(), ElementsAre(own));
}

TEST_F(HostEgress, TakesProxiesButNotOurselves) {
  variables_ = {{"HTTPS_PROXY", "http://127.0.0.1:4566"}, {"http_proxy", "one.test:3128"},
                {"NO_PROXY", "corp.test"}};
  EXPECT_THAT(egress().proxies, UnorderedElementsAre(Pair("http_proxy", "one.test:3128"),
                                                     Pair("no_proxy", "corp.test")));
  variables_ = {{"HTTPS_PROXY", "http://127.0.0.1:3128"}, {"HTTP_PROXY", "socks5://one.test"}};
  EXPECT_THAT(egress().proxies, UnorderedElementsAre(Pair("https_proxy",
                                                          "http://127.0.0.1:3128")));
}

TEST(PipConf, NamesCertificates) {
  EXPECT_THAT(certificates_in("[global]\ncert = /a.pem\n# cert = /no.pem\n[install]\nCert: /b.pem\n"
                              "certificate = /no.pem\nclient-cert = /no.pem\ncert =\n"),
              ElementsAre("/a.pem", "/b.pem"));
}

}  // namespace
}  // namespace trainyard::server
