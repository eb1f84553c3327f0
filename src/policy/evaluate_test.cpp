#include "policy/evaluate.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace trainyard::policy {
namespace {

using Verdict = Decision::Verdict;

Document identity(const std::string& statements) {
  std::string error;
  auto document = parse_document(R"({"Version":"2012-10-17","Statement":[)" + statements + "]}",
                                 Kind::identity, &error);
  EXPECT_TRUE(document.has_value()) << error;
  return document.value();
}

Decision decide(const std::vector<Document>& documents, std::string_view action,
                std::string_view resource, const Context& context = {}) {
  std::vector<const Document*> pointers;
  for (const Document& document : documents) pointers.push_back(&document);
  return evaluate(pointers, {action, resource, &context, nullptr});
}

const char* kRead = R"({"Sid":"Read","Effect":"Allow","Action":["s3:Get*","s3:List?ucket"],
                        "Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"]})";

TEST(Evaluate, Table) {
  struct {
    const char* action;
    const char* resource;
    Verdict verdict;
    const char* sid;
  } rows[] = {
      {"s3:GetObject", "arn:aws:s3:::data/x/y", Verdict::allowed, "Read"},
      {"S3:GETOBJECT", "arn:aws:s3:::data/x", Verdict::allowed, "Read"},
      {"s3:ListBucket", "arn:aws:s3:::data", Verdict::allowed, "Read"},
      {"s3:GetObject", "arn:aws:s3:::DATA/x", Verdict::implicitly_denied, ""},
      {"s3:PutObject", "arn:aws:s3:::data/x", Verdict::implicitly_denied, ""},
      {"s3:GetObject", "arn:aws:s3:::data/secret", Verdict::denied, "Deny"},
      {"iam:GetRole", "arn:aws:iam::1:role/secret", Verdict::denied, "Deny"},
      {"s3:ListAllMyBuckets", "*", Verdict::implicitly_denied, ""},
  };
  std::vector<Document> documents = {
      identity(kRead), identity(R"({"Sid":"Deny","Effect":"Deny","Action":"*",
                                    "Resource":"arn:aws:*:*:*:*secret"})")};
  for (const auto& row : rows) {
    Decision decision = decide(documents, row.action, row.resource);
    EXPECT_EQ(decision.verdict, row.verdict) << row.action << " " << row.resource;
    EXPECT_EQ(decision.statement ? decision.statement->sid : "", row.sid) << row.action;
    EXPECT_EQ(decision.document, decision.denied() ? 1U : 0U);
  }
  EXPECT_EQ(decide({}, "s3:GetObject", "*").verdict, Verdict::implicitly_denied);
}

TEST(Evaluate, NotActionAndNotResource) {
  std::vector<Document> documents = {identity(
      R"({"Effect":"Allow","NotAction":["iam:*","sts:*"],"NotResource":"arn:aws:s3:::closed*"})")};
  EXPECT_TRUE(decide(documents, "s3:GetObject", "arn:aws:s3:::open/x").allowed());
  EXPECT_FALSE(decide(documents, "IAM:GetRole", "arn:aws:iam::1:role/r").allowed());
  EXPECT_FALSE(decide(documents, "s3:GetObject", "arn:aws:s3:::closed/x").allowed());
}

TEST(Evaluate, AMissingVariableOpensNothing) {
  Context context;
  context.set("k", "v");
  auto verdict = [&](const std::string& effect, const std::string& rest) {
    std::string statement = R"({"Effect":")" + effect + R"(","Action":"*",)" + rest + "}";
    return decide({identity(statement)}, "s3:GetObject", "arn:aws:s3:::b/k", context).verdict;
  };
  for (const char* rest : {R"("NotResource":"arn:aws:s3:::${aws:username}")",
                           R"("Resource":"*","Condition":{"StringNotLike":{"k":"${aws:none}"}})"}) {
    EXPECT_EQ(verdict("Allow", rest), Verdict::implicitly_denied) << rest;
    EXPECT_EQ(verdict("Deny", rest), Verdict::denied) << rest;
  }
  const char* kNamed = R"("Resource":"arn:aws:s3:::${aws:username}*")";
  EXPECT_EQ(verdict("Allow", kNamed), Verdict::implicitly_denied);
  EXPECT_EQ(verdict("Deny", kNamed), Verdict::implicitly_denied);
}

TEST(Evaluate, ConditionsAreAllMet) {
  std::vector<Document> documents = {identity(
      R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{
          "StringEquals":{"iam:PassedToService":["sagemaker.amazonaws.com","glue.amazonaws.com"]},
          "Bool":{"aws:ViaAWSService":true}}})")};
  Context context;
  context.set("iam:PassedToService", "sagemaker.amazonaws.com");
  EXPECT_FALSE(decide(documents, "iam:PassRole", "*", context).allowed());
  context.set("aws:ViaAWSService", "true");
  EXPECT_TRUE(decide(documents, "iam:PassRole", "*", context).allowed());
  context.set("iam:PassedToService", "states.amazonaws.com");
  EXPECT_FALSE(decide(documents, "iam:PassRole", "*", context).allowed());
}

TEST(Evaluate, VariablesNeedTheNewVersion) {
  Context context;
  context.set("aws:username", "alice");
  const char* kStatement =
      R"({"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::h/${aws:username}"})";
  Principal alice{"1", "arn:aws:iam::1:user/alice", "", ""};
  for (const char* version : {"2012-10-17", "2008-10-17"}) {
    auto document = parse_document(
        std::string(R"({"Version":")") + version + R"(","Statement":)" + kStatement + "}",
        Kind::resource);
    const Document* documents[] = {&document.value()};
    Request request{"s3:GetObject", "arn:aws:s3:::h/alice", &context, &alice};
    EXPECT_EQ(evaluate(documents, request).allowed(), version == std::string("2012-10-17"));
  }
}

/// Random small policies over a small world, so that statements often meet.
class Worlds {
 public:
  std::string statement() {
    const char* effects[] = {"Allow", "Allow", "Deny"};
    const char* actions[] = {"*", "s3:*", "s3:Get*", "s3:GetObject", "iam:*"};
    const char* resources[] = {"*", "arn:aws:s3:::a*", "arn:aws:s3:::*b", "arn:aws:s3:::ab"};
    const char* conditions[] = {"", R"(,"Condition":{"StringEquals":{"k":"v"}})",
                                R"(,"Condition":{"StringNotEquals":{"k":"v"}})"};
    return std::string(R"({"Effect":")") + pick(effects) + R"(",")" +
           (random_.below(4) ? "" : "Not") + R"(Action":")" + pick(actions) + R"(",")" +
           (random_.below(4) ? "" : "Not") + R"(Resource":")" + pick(resources) + "\"" +
           pick(conditions) + "}";
  }
  std::string_view action() {
    const char* actions[] = {"s3:GetObject", "s3:PutObject", "iam:GetRole"};
    return pick(actions);
  }
  std::string_view resource() {
    const char* resources[] = {"arn:aws:s3:::ab", "arn:aws:s3:::a", "arn:aws:s3:::b", "*"};
    return pick(resources);
  }
  Context context() {
    Context context;
    if (random_.below(2)) context.set("k", random_.below(2) ? "v" : "w");
    return context;
  }
  uint64_t below(uint64_t bound) { return random_.below(bound); }

 private:
  template <std::size_t Size>
  const char* pick(const char* (&choices)[Size]) {
    return choices[random_.below(Size)];
  }
  SeededRandom random_{11};
};

TEST(Evaluate, AddingADenyNeverAllowsAndAddingAnAllowNeverDenies) {
  Worlds worlds;
  for (int i = 0; i < 3000; ++i) {
    std::vector<Document> documents;
    for (uint64_t n = worlds.below(4); n > 0; --n) {
      documents.push_back(identity(worlds.statement()));
    }
    std::string_view action = worlds.action(), resource = worlds.resource();
    Context context = worlds.context();
    Verdict before = decide(documents, action, resource, context).verdict;
    Document added = identity(worlds.statement());
    documents.push_back(added);
    Verdict after = decide(documents, action, resource, context).verdict;
    if (added.statements[0].effect == Effect::deny) {
      ASSERT_TRUE(after == before || after == Verdict::denied);
    } else {
      ASSERT_EQ(after == Verdict::denied, before == Verdict::denied);
      ASSERT_TRUE(before != Verdict::allowed || after == Verdict::allowed);
    }
  }
}

TEST(Evaluate, OrderDoesNotMatter) {
  Worlds worlds;
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> statements;
    for (int n = 0; n < 4; ++n) statements.push_back(worlds.statement());
    std::string_view action = worlds.action(), resource = worlds.resource();
    Context context = worlds.context();
    auto verdict = [&] {
      std::vector<Document> together = {identity(statements[0] + "," + statements[1]),
                                        identity(statements[2] + "," + statements[3])};
      return decide(together, action, resource, context).verdict;
    };
    Verdict first = verdict();
    std::rotate(statements.begin(), statements.begin() + 1 + worlds.below(3), statements.end());
    std::swap(statements[0], statements[worlds.below(4)]);
    ASSERT_EQ(verdict(), first);
  }
}

TEST(Naming, Table) {
  Principal user{"1", "arn:aws:iam::1:user/alice", "", ""};
  Principal session{"1", "arn:aws:sts::1:assumed-role/r/s", "arn:aws:iam::1:role/p/r", ""};
  Principal service{"", "", "", "states.amazonaws.com"};
  auto aws = [](const char* name) { return Principals{false, {name}, {}, {}}; };
  struct {
    Principals named;
    Naming user, session, service;
  } rows[] = {
      {{true, {}, {}, {}}, Naming::itself, Naming::role, Naming::itself},
      {aws("*"), Naming::itself, Naming::role, Naming::none},
      {aws("1"), Naming::account, Naming::account, Naming::none},
      {aws("arn:aws:iam::1:root"), Naming::account, Naming::account, Naming::none},
      {aws("arn:aws:iam::2:root"), Naming::none, Naming::none, Naming::none},
      {aws("arn:aws:iam::1:user/alice"), Naming::itself, Naming::none, Naming::none},
      {aws("arn:aws:iam::1:role/p/r"), Naming::none, Naming::role, Naming::none},
      {aws("arn:aws:sts::1:assumed-role/r/s"), Naming::none, Naming::itself, Naming::none},
      {{false, {}, {"states.amazonaws.com"}, {}}, Naming::none, Naming::none, Naming::itself},
      {{false, {}, {"states.us-east-1.amazonaws.com"}, {}}, Naming::none, Naming::none,
       Naming::itself},
      {{false, {}, {"states.evil.amazonaws.com"}, {}}, Naming::none, Naming::none, Naming::none},
      {{false, {}, {"sagemaker.amazonaws.com"}, {}}, Naming::none, Naming::none, Naming::none},
      {{false, {}, {}, {"cognito-identity.amazonaws.com"}}, Naming::none, Naming::none,
       Naming::none},
  };
  int index = 0;
  for (const auto& row : rows) {
    EXPECT_EQ(naming(row.named, user), row.user) << index;
    EXPECT_EQ(naming(row.named, session), row.session) << index;
    EXPECT_EQ(naming(row.named, service), row.service) << index;
    ++index;
  }
}

TEST(Evaluate, NotPrincipalMeansEverybodyElse) {
  auto document = parse_document(
      R"({"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
          {"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::000000000001:user/a",
           "arn:aws:iam::000000000001:root"]},"Action":"*","Resource":"*"}]})",
      Kind::resource);
  ASSERT_TRUE(document.has_value());
  const Document* documents[] = {&*document};
  Context context;
  for (auto [account, allowed] : {std::pair("000000000001", true), {"000000000002", false}}) {
    Principal principal{account, std::string("arn:aws:iam::") + account + ":user/a", "", ""};
    Request request{"s3:GetObject", "arn:aws:s3:::b", &context, &principal};
    EXPECT_EQ(evaluate(documents, request).allowed(), allowed) << account;
  }
}

}  // namespace
}  // namespace trainyard::policy
