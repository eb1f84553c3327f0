#include <gtest/gtest.h>

#include "base/text.hpp"
#include "policy/document.hpp"

namespace trainyard::policy {
namespace {

std::string refusal(const std::string& text, Kind kind) {
  std::string error;
  return parse_document(text, kind, &error) ? "" : error;
}

/// Quotes are written as ' in the tables.
std::string quoted(const std::string& text) { return replace_all(text, "'", "\""); }

std::string identity(const std::string& statement) {
  return quoted("{'Version':'2012-10-17','Statement':[" + statement + "]}");
}

TEST(Parse, IdentityDocuments) {
  constexpr const char* kSyntax = "Syntax errors in policy.";
  struct {
    const char* text;
    const char* error;
  } rows[] = {
      {"", kSyntax},
      {"{", kSyntax},
      {"[]", kSyntax},
      {"{}", "Policy document must be version 2012-10-17 or greater."},
      {"{'Version':'2012-10-17'}", kSyntax},
      {"{'Version':'2012-10-17','Statement':[]}", kSyntax},
      {"{'Version':'2012-10-17','Statement':['x']}", kSyntax},
      {"{'Version':'2012-10-18','Statement':[]}", kSyntax},
      {"{'Version':20121017,'Statement':[]}", kSyntax},
      {"{'Version':'2012-10-17','Extra':1,'Statement':[]}", kSyntax},
      {"{'Version':'2008-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*'}}",
       "Policy document must be version 2012-10-17 or greater."},
      {"{'Version':'2012-10-17','Id':'x','Statement':"
       "{'Effect':'Allow','Action':'*','Resource':'*'}}", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(refusal(quoted(row.text), Kind::identity), row.error) << row.text;
  }
}

TEST(Parse, IdentityStatements) {
  constexpr const char* kSyntax = "Syntax errors in policy.";
  struct {
    const char* statement;
    const char* error;
  } rows[] = {
      {"{'Effect':'Allow','Action':['s3:*','*'],'Resource':['*','arn:aws:s3:::a/*']}", ""},
      {"{'Effect':'Deny','NotAction':'iam:*','NotResource':'arn:aws:iam::*:role/*'}", ""},
      {"{'Effect':'allow','Action':'*','Resource':'*'}", kSyntax},
      {"{'Action':'*','Resource':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':1,'Resource':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':[1],'Resource':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':'*','NotAction':'*','Resource':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','NotResource':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Extra':'*'}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Condition':[]}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'Like':{'a':'b'}}}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'Bool':'b'}}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'Bool':{'b':{}}}}", kSyntax},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'Bool':{'b':[true,'x',1]}}}",
       ""},
      {"{'Effect':'Allow','Resource':'*'}", "Policy statement must contain actions."},
      {"{'Effect':'Allow','Action':[],'Resource':'*'}", "Policy statement must contain actions."},
      {"{'Effect':'Allow','Action':'*'}", "Policy statement must contain resources."},
      {"{'Effect':'Allow','Action':'*','Resource':[]}", "Policy statement must contain resources."},
      {"{'Effect':'Allow','Action':'GetObject','Resource':'*'}",
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
      {"{'Effect':'Allow','Action':'s3:a:b','Resource':'*'}",
       "Actions/Condition can contain only one colon."},
      {"{'Effect':'Allow','Action':'s_3:a','Resource':'*'}", "Vendor s_3 is not valid"},
      {"{'Effect':'Allow','Action':'*','Resource':'bucket'}",
       "Resource bucket must be in ARN format or \"*\"."},
      {"{'Effect':'Allow','Action':'*','Resource':'arn:aws:iam:1:user/x'}",
       "The policy failed legacy parsing"},
      {"{'Effect':'Allow','Action':'*','Resource':'arn:moon:s3:::b'}",
       "Partition \"moon\" is not valid for resource \"arn:moon:s3:::b\"."},
      {"{'Effect':'Allow','Action':'*','Resource':'arn:aws:iam:eu-west-1:1:user/x'}",
       "IAM resource arn:aws:iam:eu-west-1:1:user/x cannot contain region information."},
      {"{'Effect':'Allow','Action':'*','Resource':'arn:aws:s3:eu-west-1::b'}",
       "Resource arn:aws:s3:eu-west-1::b can not contain region information."},
      {"{'Effect':'Allow','Action':'*','Resource':'*','Principal':'*'}",
       "Policy document should not specify a principal."},
      {"{'Sid':'A','Effect':'Allow','Action':'*','Resource':'*'},"
       "{'Sid':'A','Effect':'Deny','Action':'*','Resource':'*'}",
       "Statement IDs (SID) in a single policy must be unique."},
      {"{'Sid':'a b','Effect':'Allow','Action':'*','Resource':'*'}",
       "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
       "expression [0-9A-Za-z]*"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(refusal(identity(row.statement), Kind::identity), row.error) << row.statement;
  }
}

TEST(Parse, TrustDocuments) {
  struct {
    const char* text;
    const char* error;
  } rows[] = {
      {"{", "This policy contains invalid Json"},
      {"{'Statement':{'Effect':'Allow','Principal':{'Service':'states.amazonaws.com'},"
       "'Action':'sts:AssumeRole'}}", ""},
      {"{'Version':'2008-10-17','Statement':[{'Sid':'','Effect':'Allow','Principal':{'AWS':"
       "['000000000000','arn:aws:iam::000000000000:root','*']},'Action':['sts:AssumeRole',"
       "'sts:TagSession']}]}", ""},
      {"{'Statement':{'Effect':'Allow','Principal':{'Service':'states.amazonaws.com'},"
       "'Action':'sts:AssumeRole','Resource':'*'}}", "Has prohibited field Resource"},
      {"{'Statement':{'Effect':'Allow','Action':'sts:AssumeRole'}}",
       "Missing required field Principal"},
      {"{'Statement':{'Effect':'Allow','Principal':{},'Action':'sts:AssumeRole'}}",
       "Invalid principal in policy: the statement names no principals"},
      {"{'Statement':{'Effect':'Allow','Principal':'*','Action':'sts:AssumeRole'}}",
       "Invalid principal in policy: \"STAR\":\"*\""},
      {"{'Statement':{'Effect':'Allow','Principal':{'AWS':'alice'},'Action':'sts:AssumeRole'}}",
       "Invalid principal in policy: \"AWS\":\"alice\""},
      {"{'Statement':{'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::000000000000:role/*'},"
       "'Action':'sts:AssumeRole'}}",
       "Invalid principal in policy: \"AWS\":\"arn:aws:iam::000000000000:role/*\""},
      {"{'Statement':{'Effect':'Allow','Principal':{'Service':'states'},"
       "'Action':'sts:AssumeRole'}}",
       "Invalid principal in policy: \"SERVICE\":\"states\""},
      {"{'Statement':{'Effect':'Allow','Principal':{'Who':'x'},'Action':'sts:AssumeRole'}}",
       "Syntax errors in policy."},
      {"{'Statement':{'Effect':'Allow','Principal':{'AWS':'*'},'Action':'*'}}",
       "AssumeRole policy may only specify STS AssumeRole actions."},
      {"{'Statement':{'Effect':'Allow','Principal':{'AWS':'*'},'NotAction':'sts:TagSession'}}",
       "AssumeRole policy may only specify STS AssumeRole actions."},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(refusal(quoted(row.text), Kind::trust), row.error) << row.text;
  }
}

TEST(Parse, SizeCountsNoWhiteSpace) {
  EXPECT_EQ(size_without_space(" {\n\t\"a\" : 1 }\r\n"), 7U);
}

TEST(Parse, SurvivesWhateverComes) {  // truncations and bent bytes: an answer, never an end
  std::string text = identity(
      "{'Sid':'A','Effect':'Allow','Action':['s3:*'],'Resource':'arn:aws:s3:::${a, 'b'}',"
      "'Condition':{'ForAnyValue:StringLikeIfExists':{'k':['v',true]}}}");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(refusal(text.substr(0, length), Kind::identity), "");
    for (char c : {'"', '{', '[', '\\', '\0', '\xff'}) {
      std::string bent = text;
      bent[length] = c;
      (void)refusal(bent, Kind::identity);
      (void)refusal(bent, Kind::trust);
      (void)refusal(bent, Kind::resource);
    }
  }
}

}  // namespace
}  // namespace trainyard::policy
