#include "generated/events/operations.hpp"
#include "services/events/deliveries.hpp"
#include "services/events/listeners.hpp"
#include "services/events/pattern.hpp"
#include "services/events/schema.hpp"
#include "services/testing.hpp"

namespace trainyard::events {
namespace {

const Migration kTables[] = {outbox::kMigrations[0], events::kMigrations[0]};
constexpr const char* kRule = "StepFunctionsGetEventsForSageMakerTrainingJobsRule";
constexpr const char* kPattern =
    R"({"source":["aws.sagemaker"],"detail-type":["SageMaker Training Job State Change"]})";
constexpr const char* kIntake = "arn:aws:states:us-east-1:000000000000:task-events";

class Events : public ServiceTest {
 protected:
  Events() : ServiceTest(kTables) {}

  void put_managed() {
    caller.via_service = "states.amazonaws.com";
    caller.by_service = true;
    run(put_rule, {.name = kRule, .event_pattern = kPattern});
    run(put_targets, {.rule = kRule, .targets = {{.id = "StepFunctions", .arn = kIntake}}});
    caller.via_service.clear();
    caller.by_service = false;
  }

  void deliver(const json::object& payload) {
    outbox::Message message;
    message.kind = "events.put";
    message.payload = payload;
    write([&](Call& call) { deliver_event(call, message); });
  }
};

TEST_F(Events, ATrainingJobsEndReachesStepFunctions) {
  put_managed();
  put_managed();  // every state machine does
  json::object payload{{"source", "aws.sagemaker"},
                       {"detail-type", "SageMaker Training Job State Change"},
                       {"resources", {"arn:aws:sagemaker:us-east-1:0:training-job/j"}},
                       {"detail", {{"TrainingJobStatus", "Completed"}}}};
  deliver(payload);
  auto messages = due();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].kind, "states.event");
  EXPECT_EQ(messages[0].key, kRule);
  const json::object& event = messages[0].payload;
  EXPECT_EQ(event.at("version"), "0");
  EXPECT_EQ(event.at("id").as_string().size(), 36u);
  EXPECT_EQ(event.at("account"), "000000000000");
  EXPECT_EQ(event.at("region"), "us-east-1");
  EXPECT_EQ(event.at("time"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(event.at("detail"), payload.at("detail"));
  EXPECT_EQ(event.at("resources"), payload.at("resources"));
  payload["source"] = "aws.ecs";
  deliver(payload);
  EXPECT_EQ(due().size(), 1u);
}

TEST_F(Events, WhoListensIsKnownBeforeTheEvent) {
  auto heard = [&](const char* source, const char* type) {
    return read([&](Call& call) { return listeners(call.txn, source, type); });
  };
  const char* kType = "SageMaker Training Job State Change";
  EXPECT_EQ(heard("aws.sagemaker", kType), Listeners::none);
  put_managed();
  EXPECT_EQ(heard("aws.sagemaker", kType), Listeners::jobs);
  EXPECT_EQ(heard("aws.sagemaker", "Another Change"), Listeners::none);
  EXPECT_EQ(heard("aws.states", kType), Listeners::none);
  run(put_rule, {.name = "mine", .event_pattern = R"({"source":[{"prefix":"aws."}]})"});
  EXPECT_EQ(heard("aws.states", kType), Listeners::none);  // nothing is done with what it matches
  auto target = [&](const char* rule) {
    write([&](Call& call) {
      call.txn.exec("INSERT INTO events_targets(rule, id, arn) VALUES (?, 't', ?)", rule, kIntake);
    });
  };
  target("mine");
  EXPECT_EQ(heard("aws.states", kType), Listeners::others);
  run(put_rule, {.name = "mine", .event_pattern = R"({"detail":{"status":["FAILED"]}})"});
  EXPECT_EQ(heard("aws.states", kType), Listeners::others);
  run(put_rule, {.name = "mine", .event_pattern = R"({"source":["aws."]})", .state = "DISABLED"});
  EXPECT_EQ(heard("aws.", kType), Listeners::none);
}

TEST_F(Events, ManagedRulesAreTheirServices) {
  put_managed();
  auto rule = read([&](Call& call) { return describe_rule(call, {.name = kRule}); });
  EXPECT_EQ(rule.managed_by, "states.amazonaws.com");
  EXPECT_EQ(rule.state, "ENABLED");
  EXPECT_EQ(rule.arn, std::string("arn:aws:events:us-east-1:000000000000:rule/") + kRule);
  EXPECT_EQ(error_of([&] { run(put_rule, {.name = kRule, .event_pattern = kPattern}); }),
            "ManagedRuleException");
  EXPECT_EQ(error_of([&] { run(delete_rule, {.name = kRule}); }), "ManagedRuleException");
  RemoveTargetsInput remove{.rule = kRule, .ids = {"StepFunctions"}};
  EXPECT_EQ(error_of([&] { run(remove_targets, remove); }), "ManagedRuleException");
  EXPECT_EQ(error_of([&] { run(delete_rule, {.name = kRule, .force = true}); }),
            "ValidationException");  // it has targets
  remove.force = true;
  run(remove_targets, remove);
  run(delete_rule, {.name = kRule, .force = true});
  EXPECT_EQ(error_of([&] {
    read([&](Call& call) { return describe_rule(call, {.name = kRule}); });
  }), "ResourceNotFoundException");
  run(delete_rule, {.name = kRule});
}

TEST_F(Events, RulesAndTargets) {
  for (const char* name : {"a1", "a2", "b1"}) {
    run(put_rule, {.name = name, .event_pattern = R"({"source":["x"]})", .state = "DISABLED"});
  }
  ListRulesInput list;
  list.name_prefix = "a";
  list.limit = 1;
  auto page = read([&](Call& call) { return list_rules(call, list); });
  ASSERT_EQ(page.rules->size(), 1u);
  list.next_token = page.next_token;
  page = read([&](Call& call) { return list_rules(call, list); });
  EXPECT_EQ(page.rules->at(0).name, "a2");
  EXPECT_FALSE(page.next_token);

  auto target_error = [&](const std::string& arn, std::string* message) {
    return error_of([&] {
      run(put_targets, {.rule = "a1", .targets = {{.id = "t", .arn = arn}}});
    }, message);
  };
  std::string message;
  EXPECT_EQ(target_error("arn:aws:sqs:us-east-1:000000000000:q", &message), "ValidationException");
  EXPECT_NE(message.find("arn:aws:sqs"), std::string::npos);
  EXPECT_EQ(target_error(kIntake, &message), "ValidationException");  // not for everyone
  put_managed();
  auto targets = read([&](Call& call) { return list_targets_by_rule(call, {.rule = kRule}); });
  EXPECT_EQ(targets.targets->at(0).arn, kIntake);

  auto rule_error = [&](PutRuleInput input) {
    input.name = "r";
    return error_of([&] { run(put_rule, input); });
  };
  EXPECT_EQ(rule_error({}), "ValidationException");
  EXPECT_EQ(rule_error({.schedule_expression = "rate(1 minute)"}), "ValidationException");
  EXPECT_EQ(rule_error({.event_pattern = "{"}), "InvalidEventPatternException");
  EXPECT_EQ(rule_error({.event_pattern = R"({"a":"b"})"}), "InvalidEventPatternException");
  EXPECT_EQ(rule_error({.event_pattern = R"({"a":["b"]})", .event_bus_name = "mine"}),
            "ResourceNotFoundException");
}

TEST_F(Events, EntriesAreTakenOneByOne) {
  PutEventsInput input;
  input.entries.resize(4);
  for (auto& entry : input.entries) {
    entry.source = "my.app";
    entry.detail_type = "t";
    entry.detail = R"({"a":1})";
  }
  input.entries[1].source = "aws.sagemaker";
  input.entries[2].detail = "[]";
  input.entries[3].detail_type.reset();
  auto output = run(put_events, input);
  EXPECT_EQ(output.failed_entry_count, 3);
  EXPECT_TRUE(output.entries->at(0).event_id);
  EXPECT_EQ(output.entries->at(1).error_code, "NotAuthorizedForSourceException");
  EXPECT_EQ(output.entries->at(2).error_code, "MalformedDetail");
  EXPECT_EQ(output.entries->at(3).error_code, "InvalidArgument");
  input.entries[0].detail = "{\"a\":\"" + std::string(300'000, 'x') + "\"}";
  EXPECT_EQ(error_of([&] { run(put_events, input); }), "ValidationException");
}

struct Case {
  const char* pattern;
  const char* event;
  bool matches;
};

TEST(EventPattern, Table) {
  const Case cases[] = {
      {R"({"a":["x"]})", R"({"a":"x"})", true},
      {R"({"a":["x","y"]})", R"({"a":"y"})", true},
      {R"({"a":["x"]})", R"({"a":"X"})", false},
      {R"({"a":["x"]})", R"({})", false},
      {R"({"a":["x"],"b":["y"]})", R"({"a":"x"})", false},
      {R"({"a":[300]})", R"({"a":300.0})", true},
      {R"({"a":[true]})", R"({"a":true})", true},
      {R"({"a":[null]})", R"({"a":null})", true},
      {R"({"a":[null]})", R"({})", false},
      {R"({"a":["x"]})", R"({"a":["w","x"]})", true},
      {R"({"a":{"b":["x"]}})", R"({"a":{"b":"x","c":1}})", true},
      {R"({"a":{"b":["x"]}})", R"({"a":"x"})", false},
      {R"({"a":{"b":["x"],"c":["y"]}})", R"({"a":[{"b":"x"},{"b":"x","c":"y"}]})", true},
      {R"({"a":{"b":["x"],"c":["y"]}})", R"({"a":[{"b":"x"},{"c":"y"}]})", false},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", true},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":1})", false},
      {R"({"a":[{"prefix":{"equals-ignore-case":"AB"}}]})", R"({"a":"abc"})", true},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})", true},
      {R"({"a":[{"suffix":{"equals-ignore-case":".PNG"}}]})", R"({"a":"x.png"})", true},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"png"})", false},
      {R"({"a":[{"equals-ignore-case":"AliCe"}]})", R"({"a":"alice"})", true},
      {R"({"a":[{"wildcard":"a*c*e"}]})", R"({"a":"abcde"})", true},
      {R"({"a":[{"wildcard":"a*c*e"}]})", R"({"a":"abcd"})", false},
      {R"({"a":[{"wildcard":"a\\*c"}]})", R"({"a":"a*c"})", true},
      {R"({"a":[{"wildcard":"a\\*c"}]})", R"({"a":"abc"})", false},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", true},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"x"})", false},
      {R"({"a":[{"anything-but":"x"}]})", R"({})", false},
      {R"({"a":[{"anything-but":[1,2]}]})", R"({"a":2})", false},
      {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"xy"})", false},
      {R"({"a":[{"anything-but":{"suffix":["x","y"]}}]})", R"({"a":"xz"})", true},
      {R"({"a":[{"anything-but":{"equals-ignore-case":["X"]}}]})", R"({"a":"x"})", false},
      {R"({"a":[{"anything-but":{"wildcard":"x*"}}]})", R"({"a":"xy"})", false},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", true},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})", false},
      {R"({"a":[{"numeric":["=",3.018e2]}]})", R"({"a":301.8})", true},
      {R"({"a":[{"numeric":["<",10]}]})", R"({"a":"5"})", false},
      {R"({"a":[{"exists":true}]})", R"({"a":null})", true},
      {R"({"a":[{"exists":true}]})", R"({"b":1})", false},
      {R"({"a":[{"exists":false}]})", R"({"b":1})", true},
      {R"({"a":[{"exists":false}]})", R"({"a":1})", false},
      {R"({"a":{"b":[{"exists":false}]}})", R"({})", true},
      {R"({"a":[{"exists":false},"x"]})", R"({"a":"x"})", true},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.0.255"})", true},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.1.0"})", false},
      {R"({"a":[{"cidr":"2001:db8::/32"}]})", R"({"a":"2001:db8:1::1"})", true},
      {R"({"a":[{"cidr":"0.0.0.0/0"}]})", R"({"a":"::1"})", false},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"y"})", true},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}],"c":["z"]})", R"({"b":"y"})", false},
      {R"({"d":{"$or":[{"a":["x"]},{"b":[{"numeric":["<",1]}]}]}})", R"({"d":{"b":0}})", true},
  };
  for (const Case& c : cases) {
    json::value pattern = parse_own_json(c.pattern);
    EXPECT_EQ(pattern_fault(pattern), std::nullopt) << c.pattern;
    EXPECT_EQ(matches(pattern.as_object(), parse_own_json(c.event).as_object()), c.matches)
        << c.pattern << " " << c.event;
  }
}

TEST(EventPattern, Faults) {
  for (const char* bad : {
           R"([])", R"({})", R"("x")", R"({"a":"x"})", R"({"a":1})", R"({"a":[]})", R"({"a":{}})",
           R"({"a":[["x"]]})", R"({"a":[{}]})", R"({"a":[{"prefix":1}]})",
           R"({"a":[{"prefix":"x","suffix":"y"}]})", R"({"a":[{"no-such":"x"}]})",
           R"({"a":[{"numeric":["<"]}]})", R"({"a":[{"numeric":["!",1]}]})",
           R"({"a":[{"numeric":["<",1,">",0]}]})", R"({"a":[{"numeric":[">",5,"<",1]}]})",
           R"({"a":[{"numeric":["<","1"]}]})", R"({"a":[{"exists":1}]})",
           R"({"a":[{"cidr":"10.0.0.0"}]})", R"({"a":[{"cidr":"10.0.0.0/33"}]})",
           R"({"a":[{"anything-but":[]}]})", R"({"a":[{"anything-but":{"numeric":["<",1]}}]})",
           R"({"a":[{"wildcard":"a**b"}]})", R"({"$or":[{"a":["x"]}]})", R"({"$or":{"a":["x"]}})",
           R"({"$or":["x","y"]})"}) {
    EXPECT_TRUE(pattern_fault(parse_own_json(bad))) << bad;
  }
}

}  // namespace
}  // namespace trainyard::events
