// Policy documents (IAM User Guide, "Grammar of the IAM JSON policy language"), parsed once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/condition.hpp"
#include "policy/pattern.hpp"

namespace trainyard::policy {

enum class Effect { allow, deny };

/// What a document is attached to, and so what it may and must say.
enum class Kind {
  identity,  // users, roles, sessions: actions and resources, no principal
  trust,     // a role's AssumeRolePolicyDocument: principals and sts:AssumeRole, no resource
  resource,  // a bucket and the like: all three
};

struct Principals {
  bool everyone = false;             // "*"
  std::vector<std::string> aws;      // account ids, ARNs, "*"
  std::vector<std::string> services;
  std::vector<std::string> others;   // Federated, CanonicalUser: nobody here
};

struct Statement {
  std::string sid;
  Effect effect = Effect::deny;
  bool not_actions = false;
  std::vector<Pattern> actions;  // in lower case
  bool not_resources = false;
  std::vector<Pattern> resources;  // empty: any (trust policies)
  bool not_principals = false;
  std::optional<Principals> principals;
  std::vector<Condition> conditions;
};

struct Document {
  std::string version = "2008-10-17";  // what a document without one means
  std::string id;
  std::vector<Statement> statements;
};

/// The document, or nullopt with `error` set to the text of AWS's MalformedPolicyDocument.
std::optional<Document> parse_document(std::string_view text, Kind kind,
                                       std::string* error = nullptr);

/// What counts towards size quotas: characters that are not white space.
std::size_t size_without_space(std::string_view text);

}  // namespace trainyard::policy
