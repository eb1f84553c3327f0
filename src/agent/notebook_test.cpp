// Whole agents of notebook instances, with and without a sandbox; a script in the place of the
// toolkit and of JupyterLab.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/agent_testing.hpp"
#include "agent/notebook.hpp"
#include "base/error.hpp"

namespace trainyard::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Answers every request with the status in the notebook's folder; ends as that says.
constexpr const char* kServer = R"sh(
exec perl -MIO::Socket::INET -e '
my $s = IO::Socket::INET->new(LocalPort => $ENV{SAGEMAKER_BIND_TO_PORT} || 8080, Listen => 9,
                              ReuseAddr => 1) or die $!;
while (my $c = $s->accept) {
  open(my $f, "<", "$ENV{TRAINYARD_NOTEBOOK_FOLDER}/status") or die $!;
  my $status = <$f>; chomp $status;
  exit $1 if $status =~ /^exit (\d+)/;
  my $request = <$c>;
  my $l; do { $l = <$c> } while (defined $l && $l ne "\r\n");
  $status = 404 unless $request =~ m{^GET /api HTTP};
  print $c "HTTP/1.1 $status X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c;
}')sh";

/// The proxy's status line for CONNECT HOST.
constexpr const char* kAskProxy = R"sh(
ask_proxy() { perl -MIO::Socket::INET -e '
  my ($proxy) = $ENV{https_proxy} =~ m{http://([^/]+)}; my $host = shift;
  my $c = IO::Socket::INET->new(PeerAddr => $proxy) or die "$proxy: $!";
  print $c "CONNECT $host HTTP/1.1\r\nHost: $host\r\n\r\n";
  my $line = <$c>; $line =~ s/\s+$//; print "$host: $line\n";' $1; }
)sh";

class NotebookAgent : public AgentTest,
                      public testing::WithParamInterface<compute::SandboxMode> {
 protected:
  NotebookAgent() {
    sandbox_ = GetParam();
    volume_ = folder_.path() / "volume";
    fs::create_directories(volume_);
    answer("200");
    daemon_.files = {{"ca-bundle.pem", "a certificate\n"}, {"pip-constraints.txt", "a<2\n"}};
    plan_["kind"] = "notebook";
    plan_["name"] = "nb";
    plan_["arn"] = "arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/nb";
    plan_["volume"] = "vol-1";
    plan_["ping_timeout_seconds"] = 60;
    plan_["environment"] = {{"JUPYTER_TOKEN", "secret"}};
  }
  void answer(const std::string& status) {
    write_file_atomically(volume_ / "status", status + "\n");
  }
  void open_internet() {
    write_file_atomically(
        attempt_ / "egress.json",
        R"({"proxies":{},"environment":{"PIP_INDEX_URL":"the-index"},"files":{}})");
  }
  bool sandboxed() const { return GetParam() == compute::SandboxMode::bwrap; }
  /// Runs `script` and the server until it is in service, then stops it.
  json::object run_until_in_service(const std::string& script) {
    std::thread teller([&] {
      if (daemon_.await_phase("InService")) daemon_.tell_stop();
    });
    json::object receipt = run(kAskProxy + script + kServer);
    daemon_.tell_stop();
    teller.join();
    return receipt;
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, NotebookAgent,
                         testing::Values(compute::SandboxMode::bwrap,
                                         compute::SandboxMode::none));

TEST_P(NotebookAgent, FindsItsFolderWhoItIsAndWhatLeadsToTheDaemon) {
  json::object receipt = run_until_in_service(R"sh(
echo "$1 $JUPYTER_TOKEN"
cat ${SAGEMAKER_BASE_DIR:-/opt/ml}/metadata/resource-metadata.json; echo
ls ${SAGEMAKER_BASE_DIR:-/opt/ml}
cat "$AWS_CA_BUNDLE" "$PIP_CONSTRAINT"
echo kept > "$TRAINYARD_NOTEBOOK_FOLDER/note" && cat "$HOME/SageMaker/note"
echo gone > "$HOME/of-the-instance"
[ -n "$AWS_ENDPOINT_URL" ] && echo calls AWS
echo "$HOME $TRAINYARD_NOTEBOOK_FOLDER $AWS_CA_BUNDLE" > "$HOME/SageMaker/paths"
[ -z "$SAGEMAKER_BASE_DIR" ] && echo "$(id -un) $(eval echo ~$(id -un))"
)sh");
  EXPECT_EQ(text(receipt, "outcome"), "stopped") << dump(receipt);
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "InService", "Ended"));
  const std::string common = R"(notebook secret
{"ResourceArn":"arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/nb","ResourceName":"nb"}
metadata
a certificate
a<2
kept
calls AWS)";
  EXPECT_EQ(log(), common + (sandboxed() ? "\nec2-user /home/ec2-user" : ""));
  EXPECT_EQ(read_file(volume_ / "note"), "kept\n");
  EXPECT_FALSE(fs::exists(volume_ / "of-the-instance"));
  if (sandboxed()) {
    EXPECT_EQ(read_file(volume_ / "paths"),
              "/home/ec2-user /home/ec2-user/SageMaker /opt/trainyard/given/ca-bundle.pem\n");
  }
  EXPECT_EQ(daemon_.refused, 0);
}

TEST_P(NotebookAgent, WhatTheRequestSaysOfPipHolds) {
  plan_["environment"] = {{"PIP_CONSTRAINT", "/mine.txt"}};
  run_until_in_service("echo $PIP_CONSTRAINT");
  EXPECT_EQ(log(), "/mine.txt");
}

/// Of a notebook without a way into the internet.
constexpr const char* kClosed =
    "sts.amazonaws.com:443: HTTP/1.1 200 Connection established\n"
    "host.invalid:443: HTTP/1.1 403 This instance does not reach host.invalid:443: it has no way "
    "into the internet.\nboth\nno index calls";
constexpr const char* kLook = "ask_proxy sts.amazonaws.com:443; ask_proxy host.invalid:443\n"
                              "[ \"$https_proxy\" = \"$HTTP_PROXY\" ] && echo both\n"
                              "echo ${PIP_INDEX_URL-no index} ${AWS_ENDPOINT_URL:+calls}";

TEST_P(NotebookAgent, ReachesTheDaemonByAwsNamesWithoutTheInternet) {
  run_until_in_service(kLook);
  EXPECT_EQ(log(), kClosed);
}

TEST_P(NotebookAgent, IsolationClosesTheInternetOnly) {
  open_internet();
  plan_["network_isolation"] = true;
  run_until_in_service(kLook);
  EXPECT_EQ(log(), kClosed);
}

TEST_P(NotebookAgent, OtherNamesLeadIntoTheInternet) {
  open_internet();
  run_until_in_service(kLook);
  EXPECT_THAT(log(), AllOf(StartsWith("sts.amazonaws.com:443: HTTP/1.1 200 "),
                           HasSubstr("\nhost.invalid:443: HTTP/1.1 502 No way from this instance's "
                                     "host to host.invalid:443: cannot resolve"),
                           HasSubstr("\nthe-index calls")));
}

TEST_P(NotebookAgent, ItsUserMayShutJupyterDown) {
  std::thread user([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    answer("exit 0");
  });
  json::object receipt = run(kServer);
  user.join();
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  EXPECT_EQ(find_integer(receipt, "exit_code"), 0);
}

TEST_P(NotebookAgent, FailuresSayInOneLineWhatIsWrong) {
  struct Case {
    const char* script;
    const char* reason;
  };
  const Case cases[] = {
      {"mkdir -p ${SAGEMAKER_BASE_DIR:-/opt/ml}/output\n"
       "echo 'JupyterLab is not installed' > ${SAGEMAKER_BASE_DIR:-/opt/ml}/output/failure; exit 1",
       "JupyterLab is not installed"},
      {"echo 'ImportError: no tornado' >&2; exit 3",
       "JupyterLab ended with exit code 3: ImportError: no tornado"},
      {"exit 4", "JupyterLab ended with exit code 4"},
  };
  for (const Case& test : cases) {
    fs::remove_all(attempt_);
    fs::create_directories(attempt_);
    json::object receipt = run(test.script);
    EXPECT_EQ(text(receipt, "outcome"), "failed");
    EXPECT_EQ(text(receipt, "error"), kAlgorithmError);
    EXPECT_EQ(text(receipt, "reason"), test.reason);
  }
}

TEST_P(NotebookAgent, IsGivenUpOnlyAfterALongSilence) {
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    answer("500");
  });
  json::object receipt = run(kServer);
  teller.join();
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "InService", "Unhealthy", "Ended"));
  EXPECT_EQ(text(receipt, "reason"),
            "JupyterLab failed 60 health checks (GET /api) in a row.");
}

TEST_P(NotebookAgent, TakesNoImageAndNeedsAVolume) {
  plan_["oci"] = "jupyter/base-notebook";
  EXPECT_THAT(text(run("exit 0"), "reason"), HasSubstr("jupyter/base-notebook"));
  plan_.erase("oci");
  volume_.clear();
  fs::remove_all(attempt_);
  fs::create_directories(attempt_);
  EXPECT_THAT(text(run("exit 0"), "reason"), HasSubstr("needs a volume"));
}

TEST_P(NotebookAgent, WhatTheDaemonGivesAreFiles) {
  daemon_.files = {{"../plan.json", "x"}};
  EXPECT_THAT(text(run("exit 0"), "reason"), HasSubstr("\"../plan.json\", which the daemon gives"));
}

}  // namespace
}  // namespace trainyard::agent
