#include "services/sagemaker/facts.hpp"
#include "services/sagemaker/notebook_door.hpp"
#include "services/sagemaker/sagemaker_testing.hpp"

namespace trainyard::sagemaker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using std::chrono::seconds;

constexpr const char* kArn = "arn:aws:sagemaker:us-east-1:000000000000:notebook-instance/lab";

class NotebookTest : public SageMakerTest {
 public:
  NotebookTest() { caller.access_key = "AKIATEST"; }

  CreateNotebookInstanceInput request(const std::string& name = "Lab") {
    CreateNotebookInstanceInput input;
    input.notebook_instance_name = name;
    input.instance_type = "ml.t3.medium";
    input.role_arn = role_arn();
    return input;
  }
  void create(const std::string& name = "Lab") { run(create_notebook_instance, request(name)); }
  void start() { run(start_notebook_instance, {.notebook_instance_name = "Lab"}); }
  void stop() { run(stop_notebook_instance, {.notebook_instance_name = "Lab"}); }
  void remove() { run(delete_notebook_instance, {.notebook_instance_name = "Lab"}); }
  void update() {
    UpdateNotebookInstanceInput input;
    input.notebook_instance_name = "Lab";
    input.instance_type = "ml.t3.large";
    input.volume_size_in_gb = 20;
    run(update_notebook_instance, input);
  }
  DescribeNotebookInstanceOutput shown() {
    return run(describe_notebook_instance, {.notebook_instance_name = "Lab"});
  }
  std::string status() { return *shown().notebook_instance_status; }
  std::string presigned() {
    return *run(create_presigned_notebook_instance_url, {.notebook_instance_name = "Lab"})
                .authorized_url;
  }

  std::string serving() {
    create();
    const std::string attempt = only_attempt();
    phase(attempt, "algo-1", "InService");
    return attempt;
  }
  /// Brings one into that status.
  void bring_to(const std::string& wanted) {
    if (wanted == "Pending") return create();
    const std::string attempt = serving();
    if (wanted == "InService") return;
    if (wanted == "Failed") return ended(attempt, "algo-1", "failed", "AlgorithmError", "why");
    stop();
    if (wanted == "Stopped") ended(attempt, "algo-1", "stopped");
  }
};

TEST_F(NotebookTest, WhatIsAskedInWhichStatus) {
  const struct {
    const char* wish;
    void (NotebookTest::*ask)();
    std::vector<std::string> from;
    const char* to;       // as the refusal names it
    const char* then;     // the status afterwards
  } wishes[] = {
      {"start", &NotebookTest::start, {"Stopped", "Failed"}, "Pending", "Pending"},
      {"stop", &NotebookTest::stop, {"InService"}, "Stopping", "Stopping"},
      {"update", &NotebookTest::update, {"Stopped", "Failed"}, "Updating", "Stopped"},
      {"delete", &NotebookTest::remove, {"Stopped", "Failed"}, "Deleting", ""},
  };
  for (const auto& wish : wishes) {
    for (const std::string now : {"Pending", "InService", "Stopping", "Stopped", "Failed"}) {
      SCOPED_TRACE(wish.wish + (" in " + now));
      bring_to(now);
      ASSERT_EQ(status(), now);
      std::string message;
      const std::string code = error_of([&] { (this->*wish.ask)(); }, &message);
      if (std::find(wish.from.begin(), wish.from.end(), now) == wish.from.end()) {
        EXPECT_EQ(code, "ValidationException");
        EXPECT_EQ(message, "Status (" + now + ") not in ([" +
                               (wish.from.size() == 1 ? wish.from[0] : "Stopped, Failed") +
                               "]). Unable to transition to (" + wish.to +
                               ") for Notebook Instance (" + kArn + ").");
        EXPECT_EQ(status(), now);
      } else {
        EXPECT_EQ(code, "");
        EXPECT_EQ(error_of([&] { EXPECT_EQ(status(), wish.then); }),
                  wish.then[0] != '\0' ? "" : "ValidationException");
      }
      // A fresh one for the next row.
      for (const std::string& attempt : live()) ended(attempt, "algo-1", "stopped");
      write([](Call& call) { call.txn.exec("DELETE FROM sagemaker_resources"); });
    }
  }
}

TEST_F(NotebookTest, ThePlan) {
  create();
  const auto messages = take();
  const std::string attempt = only_attempt();
  EXPECT_THAT(attempt, MatchesRegex("note-lab-[0-9a-f]+"));
  EXPECT_THAT(keys(messages, "compute.submit"), ElementsAre(attempt));
  const json::object& plan = messages.front().payload.at("spec").at("plan").as_object();
  EXPECT_EQ(plan.at("kind"), "notebook");
  EXPECT_EQ(plan.at("name"), "Lab");
  EXPECT_EQ(plan.at("arn"), kArn);
  EXPECT_THAT(to_std(plan.at("volume").as_string()), MatchesRegex("lab-[0-9a-f]{8}"));
  EXPECT_EQ(plan.at("log_group"), "/aws/sagemaker/NotebookInstances");
  EXPECT_EQ(plan.at("log_streams").at("algo-1"), "lab/jupyter.log");
  EXPECT_EQ(plan.at("network_isolation"), false);
  const json::object& environment = plan.at("environment").as_object();
  EXPECT_THAT(to_std(environment.at("JUPYTER_TOKEN").as_string()), MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(environment.at("TRAINYARD_PYTHON"), "/usr/bin/python3");
  EXPECT_EQ(environment.at("TRAINYARD_FRAMEWORK"), "JupyterLab");
  EXPECT_EQ(plan.at("environment").as_object().at("TRAINYARD_IMAGE"), "notebook-al2023-v1");
}

TEST_F(NotebookTest, WhatIsShown) {
  auto input = request();
  input.volume_size_in_gb = 7;
  input.direct_internet_access = "Disabled";
  input.subnet_id = "subnet-1";
  input.security_group_ids = {"sg-1"};
  run(create_notebook_instance, input);
  const auto described = shown();
  EXPECT_EQ(described.notebook_instance_arn, kArn);
  EXPECT_EQ(described.notebook_instance_name, "Lab");
  EXPECT_EQ(described.url, "lab.notebook.localhost:4566");
  EXPECT_EQ(described.role_arn, role_arn());
  EXPECT_EQ(described.volume_size_in_gb, 7);
  EXPECT_EQ(described.direct_internet_access, "Disabled");
  EXPECT_EQ(described.root_access, "Enabled");
  EXPECT_EQ(described.platform_identifier, "notebook-al2023-v1");
  EXPECT_EQ(described.subnet_id, "subnet-1");
  EXPECT_EQ(described.creation_time, clock.now());
  create("other");
  ListNotebookInstancesInput list;
  list.name_contains = "LA";
  const auto listed = run(list_notebook_instances, list);
  ASSERT_EQ(listed.notebook_instances->size(), 1u);
  EXPECT_EQ(listed.notebook_instances->front().notebook_instance_name, "Lab");
  EXPECT_EQ(listed.notebook_instances->front().notebook_instance_status, "Pending");
  list.name_contains.reset();
  EXPECT_EQ(run(list_notebook_instances, list).notebook_instances->size(), 2u);
  list.status_equals = "Stopped";
  EXPECT_THAT(*run(list_notebook_instances, list).notebook_instances, IsEmpty());
}

TEST_F(NotebookTest, RequestsThatAreRefused) {
  create();
  std::string message;
  auto refused = [&](auto change) {
    auto input = request("other");
    change(input);
    return error_of([&] { run(create_notebook_instance, input); }, &message);
  };
  EXPECT_EQ(refused([](auto& input) { input.notebook_instance_name = "LAB"; }),
            "ValidationException");
  EXPECT_EQ(message, std::string("Cannot create a duplicate Notebook Instance (") + kArn + ")");
  EXPECT_EQ(refused([](auto& input) { input.instance_type = "ml.q9.huge"; }),
            "ValidationException");
  EXPECT_EQ(refused([&](auto& input) { input.role_arn = role_arn("OtherRole"); }),
            "ValidationException");
  EXPECT_THAT(message, StartsWith("Could not assume role "));
  EXPECT_EQ(refused([](auto& input) { input.direct_internet_access = "Disabled"; }),
            "ValidationException");
  EXPECT_EQ(refused([](auto& input) { input.lifecycle_config_name = "x"; }),
            "ValidationException");
  EXPECT_EQ(message, "LifecycleConfigName is not supported here.");
  EXPECT_EQ(refused([](auto& input) { input.default_code_repository = "https://x/y"; }),
            "ValidationException");
  EXPECT_EQ(error_of([&] {
              run(describe_notebook_instance, {.notebook_instance_name = "nobody"});
            }, &message),
            "ValidationException");
  EXPECT_EQ(message, "RecordNotFound");
  EXPECT_EQ(error_of([&] { presigned(); }, &message), "ValidationException");
  EXPECT_THAT(message, StartsWith("Status (Pending) not in ([InService])."));
}

TEST_F(NotebookTest, AStopAndAStartKeepTheVolume) {
  const std::string first = serving();
  const auto submitted = take();
  const json::value volume = submitted.front().payload.at("spec").at("plan").at("volume");
  stop();
  EXPECT_THAT(take_keys("compute.cancel"), ElementsAre(first));
  ended(first, "algo-1", "stopped");
  EXPECT_EQ(status(), "Stopped");
  take();
  update();
  EXPECT_EQ(shown().instance_type, "ml.t3.large");
  EXPECT_EQ(shown().volume_size_in_gb, 20);
  UpdateNotebookInstanceInput smaller;
  smaller.notebook_instance_name = "Lab";
  smaller.volume_size_in_gb = 10;
  EXPECT_EQ(error_of([&] { run(update_notebook_instance, smaller); }), "ValidationException");
  start();
  const auto again = take();
  const std::string second = only_attempt();
  EXPECT_NE(second, first);
  const auto resubmitted =
      std::find_if(again.begin(), again.end(),
                   [](const outbox::Message& one) { return one.kind == "compute.submit"; });
  ASSERT_NE(resubmitted, again.end());
  EXPECT_EQ(resubmitted->payload.at("spec").at("plan").at("volume"), volume);
  phase(second, "algo-1", "InService");
  stop();
  ended(second, "algo-1", "stopped");
  take();
  remove();
  EXPECT_EQ(error_of([&] { shown(); }), "ValidationException");
  EXPECT_THAT(take_keys("compute.volume.remove"), ElementsAre(to_std(volume.as_string())));
  create();  // the name is free again, with a volume of its own
  EXPECT_NE(take().front().payload.at("spec").at("plan").at("volume"), volume);
}

TEST_F(NotebookTest, AnEndThatNobodyAskedFor) {
  const std::string first = serving();
  clock.advance(seconds(59));
  ended(first, "algo-1", "failed", "AlgorithmError", "JupyterLab is gone");
  EXPECT_EQ(status(), "Failed");
  EXPECT_EQ(shown().failure_reason, "JupyterLab is gone");
  start();
  EXPECT_FALSE(shown().failure_reason);
  const std::string shut_down = only_attempt();
  phase(shut_down, "algo-1", "InService");
  ended(shut_down, "algo-1", "succeeded");
  EXPECT_THAT(*shown().failure_reason, HasSubstr("was shut down"));
  start();
  const std::string second = only_attempt();
  phase(second, "algo-1", "InService");
  clock.advance(seconds(60));
  lost(second, "algo-1", "the agent is gone");  // one that has served well is started again
  EXPECT_EQ(status(), "Pending");
  const std::string third = only_attempt();
  lost(third, "algo-1", "the agent is gone");
  EXPECT_EQ(status(), "Failed");
  EXPECT_THAT(*shown().failure_reason, StartsWith("InternalServerError: "));
}

TEST_F(NotebookTest, AStartThatTakesTooLong) {
  create();
  const std::string attempt = only_attempt();
  take();
  clock.advance(seconds(360));
  EXPECT_EQ(deliver_deadlines(), 1);
  EXPECT_EQ(status(), "Failed");
  EXPECT_THAT(*shown().failure_reason, HasSubstr("did not come into service in time"));
  EXPECT_THAT(live(), ElementsAre(attempt));
  remove();  // waits for what still runs: the volume is in use
  EXPECT_EQ(status(), "Deleting");
  EXPECT_THAT(take_keys("compute.volume.remove"), IsEmpty());
  ended(attempt, "algo-1", "stopped");
  EXPECT_THAT(take_keys("compute.volume.remove"), testing::SizeIs(1));
  EXPECT_EQ(error_of([&] { shown(); }), "ValidationException");
}

TEST_F(NotebookTest, OneAtATimeHasTheVolume) {
  create();
  const std::string slow = only_attempt();
  clock.advance(seconds(360));
  deliver_deadlines();
  ASSERT_EQ(status(), "Failed");
  start();  // what failed has not ended yet
  EXPECT_EQ(status(), "Pending");
  EXPECT_THAT(live(), ElementsAre(slow));
  ended(slow, "algo-1", "stopped");
  EXPECT_EQ(status(), "Pending");
  const std::string next = only_attempt();
  EXPECT_NE(next, slow);
  phase(next, "algo-1", "InService");
  // The daemon was killed while it ended everything: what it had told to end still runs.
  write([](Call& call) { stop_everything(call); });
  write([](Call& call) { restore(call); });
  EXPECT_EQ(status(), "Pending");
  EXPECT_THAT(live(), ElementsAre(next));
  ended(next, "algo-1", "stopped");
  EXPECT_NE(only_attempt(), next);
}

TEST_F(NotebookTest, WishesWhileTheDaemonEnds) {
  const std::string attempt = serving();
  write([](Call& call) { stop_everything(call); });
  create("two");  // waits
  EXPECT_THAT(live(), ElementsAre(attempt));
  ended(attempt, "algo-1", "stopped");
  stop();  // nothing is left to end
  EXPECT_EQ(status(), "Stopped");
  write([](Call& call) { restore(call); });
  EXPECT_EQ(status(), "Stopped");
  EXPECT_THAT(only_attempt(), StartsWith("note-two-"));
}

TEST_F(NotebookTest, AStopThatTheDaemonDidNotSeeTheEndOf) {
  const std::string attempt = serving();
  stop();
  write([](Call& call) { stop_everything(call); });
  ended(attempt, "algo-1", "stopped");
  EXPECT_EQ(status(), "Stopped");
}

TEST_F(NotebookTest, AMachineThatWasStartedAnew) {
  create();
  const std::string attempt = only_attempt();
  clock.advance(seconds(1));
  write([&](Call& call) { set_fact(call.txn, kBootedFact, to_millis(call.now)); });
  lost(attempt, "algo-1", "the agent is gone");
  EXPECT_EQ(status(), "Pending");
  EXPECT_NE(only_attempt(), attempt);
}

TEST_F(NotebookTest, TheEndOfTheDaemonIsAPause) {
  const std::string first = serving();
  create("two");
  write([](Call& call) { stop_everything(call); });
  for (const std::string& attempt : live()) ended(attempt, "algo-1", "stopped");
  EXPECT_THAT(live(), IsEmpty());
  EXPECT_EQ(status(), "InService");
  write([](Call& call) { restore(call); });
  EXPECT_EQ(status(), "Pending");
  const auto again = live();
  EXPECT_EQ(again.size(), 2u);
  write([](Call& call) { restore(call); });  // a crash: those that live on are taken as they are
  EXPECT_EQ(live(), again);
}

TEST_F(NotebookTest, PresignedUrls) {
  const std::string attempt = serving();
  const std::string url = presigned();
  constexpr std::string_view kStart = "http://lab.notebook.localhost:4566/?authToken=";
  ASSERT_THAT(url, StartsWith(std::string(kStart)));
  auto door = [&] {
    return read([&](Call& call) { return find_notebook_door(call.txn, site, "lab"); });
  };
  const auto facts = door();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->attempt, attempt);
  EXPECT_EQ(facts->host, "algo-1");
  EXPECT_EQ(facts->role_arn, role_arn());
  const auto ticket =
      read_ticket(facts->secret, Ticket::Kind::link, url.substr(kStart.size()), clock.now());
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->access_key, "AKIATEST");
  EXPECT_EQ(ticket->session, std::chrono::hours(12));
  EXPECT_EQ(ticket->expires, clock.now() + std::chrono::minutes(5));
  stop();
  EXPECT_FALSE(door());
  caller.access_key.clear();
  EXPECT_EQ(error_of([&] { presigned(); }), "ValidationException");
}

TEST(NotebookTicket, HoldsForOneSecretKindAndTime) {
  const Time now = from_millis(1'700'000'000'000);
  const Ticket link{Ticket::Kind::link, now + seconds(10), seconds(1800), "AKIA1"};
  const std::string text = write_ticket("secret", link);
  const auto read = read_ticket("secret", Ticket::Kind::link, text, now);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->expires, link.expires);
  EXPECT_EQ(read->session, link.session);
  EXPECT_EQ(read->access_key, link.access_key);
  EXPECT_FALSE(read_ticket("other", Ticket::Kind::link, text, now));
  EXPECT_FALSE(read_ticket("secret", Ticket::Kind::session, text, now));
  EXPECT_FALSE(read_ticket("secret", Ticket::Kind::link, text, now + seconds(10)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string forged = text;
    forged[i] = forged[i] == '1' ? '2' : '1';
    EXPECT_FALSE(read_ticket("secret", Ticket::Kind::link, forged, now)) << forged;
  }
  for (const char* odd : {"", "-", "l----", "l-1-1-A-", "l-99999999999999999999-1-A-b"}) {
    EXPECT_FALSE(read_ticket("secret", Ticket::Kind::link, odd, now)) << odd;
  }
}

TEST(NotebookHost, NamesOfNotebooks) {
  const std::vector<std::string> known{"yard.example"};
  const struct {
    const char* host;
    const char* key;
  } rows[] = {
      {"lab.notebook.localhost:4566", "lab"},
      {"LAB.notebook.localhost", "lab"},
      {"lab.notebook.yard.example:80", "lab"},
      {"lab.notebook.evil.example", ""},
      {"localhost:4566", ""},
      {".notebook.localhost", ""},
      {"a.b.notebook.localhost", ""},
      {"lab.notebook.", ""},
      {"127.0.0.1:4566", ""},
      {"[::1]:4566", ""},
      {"", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(notebook_in_host(row.host, known), row.key) << row.host;
}

}  // namespace
}  // namespace trainyard::sagemaker
