// Whole agents: real sandboxes and networks, a shell script in the place of the toolkit, and a
// daemon that the test plays.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/agent_testing.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "compute/processes.hpp"

namespace trainyard::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(AgentTest, TrainsFromInputsToModel) {
  daemon_.s3.put("in/data/part-0.csv", "1,2\n");
  daemon_.s3.put("in/data/sub/part-1.csv", "3,4\n");
  daemon_.s3.put("in/data/sub/", "");
  daemon_.s3.put("in/code.tar.gz", pack({{"main.sh", "echo from the code"}}));
  add_channel("training", "s3://in/data");
  add_channel("single", "s3://in/data/part-0.csv");
  plan_["code_uri"] = "s3://in/code.tar.gz";
  plan_["metrics"] = {{{"name", "loss"}, {"regex", "Loss: ([0-9.]+)"}}};
  json::object receipt = run(R"(
echo "$1 $TRAINING_JOB_NAME $SM_NUM_CPUS $AWS_REGION $HOME"
cd /opt/ml && find input/data input/config -type f | sort
cat input/config/*.json; echo
sh code/main.sh
echo "Loss: 0.25"; echo "Loss: 0.125"
printf 'no end of line'
mkdir -p model/deep; echo weights > model/deep/w
ln -s deep/w model/link; ln -s /etc/passwd model/bad
echo notes > output/data/notes)");
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  EXPECT_EQ(find_integer(receipt, "exit_code"), 0);
  EXPECT_EQ(daemon_.receipt, receipt);
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "Training", "Uploading", "Ended"));
  EXPECT_EQ(log(), R"(train job 3 us-east-1 /tmp
input/config/hyperparameters.json
input/config/inputdataconfig.json
input/config/resourceconfig.json
input/data/single/part-0.csv
input/data/training/part-0.csv
input/data/training/sub/part-1.csv
{"epochs":"6"}{}{"current_host":"algo-1","hosts":["algo-1"],"network_interface_name":"eth0"}
from the code
Loss: 0.25
Loss: 0.125
no end of line
[trainyard] bad is not in s3://out/m.tar.gz: a link that leads outside, or no file)");
  EXPECT_THAT(daemon_.metrics, ElementsAre("loss=0.25", "loss=0.125"));
  EXPECT_EQ(unpacked(daemon_.s3.get("out/m.tar.gz")),
            (Files{{"deep/w", "weights\n"}, {"link", "weights\n"}}));
  EXPECT_EQ(unpacked(daemon_.s3.get("out/o.tar.gz")), (Files{{"notes", "notes\n"}}));
  EXPECT_EQ(daemon_.refused, 0);
  // A second agent for the same host has nothing to do.
  EXPECT_EQ(run_host("algo-1", stop_), receipt);
  EXPECT_EQ(daemon_.phases().size(), 4u);
}

TEST_F(AgentTest, FailuresSayWhatTheProgramSaid) {
  struct Case {
    const char* script;
    int exit_code;
    std::vector<std::string> words;
  };
  const Case cases[] = {
      {"echo oh >&2; echo no >&2; exit 3", 3,
       {"ExecuteUserScriptError:\nExitCode 3\nErrorMessage \"oh\nno\"\nCommand \"", " train\""}},
      {"kill -9 $$", 137, {"ExitCode 137"}},
      {"echo my own words > /opt/ml/output/failure; exit 1", 1, {"my own words"}},
      {"ln -s ../../../plan.json /opt/ml/output/failure; exit 1", 1, {"ExitCode 1"}},
      {"rm -r /opt/ml/output; ln -s ../.. /opt/ml/output; exit 1", 1, {"ExitCode 1"}},
      {"mkfifo /opt/ml/output/failure; exit 1", 1, {"ExitCode 1"}},
      {"yes | head -c 3000 | tr -d '\\n' > /opt/ml/output/failure; exit 1", 1, {"yyyy"}},
  };
  for (const Case& test : cases) {
    fs::remove_all(attempt_ / "algo-1");
    json::object receipt = run(test.script);
    EXPECT_EQ(text(receipt, "outcome"), "failed") << test.script;
    EXPECT_EQ(text(receipt, "error"), "AlgorithmError");
    EXPECT_EQ(find_integer(receipt, "exit_code"), test.exit_code);
    EXPECT_LE(text(receipt, "reason").size(), 1'000u);
    for (const auto& words : test.words) EXPECT_THAT(text(receipt, "reason"), HasSubstr(words));
    EXPECT_THAT(text(receipt, "reason"), Not(HasSubstr(FakeDaemon::kToken)));
  }
  EXPECT_EQ(daemon_.s3.get("out/m.tar.gz"), "(no such object)");
}

TEST_F(AgentTest, WhatS3LacksIsTheClientsError) {
  daemon_.s3.put("in/evil", "not an archive");
  daemon_.s3.put("in/keys/../up", "x");
  daemon_.s3.put("in/clash/a", "x");
  daemon_.s3.put("in/clash/a/b", "x");
  daemon_.s3.put("in/manifest", "{}");
  struct Case {
    const char* type;
    const char* uri;
    std::vector<std::string> words;
  };
  const Case cases[] = {
      {"S3Prefix", "s3://no-such/data", {"NoSuchBucket (404)", "s3://no-such/data"}},
      {"S3Prefix", "s3://in/nothing", {"No S3 objects found", "s3://in/nothing"}},
      {"S3Prefix", "s3://in/keys", {"s3://in/keys/../up", "no file's path"}},
      {"S3Prefix", "s3://in/clash", {"a file and a folder at once"}},
      {"S3Prefix", "http://x", {"not an S3 URI"}},
      {"ManifestFile", "s3://in/manifest", {"s3://in/manifest", "prefix"}},
      {"ManifestFile", "s3://in/no-manifest", {"NoSuchKey (404)", "s3://in/no-manifest"}},
      {"code", "s3://in/no.tar.gz", {"NoSuchKey (404)", "s3://in/no.tar.gz"}},
      {"code", "s3://in/evil", {"cannot unpack s3://in/evil"}},
  };
  for (const Case& test : cases) {
    fs::remove_all(attempt_ / "algo-1");
    plan_.erase("channels");
    plan_.erase("code_uri");
    if (std::string(test.type) == "code") {
      plan_["code_uri"] = test.uri;
    } else {
      add_channel("training", test.uri, test.type);
    }
    json::object receipt = run("exit 0");
    EXPECT_EQ(text(receipt, "error"), "ClientError") << test.uri;
    EXPECT_TRUE(receipt.at("exit_code").is_null());
    for (const auto& words : test.words) EXPECT_THAT(text(receipt, "reason"), HasSubstr(words));
  }
  EXPECT_THAT(daemon_.phases(), Not(testing::Contains("Training")));
}

TEST_F(AgentTest, ChannelsAreShardedAndListed) {
  for (int i = 0; i < 5; ++i) daemon_.s3.put("in/data/" + std::to_string(i), "x");
  daemon_.s3.put("in/manifest", R"([{"prefix": "s3://in/data/"}, "1", "3"])");
  add_channel("shards", "s3://in/data/", "S3Prefix", "ShardedByS3Key");
  add_channel("listed", "s3://in/manifest", "ManifestFile");
  plan_["hosts"] = {"algo-1", "algo-2"};
  program("cd /opt/ml/input/data && find . -type f | sort | tr '\\n' ' '");
  prepare();
  std::thread second([&] { run_host("algo-2", stop_); });
  run_host("algo-1", stop_);
  second.join();
  EXPECT_EQ(log("job/algo-1"), "./listed/1 ./listed/3 ./shards/0 ./shards/2 ./shards/4 ");
  EXPECT_EQ(log("job/algo-2"), "./listed/1 ./listed/3 ./shards/1 ./shards/3 ");
}

TEST_F(AgentTest, LargeObjectsComeAndGoInParts) {
  SeededRandom random(1);
  std::string big(40u << 20, '\0');
  for (std::size_t i = 0; i < big.size(); i += 8) {
    uint64_t value = random.next();
    std::memcpy(big.data() + i, &value, 8);
  }
  daemon_.s3.put("in/data/big", big);
  add_channel("training", "s3://in/data/");
  json::object receipt = run("cp /opt/ml/input/data/training/big /opt/ml/model/big");
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  EXPECT_EQ(daemon_.s3.ranges, 3);
  EXPECT_EQ(daemon_.s3.parts, 6);
  EXPECT_TRUE(unpacked(daemon_.s3.get("out/m.tar.gz")).at("big") == big);
}

TEST_F(AgentTest, TheVolumeIsABound) {
  daemon_.s3.put("in/data/a", std::string(1'000, 'x'));
  add_channel("training", "s3://in/data/");
  plan_["volume_bytes"] = 999;
  EXPECT_THAT(text(run("exit 0"), "reason"), HasSubstr("the volume only 999 B"));
  // Of what a manifest names the sizes are not known before.
  daemon_.s3.put("in/manifest", R"([{"prefix": "s3://in/data/"}, "a"])");
  plan_.erase("channels");
  fs::remove_all(attempt_ / "algo-1");
  add_channel("training", "s3://in/manifest", "ManifestFile");
  EXPECT_THAT(text(run("exit 0"), "reason"), HasSubstr("the volume only 999 B"));
  plan_["volume_bytes"] = 1'000;
  fs::remove_all(attempt_ / "algo-1");
  EXPECT_EQ(text(run("exit 0"), "outcome"), "succeeded");
}

TEST_F(AgentTest, ModelsOfAllHostsAreMerged) {
  plan_["hosts"] = {"algo-1", "algo-2"};
  program(R"(
if [ $(hostname) = algo-2 ]; then
  # The leader has ended its program long before: it waits.
  while ! [ -e /opt/ml/model/go ]; do sleep 0.01; done
fi
hostname > /opt/ml/model/shared; hostname > /opt/ml/model/only-$(hostname))");
  prepare();
  json::object first, second;
  std::thread leader([&] { first = run_host("algo-1", stop_); });
  std::thread other([&] { second = run_host("algo-2", stop_); });
  ASSERT_TRUE(daemon_.await_phase("Training", "algo-2"));
  while (!fs::exists(attempt_ / "algo-1/finished")) ::usleep(1'000);
  EXPECT_FALSE(fs::exists(attempt_ / "algo-1/receipt.json"));
  write_file_atomically(attempt_ / "algo-2/opt-ml/model/go", "");
  leader.join();
  other.join();
  EXPECT_EQ(text(first, "outcome"), "succeeded");
  EXPECT_EQ(text(second, "outcome"), "succeeded");
  EXPECT_THAT(daemon_.phases("algo-2"), ElementsAre("Downloading", "Training", "Ended"));
  EXPECT_EQ(unpacked(daemon_.s3.get("out/m.tar.gz")),
            (Files{{"go", ""},
                   {"only-algo-1", "algo-1\n"},
                   {"only-algo-2", "algo-2\n"},
                   {"shared", "algo-2\n"}}));
  EXPECT_EQ(daemon_.s3.get("out/o.tar.gz"), "(no such object)");
}

TEST_F(AgentTest, TheLeaderDoesNotWaitForAHostThatFailed) {
  plan_["hosts"] = {"algo-1", "algo-2"};
  program("[ $(hostname) = algo-1 ]");
  prepare();
  std::thread other([&] { run_host("algo-2", stop_); });
  json::object receipt = run_host("algo-1", stop_);
  other.join();
  EXPECT_EQ(text(receipt, "outcome"), "succeeded");
  EXPECT_EQ(daemon_.s3.get("out/m.tar.gz"), "(no such object)");
}

TEST_F(AgentTest, StopsOnceTheDaemonSaysSo) {
  program("trap 'echo saved > /opt/ml/model/m; exit 9' TERM; echo up\n"
          "while :; do sleep 0.02; done");
  prepare();
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_line("up"));
    daemon_.tell_stop();
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "stopped");
  EXPECT_EQ(find_integer(receipt, "exit_code"), 9);
  EXPECT_EQ(unpacked(daemon_.s3.get("out/m.tar.gz")), (Files{{"m", "saved\n"}}));
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "Training", "Uploading", "Ended"));
}

TEST_F(AgentTest, WhatDoesNotStopIsKilledAfterTheGrace) {
  plan_["stop_grace_seconds"] = 0;
  program("trap '' TERM; echo up; while :; do sleep 0.02; done");
  prepare();
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_line("up"));
    stop_.trigger();
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "stopped");
  EXPECT_EQ(find_integer(receipt, "signal"), 9);
}

TEST_F(AgentTest, AStopBeforeTheStartStartsNothing) {
  write_file_atomically(attempt_ / "stop", "");
  json::object receipt = run("echo never");
  EXPECT_EQ(text(receipt, "outcome"), "stopped");
  EXPECT_TRUE(receipt.at("started").is_null());
  EXPECT_THAT(daemon_.phases(), ElementsAre("Ended"));
  EXPECT_EQ(log(), "");
}

TEST_F(AgentTest, TheDaemonMayGoAndComeBack) {
  daemon_.stop();  // away from the very beginning
  daemon_.s3.put("in/code.tar.gz", pack({{"main.sh", "exit 0"}}));
  plan_["code_uri"] = "s3://in/code.tar.gz";
  program("echo up; while ! [ -e /opt/ml/model/go ]; do sleep 0.01; done; seq 1 2000; "
          "touch /opt/ml/output/data/done");
  prepare();
  std::thread times([&] {
    while (!fs::exists(attempt_ / "algo-1/opt-ml/code")) ::usleep(1'000);
    daemon_.start();
    EXPECT_TRUE(daemon_.await_line("up"));
    daemon_.stop();
    write_file_atomically(attempt_ / "algo-1/opt-ml/model/go", "");
    while (!fs::exists(attempt_ / "algo-1/finished")) ::usleep(1'000);
    daemon_.start();
  });
  json::object receipt = run_host("algo-1", stop_);
  times.join();
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  auto lines = daemon_.lines();
  ASSERT_EQ(lines.size(), 2'001u);
  for (int i = 1; i <= 2'000; ++i) ASSERT_EQ(lines[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "Training", "Uploading", "Ended"));
  EXPECT_EQ(unpacked(daemon_.s3.get("out/o.tar.gz")), (Files{{"done", ""}}));
}

TEST_F(AgentTest, AnOrphanEnds) {
  program("echo up; sleep 600");
  prepare();
  std::thread times([&] {
    EXPECT_TRUE(daemon_.await_line("up"));
    daemon_.stop();
    // All at once: while it is emptied the agent would still find places to write to.
    fs::rename(attempt_, folder_.path() / "gone");
  });
  EXPECT_THROW(run_host("algo-1", stop_), SystemError);  // nowhere to put a receipt
  times.join();
}

/// Asks for a path at the door, as a program would without an SDK.
std::string fetch_script(const std::string& path) {
  return "perl -MIO::Socket::INET -e 'my $c = IO::Socket::INET->new(PeerAddr => \"169.254.170.2\", "
         "PeerPort => 80) or do { print \"no: $!\\n\"; exit }; print $c \"GET " + path +
         " HTTP/1.1\\r\\nHost: 169.254.170.2\\r\\nAuthorization: AWS4 mine\\r\\nConnection: "
         "close\\r\\n\\r\\n\"; print <$c>; print \"\\n\"'\n";
}

TEST_F(AgentTest, TheDoorGivesKeysAndPassesSignedCallsOn) {
  daemon_.s3.put("in/hello", "hello from S3");
  json::object receipt = run("echo $AWS_ENDPOINT_URL$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI\n" +
                             fetch_script("/v2/credentials") + fetch_script("/in/hello?x=1") +
                             fetch_script("/_console/") + fetch_script("/in/none"));
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  EXPECT_THAT(log(), AllOf(HasSubstr("http://169.254.170.2/v2/credentials"),
                           HasSubstr("\"AccessKeyId\":\"ASIAEXAMPLE\""),
                           HasSubstr("hello from S3"), HasSubstr("HTTP/1.1 404"),
                           HasSubstr("NoSuchKey")));
  EXPECT_EQ(daemon_.refused, 0);
}

TEST_F(AgentTest, IsolationLeavesNoDoor) {
  plan_["network_isolation"] = true;
  run("env\n" + fetch_script("/v2/credentials"));
  EXPECT_THAT(log(), AllOf(HasSubstr("no: Connection refused"), Not(HasSubstr("AWS_ENDPOINT_URL")),
                           Not(HasSubstr("AWS_CONTAINER"))));
}

TEST_F(AgentTest, TheTokenIsNowhereInside) {
  run("env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; "
      "grep -rs " + std::string(FakeDaemon::kToken).substr(0, 16) + " /opt /tmp /etc /run; "
      "ls / /opt /opt/ml");
  EXPECT_THAT(log(), AllOf(HasSubstr("checkpoints"), Not(HasSubstr(FakeDaemon::kToken)),
                           Not(HasSubstr("plan.json"))));
}

/// GET /ping with the status in /opt/ml/model/status; ends by itself when that says so.
constexpr const char* kServer = R"sh(echo "$1 $SAGEMAKER_PROGRAM $(ls -R /opt/ml/model | tr '\n' ' ')"
exec perl -MIO::Socket::INET -e '
my $s = IO::Socket::INET->new(LocalPort => $ENV{SAGEMAKER_BIND_TO_PORT} || 8080, Listen => 9,
                              ReuseAddr => 1) or die $!;
while (my $c = $s->accept) {
  open(my $f, "<", ($ENV{SAGEMAKER_BASE_DIR} || "/opt/ml") . "/model/status");
  my $status = <$f>; chomp $status;
  exit 4 if $status eq "exit";
  my $l; do { $l = <$c> } while (defined $l && $l ne "\r\n");
  print $c "HTTP/1.1 $status X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c;
}')sh";

class ServingTest : public AgentTest {
 protected:
  ServingTest() {
    daemon_.s3.put("in/model.tar.gz", pack({{"status", "200\n"}, {"weights", "w"}}));
    daemon_.s3.put("in/code.tar.gz", pack({{"main.sh", "x"}}));
    plan_["kind"] = "serve";
    plan_["model_data_url"] = "s3://in/model.tar.gz";
    plan_["code_uri"] = "s3://in/code.tar.gz";
    plan_["log_streams"] = {{"algo-1", "AllTraffic/i-1"}};
    plan_["environment"] = {{"SAGEMAKER_PROGRAM", "main.sh"}};
    plan_["ping_timeout_seconds"] = 60;
    program(kServer);
    prepare();
  }
  void answer(const std::string& status) {
    write_file_atomically(attempt_ / "algo-1/opt-ml/model/status", status + "\n");
  }
};

TEST_F(ServingTest, IsInServiceUntilItIsStopped) {
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    daemon_.tell_stop();
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "stopped") << dump(receipt);
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "InService", "Ended"));
  EXPECT_EQ(log("AllTraffic/i-1"), "serve main.sh /opt/ml/model: code status weights  "
                                   "/opt/ml/model/code: main.sh ");
}

TEST_F(ServingTest, AnUnhealthyServerIsGivenUp) {
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    answer("500");
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "failed");
  EXPECT_EQ(text(receipt, "error"), "AlgorithmError");
  EXPECT_THAT(text(receipt, "reason"),
              AllOf(HasSubstr("variant AllTraffic did not pass the ping health check"),
                    HasSubstr("3 health checks")));
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "InService", "Unhealthy", "Ended"));
}

TEST_F(ServingTest, AServerThatEndsHasFailed) {
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    answer("exit");
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "failed");
  EXPECT_EQ(find_integer(receipt, "exit_code"), 4);
}

TEST_F(ServingTest, AServerThatNeverAnswersHasFailed) {
  plan_["ping_timeout_seconds"] = 0;
  write_file_atomically(attempt_ / "plan.json", dump(plan_));
  program("sleep 600");
  EXPECT_THAT(text(run_host("algo-1", stop_), "reason"), HasSubstr("did not answer GET /ping"));
  EXPECT_THAT(daemon_.phases(), ElementsAre("Downloading", "Ended"));
}

TEST_F(ServingTest, WithoutASandboxEachServerHasAPortOfItsOwn) {
  sandbox_ = compute::SandboxMode::none;
  std::thread teller([&] {
    EXPECT_TRUE(daemon_.await_phase("InService"));
    daemon_.tell_stop();
  });
  json::object receipt = run_host("algo-1", stop_);
  teller.join();
  EXPECT_EQ(text(receipt, "outcome"), "stopped") << dump(receipt);
  EXPECT_NE(read_file(attempt_ / "algo-1/port"), "8080");
}

TEST_F(AgentTest, WithoutASandboxPathsAreTheRealOnes) {
  sandbox_ = compute::SandboxMode::none;
  json::object receipt = run(R"(cd "$SAGEMAKER_BASE_DIR" && echo w > model/w
echo $AWS_CONTAINER_CREDENTIALS_FULL_URI
[ -n "$AWS_CONTAINER_AUTHORIZATION_TOKEN" ] && echo token)");
  EXPECT_EQ(text(receipt, "outcome"), "succeeded") << dump(receipt);
  EXPECT_THAT(log(), AllOf(HasSubstr("http://127.0.0.1:"), HasSubstr("\ntoken")));
  EXPECT_EQ(unpacked(daemon_.s3.get("out/m.tar.gz")), (Files{{"w", "w\n"}}));
}

}  // namespace
}  // namespace trainyard::agent
