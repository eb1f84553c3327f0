#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/arn.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "policy/document.hpp"

namespace trainyard::policy {
namespace {

constexpr std::string_view kCurrentVersion = "2012-10-17";
constexpr std::string_view kOldVersion = "2008-10-17";
constexpr const char* kSyntax = "Syntax errors in policy.";

/// The text of a refusal, on its way to parse_document.
struct Refusal {
  std::string text;
};

[[noreturn]] void refuse(std::string text) { throw Refusal{std::move(text)}; }

/// Wrong types and unknown members have one text, whatever they are.
void require_syntax(bool ok) {
  if (!ok) refuse(kSyntax);
}

template <std::size_t Size>
void require_members(const json::object& object, const std::string_view (&known)[Size]) {
  for (const auto& member : object) {
    require_syntax(std::find(std::begin(known), std::end(known), member.key()) != std::end(known));
  }
}

/// A string, or an array of strings.
std::vector<std::string> strings(const json::value& value) {
  std::vector<std::string> out;
  if (const auto* text = value.if_string()) return {to_std(*text)};
  require_syntax(value.is_array());
  for (const auto& element : value.get_array()) {
    require_syntax(element.is_string());
    out.push_back(to_std(element.get_string()));
  }
  return out;
}

/// Condition values may be written as JSON booleans and numbers, too.
std::vector<std::string> condition_values(const json::value& value) {
  std::vector<std::string> out;
  auto add = [&](const json::value& scalar) {
    require_syntax(scalar.is_string() || scalar.is_bool() || scalar.is_number());
    out.push_back(scalar.is_string() ? to_std(scalar.get_string()) : dump(scalar));
  };
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) add(element);
  } else {
    add(value);
  }
  return out;
}

void check_action(const std::string& action) {
  if (action == "*") return;
  auto parts = split(action, ':');
  if (parts.size() == 1) {
    refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  if (parts.size() > 2) refuse("Actions/Condition can contain only one colon.");
  bool valid = std::all_of(parts[0].begin(), parts[0].end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.';
  });
  if (!valid && parts[0] != "*") refuse(fmt::format("Vendor {} is not valid", parts[0]));
}

void check_resource(const std::string& resource) {
  constexpr std::string_view kPartitions[] = {"aws",       "aws-cn",    "aws-us-gov", "aws-iso",
                                              "aws-iso-b", "aws-iso-e", "aws-iso-f",  "*"};
  if (resource == "*") return;
  if (resource.find(':') == std::string::npos) {
    refuse(fmt::format("Resource {} must be in ARN format or \"*\".", resource));
  }
  auto arn = parse_arn(resource);
  if (!arn) refuse("The policy failed legacy parsing");
  if (std::find(std::begin(kPartitions), std::end(kPartitions), arn->partition) ==
      std::end(kPartitions)) {
    refuse(fmt::format("Partition \"{}\" is not valid for resource \"{}\".", arn->partition,
                       resource));
  }
  if (arn->service == "iam" && !arn->region.empty() && arn->region != "*") {
    refuse(fmt::format("IAM resource {} cannot contain region information.", resource));
  }
  if (arn->service == "s3" && !arn->region.empty() && !arn->resource.starts_with("accesspoint/")) {
    refuse(fmt::format("Resource {} can not contain region information.", resource));
  }
}

[[noreturn]] void refuse_principal(std::string_view type, std::string_view name) {
  refuse(fmt::format("Invalid principal in policy: \"{}\":\"{}\"", type, name));
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_aws_principal(const std::string& name) {
  if (name == "*" || is_account(name)) return;
  auto arn = parse_arn(name);
  bool known = arn && is_account(arn->account) && arn->region.empty() &&
               name.find('*') == std::string::npos;
  auto begins = [&](std::string_view prefix) { return arn->resource.starts_with(prefix); };
  known = known && ((arn->service == "iam" &&
                     (arn->resource == "root" || begins("user/") || begins("role/"))) ||
                    (arn->service == "sts" &&
                     (begins("assumed-role/") || begins("federated-user/"))));
  if (!known) refuse_principal("AWS", name);
}

void check_service_principal(const std::string& name) {
  bool valid = name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn");
  for (unsigned char c : name) valid = valid && (std::isalnum(c) || c == '-' || c == '.');
  if (!valid) refuse_principal("SERVICE", name);
}

Principals parse_principals(const json::value& value, Kind kind) {
  Principals principals;
  if (value.is_string()) {
    std::string name = to_std(value.get_string());
    // Only services can be meant beside AWS principals, and nobody trusts all of them.
    if (name != "*" || kind == Kind::trust) refuse_principal("STAR", name);
    principals.everyone = true;
    return principals;
  }
  require_syntax(value.is_object());
  for (const auto& member : value.get_object()) {
    auto names = strings(member.value());
    if (member.key() == "AWS") {
      std::for_each(names.begin(), names.end(), check_aws_principal);
      principals.aws = std::move(names);
    } else if (member.key() == "Service") {
      std::for_each(names.begin(), names.end(), check_service_principal);
      principals.services = std::move(names);
    } else {
      require_syntax(member.key() == "Federated" || member.key() == "CanonicalUser");
      principals.others.insert(principals.others.end(), names.begin(), names.end());
    }
  }
  if (principals.aws.empty() && principals.services.empty() && principals.others.empty()) {
    refuse("Invalid principal in policy: the statement names no principals");
  }
  return principals;
}

/// A statement in the making, with what its document and kind demand.
class StatementParser {
 public:
  StatementParser(const json::object& source, Kind kind, bool variables)
      : source_(source), kind_(kind), variables_(variables) {}

  Statement parse() {
    static constexpr std::string_view kMembers[] = {
        "Sid",      "Effect",      "Action",    "NotAction",    "Resource",
        "NotResource", "Principal", "NotPrincipal", "Condition"};
    require_members(source_, kMembers);
    parse_effect();
    parse_actions();
    parse_resources();
    parse_principals_of();
    parse_conditions();
    return std::move(statement_);
  }

 private:
  const json::value* member(std::string_view name, std::string_view negated, bool& is_negated) {
    const json::value* plain = find(source_, name);
    const json::value* other = find(source_, negated);
    require_syntax(plain == nullptr || other == nullptr);
    is_negated = other != nullptr;
    return plain ? plain : other;
  }

  void parse_effect() {
    if (const auto* sid = find(source_, "Sid")) {
      require_syntax(sid->is_string());
      statement_.sid = to_std(sid->get_string());
    }
    auto effect = find_string(source_, "Effect");
    require_syntax(effect == "Allow" || effect == "Deny");
    statement_.effect = effect == "Allow" ? Effect::allow : Effect::deny;
  }

  void parse_actions() {
    const auto* value = member("Action", "NotAction", statement_.not_actions);
    auto names = value ? strings(*value) : std::vector<std::string>();
    if (names.empty()) refuse("Policy statement must contain actions.");
    for (const std::string& name : names) {
      check_action(name);
      if (kind_ == Kind::trust) check_trust_action(name);
      statement_.actions.emplace_back(to_lower(name), false);
    }
  }

  void check_trust_action(const std::string& name) const {
    static constexpr std::string_view kAllowed[] = {
        "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
        "sts:SetContext", "sts:SetSourceIdentity",  "sts:TagSession"};
    bool known = std::any_of(std::begin(kAllowed), std::end(kAllowed),
                             [&](std::string_view allowed) { return iequals(name, allowed); });
    if (!known || statement_.not_actions) {
      refuse("AssumeRole policy may only specify STS AssumeRole actions.");
    }
  }

  void parse_resources() {
    const auto* value = member("Resource", "NotResource", statement_.not_resources);
    if (kind_ == Kind::trust) {
      if (value != nullptr) refuse("Has prohibited field Resource");
      return;
    }
    auto names = value ? strings(*value) : std::vector<std::string>();
    if (names.empty()) refuse("Policy statement must contain resources.");
    for (std::string& name : names) {
      check_resource(name);
      statement_.resources.emplace_back(std::move(name), variables_);
    }
  }

  void parse_principals_of() {
    const auto* value = member("Principal", "NotPrincipal", statement_.not_principals);
    if (kind_ == Kind::identity) {
      if (value != nullptr) refuse("Policy document should not specify a principal.");
      return;
    }
    if (value == nullptr) refuse("Missing required field Principal");
    statement_.principals = parse_principals(*value, kind_);
  }

  void parse_conditions() {
    const auto* value = find(source_, "Condition");
    if (value == nullptr) return;
    require_syntax(value->is_object());
    for (const auto& block : value->get_object()) {
      auto op = parse_operator(block.key());
      require_syntax(op && block.value().is_object());
      for (const auto& entry : block.value().get_object()) {
        Condition condition{*op, std::string(entry.key()), {}};
        for (std::string& text : condition_values(entry.value())) {
          condition.values.emplace_back(std::move(text), variables_);
        }
        statement_.conditions.push_back(std::move(condition));
      }
    }
  }

  const json::object& source_;
  Kind kind_;
  bool variables_;
  Statement statement_;
};

void check_sids(const std::vector<Statement>& statements) {
  std::set<std::string_view> seen;
  for (const Statement& statement : statements) {
    if (statement.sid.empty()) continue;
    bool plain = std::all_of(statement.sid.begin(), statement.sid.end(),
                             [](unsigned char c) { return std::isalnum(c) != 0; });
    if (!plain) {
      refuse("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
             "regular expression [0-9A-Za-z]*");
    }
    if (!seen.insert(statement.sid).second) {
      refuse("Statement IDs (SID) in a single policy must be unique.");
    }
  }
}

Document parse(const json::object& source, Kind kind) {
  static constexpr std::string_view kMembers[] = {"Version", "Id", "Statement"};
  require_members(source, kMembers);
  Document document;
  if (const auto* version = find(source, "Version")) {
    require_syntax(version->is_string());
    document.version = to_std(version->get_string());
    require_syntax(document.version == kCurrentVersion || document.version == kOldVersion);
  }
  if (const auto* id = find(source, "Id")) {
    require_syntax(id->is_string());
    document.id = to_std(id->get_string());
  }
  if (kind == Kind::identity && document.version != kCurrentVersion) {
    refuse("Policy document must be version 2012-10-17 or greater.");
  }
  const auto* statements = find(source, "Statement");
  require_syntax(statements != nullptr);
  auto add = [&](const json::value& statement) {
    require_syntax(statement.is_object());
    StatementParser parser(statement.get_object(), kind, document.version == kCurrentVersion);
    document.statements.push_back(parser.parse());
  };
  if (const auto* array = statements->if_array()) {
    require_syntax(!array->empty());
    for (const auto& statement : *array) add(statement);
  } else {
    add(*statements);
  }
  if (kind == Kind::identity) check_sids(document.statements);
  return document;
}

}  // namespace

std::optional<Document> parse_document(std::string_view text, Kind kind, std::string* error) {
  try {
    auto value = parse_json(text);
    if (!value) refuse(kind == Kind::trust ? "This policy contains invalid Json" : kSyntax);
    require_syntax(value->is_object());
    return parse(value->get_object(), kind);
  } catch (const Refusal& refusal) {
    if (error != nullptr) *error = refusal.text;
    return std::nullopt;
  }
}

std::size_t size_without_space(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](unsigned char c) { return !std::isspace(c); }));
}

}  // namespace trainyard::policy
