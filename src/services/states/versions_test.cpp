// Versions and aliases, and executions started by them.
#include <cmath>

#include "services/states/aliases.hpp"
#include "services/states/states_testing.hpp"

namespace trainyard::states {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VersionsTest : public StatesTest {
 protected:
  std::string publish(const std::string& arn, const std::string& description = "") {
    PublishStateMachineVersionInput input;
    input.state_machine_arn = arn;
    if (!description.empty()) input.description = description;
    return run(publish_state_machine_version, input).state_machine_version_arn;
  }
  UpdateStateMachineOutput update(const std::string& arn, const std::string& definition,
                                  bool publish = false) {
    UpdateStateMachineInput input;
    input.state_machine_arn = arn;
    input.definition = definition;
    input.publish = publish;
    return run(update_state_machine, input);
  }
  /// A machine that waits, with `count` versions that differ.
  std::string with_versions(int count) {
    std::string arn = create("flow", waiting(1));
    publish(arn);
    for (int i = 2; i <= count; ++i) update(arn, waiting(i), true);
    return arn;
  }
  static std::string waiting(int seconds) {
    return R"({"StartAt":"W","States":{"W":{"Type":"Wait","End":true,"Seconds":)" +
           std::to_string(seconds) + "}}}";
  }
  std::string alias(const std::string& machine, const std::string& name,
                    const std::vector<std::pair<std::string, int>>& routes,
                    const std::string& description = "") {
    CreateStateMachineAliasInput input;
    input.name = name;
    if (!description.empty()) input.description = description;
    for (const auto& [version, weight] : routes) {
      input.routing_configuration.push_back({machine + ":" + version, weight});
    }
    return run(create_state_machine_alias, input).state_machine_alias_arn;
  }
  std::vector<std::string> versions(const std::string& arn) {
    std::vector<std::string> found;
    ListStateMachineVersionsInput input;
    input.state_machine_arn = arn;
    input.max_results = 2;
    do {
      auto page = run(list_state_machine_versions, input);
      for (const auto& one : page.state_machine_versions) {
        found.push_back(one.state_machine_version_arn.substr(arn.size()));
      }
      input.next_token = page.next_token;
    } while (input.next_token);
    return found;
  }
  std::vector<std::string> aliases(const std::string& arn) {
    std::vector<std::string> found;
    ListStateMachineAliasesInput input;
    input.state_machine_arn = arn;
    input.max_results = 1;
    do {
      auto page = run(list_state_machine_aliases, input);
      for (const auto& one : page.state_machine_aliases) {
        found.push_back(
            one.state_machine_alias_arn.substr(one.state_machine_alias_arn.rfind(':') + 1));
      }
      input.next_token = page.next_token;
    } while (input.next_token);
    return found;
  }
  std::vector<std::string> executions(const std::string& arn) {
    std::vector<std::string> names;
    ListExecutionsInput input;
    input.state_machine_arn = arn;
    for (const auto& one : run(list_executions, input).executions) names.push_back(one.name);
    return names;
  }
  template <class Work>
  std::string refusal(Work work) {
    std::string message;
    std::string code = error_of(work, &message);
    return code + ": " + message;
  }
};

TEST_F(VersionsTest, AreNumberedAndNeverChange) {
  std::string arn = create("flow", waiting(1));
  EXPECT_EQ(publish(arn, "first"), arn + ":1");
  EXPECT_EQ(publish(arn, "again"), arn + ":1");  // of the same revision there is one version
  auto second = update(arn, waiting(2), true);
  EXPECT_EQ(second.state_machine_version_arn, arn + ":2");
  clock.advance(std::chrono::seconds(1));
  update(arn, waiting(3));
  auto described = run(describe_state_machine, {arn + ":1", {}});
  EXPECT_EQ(described.state_machine_arn, arn + ":1");
  EXPECT_EQ(described.definition, waiting(1));
  EXPECT_EQ(described.description, "first");
  EXPECT_EQ(described.name, "flow");
  EXPECT_FALSE(described.revision_id);
  described = run(describe_state_machine, {arn + ":2", {}});
  EXPECT_EQ(described.definition, waiting(2));
  EXPECT_EQ(described.revision_id, second.revision_id);
  EXPECT_EQ(described.creation_date, clock.now() - std::chrono::seconds(1));
  EXPECT_EQ(run(describe_state_machine, {arn, {}}).definition, waiting(3));
  EXPECT_NE(error_of([&] {  // policies decide on the spelling
              run(describe_state_machine, {arn + ":01", {}});
            }),
            "");
  publish(arn);
  EXPECT_THAT(versions(arn), ElementsAre(":3", ":2", ":1"));
  run(delete_state_machine_version, {arn + ":3"});
  run(delete_state_machine_version, {arn + ":3"});  // twice is no error
  EXPECT_EQ(publish(arn), arn + ":4");              // a number is not used again
  EXPECT_EQ(error_of([&] {
              run(describe_state_machine, {arn + ":3", {}});
            }),
            "StateMachineDoesNotExist");
  EXPECT_TRUE(versions("arn:aws:states:us-east-1:000000000000:stateMachine:none").empty());
}

TEST_F(VersionsTest, AreMadeOfTheRevisionThatIsMeant) {
  std::string arn = create("flow", waiting(1));
  PublishStateMachineVersionInput input;
  input.state_machine_arn = arn;
  input.revision_id = "other";
  EXPECT_EQ(refusal([&] { run(publish_state_machine_version, input); }),
            "ConflictException: The revision of '" + arn + "' is INITIAL, not other.");
  input.revision_id = "INITIAL";
  EXPECT_EQ(run(publish_state_machine_version, input).state_machine_version_arn, arn + ":1");
  input.revision_id = update(arn, waiting(2)).revision_id;
  EXPECT_EQ(run(publish_state_machine_version, input).state_machine_version_arn, arn + ":2");
}

TEST_F(VersionsTest, ComeWithTheMachine) {
  CreateStateMachineInput input;
  input.name = "flow";
  input.definition = one_pass();
  input.role_arn = role_arn();
  input.version_description = "v";
  EXPECT_EQ(error_of([&] { run(create_state_machine, input); }), "ValidationException");
  input.publish = true;
  auto created = run(create_state_machine, input);
  EXPECT_EQ(created.state_machine_version_arn, created.state_machine_arn + ":1");
  EXPECT_EQ(run(create_state_machine, input).state_machine_version_arn,
            created.state_machine_version_arn);
  input.version_description = "w";
  EXPECT_EQ(error_of([&] { run(create_state_machine, input); }), "StateMachineAlreadyExists");
  EXPECT_EQ(run(describe_state_machine, {created.state_machine_arn + ":1", {}}).description, "v");
}

TEST_F(VersionsTest, AliasesLeadToOneOrTwo) {
  std::string arn = with_versions(2);
  std::string made = alias(arn, "PROD", {{"1", 100}}, "live");
  EXPECT_EQ(made, arn + ":PROD");
  EXPECT_EQ(alias(arn, "PROD", {{"1", 100}}, "live"), made);  // a repeat
  EXPECT_EQ(error_of([&] { alias(arn, "PROD", {{"2", 100}}, "live"); }), "ConflictException");
  clock.advance(std::chrono::seconds(1));
  UpdateStateMachineAliasInput update;
  update.state_machine_alias_arn = made;
  update.routing_configuration = {{{arn + ":1", 30}, {arn + ":2", 70}}};
  EXPECT_EQ(run(update_state_machine_alias, update).update_date, clock.now());
  auto described = run(describe_state_machine_alias, {made});
  EXPECT_EQ(described.name, "PROD");
  EXPECT_EQ(described.description, "live");
  EXPECT_EQ(described.creation_date, clock.now() - std::chrono::seconds(1));
  EXPECT_EQ(described.update_date, clock.now());
  ASSERT_EQ(described.routing_configuration->size(), 2u);
  EXPECT_EQ(described.routing_configuration->at(1).state_machine_version_arn, arn + ":2");
  EXPECT_EQ(described.routing_configuration->at(1).weight, 70);
  EXPECT_EQ(run(describe_state_machine, {made, {}}).state_machine_arn, arn + ":1");
  alias(arn, "beta", {{"2", 100}});
  EXPECT_THAT(aliases(arn), ElementsAre("beta", "PROD"));
  EXPECT_THAT(aliases(arn + ":1"), ElementsAre("PROD"));
  EXPECT_THAT(aliases(arn + ":2"), ElementsAre("beta", "PROD"));
  EXPECT_THAT(refusal([&] { run(delete_state_machine_version, {arn + ":1"}); }),
              HasSubstr("ConflictException: "));
  run(delete_state_machine_alias, {made});
  EXPECT_EQ(error_of([&] { run(delete_state_machine_alias, {made}); }), "ResourceNotFound");
  run(delete_state_machine_version, {arn + ":1"});
  EXPECT_THAT(versions(arn), ElementsAre(":2"));
}

TEST_F(VersionsTest, RoutesAreChecked) {
  std::string arn = with_versions(2);
  std::string other = create("other", one_pass());
  publish(other);
  struct {
    std::vector<RoutingConfigurationListItem> routes;
    const char* code;
  } kCases[] = {
      {{{arn + ":1", 99}}, "ValidationException"},
      {{{arn + ":1", 50}, {arn + ":2", 51}}, "ValidationException"},
      {{{arn + ":1", 50}, {arn + ":1", 50}}, "ValidationException"},
      {{{arn + ":1", 50}, {other + ":1", 50}}, "ValidationException"},
      {{{arn, 100}}, "ValidationException"},
      {{{arn + ":PROD", 100}}, "ValidationException"},
      {{{arn + "/Label:1", 100}}, "ValidationException"},
      {{{arn + ":3", 100}}, "ResourceNotFound"},
      {{{arn + "x:1", 100}}, "ResourceNotFound"},
      {{{"x", 100}}, "InvalidArn"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(error_of([&] {
                run(create_state_machine_alias, {{}, "PROD", test.routes});
              }),
              test.code)
        << test.routes.front().state_machine_version_arn;
  }
  std::string made = alias(arn, "PROD", {{"1", 0}, {"2", 100}});
  UpdateStateMachineAliasInput update;
  update.state_machine_alias_arn = made;
  EXPECT_EQ(error_of([&] { run(update_state_machine_alias, update); }), "ValidationException");
  update.routing_configuration = {{{other + ":1", 100}}};
  EXPECT_EQ(error_of([&] { run(update_state_machine_alias, update); }), "ValidationException");
  try {
    run(create_state_machine_alias, {{}, "P", {{arn + ":1", 1}}});
  } catch (const ApiError& error) {
    EXPECT_EQ(error.fields().at("reason"), "INVALID_ROUTING_CONFIGURATION");
  }
}

TEST_F(VersionsTest, ExecutionsAreStartedByThem) {
  std::string arn = with_versions(2);
  std::string prod = alias(arn, "PROD", {{"1", 100}});
  std::string plain = start(arn, "plain");
  std::string first = start(arn + ":1", "first");
  std::string by_alias = start(prod, "by-alias");
  EXPECT_EQ(first, "arn:aws:states:us-east-1:000000000000:execution:flow:first");
  EXPECT_FALSE(describe(plain).state_machine_version_arn);
  EXPECT_EQ(describe(first).state_machine_version_arn, arn + ":1");
  EXPECT_FALSE(describe(first).state_machine_alias_arn);
  EXPECT_EQ(describe(by_alias).state_machine_version_arn, arn + ":1");
  EXPECT_EQ(describe(by_alias).state_machine_alias_arn, prod);
  EXPECT_EQ(describe(by_alias).state_machine_arn, arn);
  auto details = history(by_alias).events.at(0).execution_started_event_details.value();
  EXPECT_EQ(details.state_machine_alias_arn, prod);
  EXPECT_EQ(details.state_machine_version_arn, arn + ":1");
  EXPECT_EQ(run(describe_state_machine_for_execution, {first, {}}).definition, waiting(1));
  EXPECT_EQ(run(describe_state_machine_for_execution, {plain, {}}).definition, waiting(2));
  EXPECT_THAT(executions(arn), ElementsAre("by-alias", "first", "plain"));
  EXPECT_THAT(executions(arn + ":1"), ElementsAre("by-alias", "first"));
  EXPECT_THAT(executions(prod), ElementsAre("by-alias"));
  for (const std::string& missing : {arn + ":3", arn + ":NONE", arn + "/Label"}) {
    EXPECT_EQ(error_of([&] { executions(missing); }), "StateMachineDoesNotExist") << missing;
  }
  EXPECT_EQ(error_of([&] { start(arn + "/Label", "x"); }), "ValidationException");
  run(delete_state_machine_alias, {prod});
  run(delete_state_machine_version, {arn + ":1"});
  clock.advance(std::chrono::seconds(5));
  deliver_all();
  EXPECT_EQ(describe(by_alias).status, "SUCCEEDED");  // what runs is left alone
}

TEST_F(VersionsTest, AnAliasDrawsByWeight) {
  constexpr int kStarts = 10'000;
  for (int weight : {0, 1, 20, 99, 100}) {
    const AliasRow alias{1, "PROD", {}, {}, {}, {{1, weight}, {2, 100 - weight}}};
    int first = 0;
    for (int i = 0; i < kStarts; ++i) first += draw_version(alias, random) == 1 ? 1 : 0;
    // The seed is fixed; four standard deviations, and none where there is no choice.
    const double likely = weight / 100.0;
    EXPECT_NEAR(first, likely * kStarts, 4 * std::sqrt(kStarts * likely * (1 - likely)));
  }
}

TEST_F(VersionsTest, GoWithTheMachine) {
  std::string arn = with_versions(2);
  alias(arn, "PROD", {{"1", 100}});
  std::string running = start(arn, "run");
  run(delete_state_machine, {arn});
  EXPECT_EQ(run(describe_state_machine, {arn + ":1", {}}).status, "DELETING");
  EXPECT_EQ(error_of([&] { publish(arn); }), "StateMachineDeleting");
  EXPECT_EQ(error_of([&] { alias(arn, "B", {{"1", 100}}); }), "StateMachineDeleting");
  EXPECT_EQ(error_of([&] { aliases(arn); }), "StateMachineDeleting");
  EXPECT_EQ(error_of([&] { start(arn + ":PROD", "x"); }), "StateMachineDeleting");
  run(stop_execution, {running, {}, {}});
  EXPECT_EQ(error_of([&] { run(describe_state_machine_alias, {arn + ":PROD"}); }),
            "ResourceNotFound");
  create("flow", waiting(1));
  EXPECT_TRUE(versions(arn).empty());
  EXPECT_TRUE(aliases(arn).empty());
}

TEST_F(VersionsTest, QualifiedArnsWhereNoneIsMeant) {
  std::string arn = with_versions(1);
  UpdateStateMachineInput update;
  update.state_machine_arn = arn + ":1";
  update.definition = one_pass();
  EXPECT_EQ(error_of([&] { run(update_state_machine, update); }), "ValidationException");
  EXPECT_EQ(error_of([&] { run(delete_state_machine, {arn + ":1"}); }), "ValidationException");
  EXPECT_EQ(error_of([&] { publish(arn + ":1"); }), "ValidationException");
  EXPECT_EQ(error_of([&] { versions(arn + ":1"); }), "ValidationException");
  EXPECT_EQ(error_of([&] { run(delete_state_machine_version, {arn}); }), "ValidationException");
  EXPECT_EQ(error_of([&] { run(describe_state_machine_alias, {arn + ":1"}); }),
            "ValidationException");
  EXPECT_EQ(error_of([&] { run(list_tags_for_resource, {arn + ":1"}); }), "ResourceNotFound");
  for (const char* bad : {":", ":1:2", "::1"}) {
    EXPECT_EQ(error_of([&] { start(arn + bad, "x"); }), "InvalidArn") << bad;
  }
}

}  // namespace
}  // namespace trainyard::states
