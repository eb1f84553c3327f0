#include "identity/managed.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "policy/document.hpp"

namespace trainyard::identity {
namespace {

constexpr std::size_t kIdLength = 17;  // after the four letters, as AWS's are

/// AWS does not publish the ids of its policies: ours are the same in every installation.
std::string id_of(std::string_view arn) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "ANPA";
  for (unsigned char byte : digest(Digest::sha256, arn).substr(0, kIdLength)) {
    id += kAlphabet[byte % kAlphabet.size()];
  }
  return id;
}

Time time_of(const json::object& source, std::string_view name) {
  Time time;
  TRAINYARD_ASSERT(parse_iso8601(find_string(source, name).value(), time));
  return time;
}

ManagedPolicy read_policy(std::string_view text) {
  const json::value value = parse_own_json(text);
  const json::object& source = value.as_object();
  ManagedPolicy policy;
  policy.name = find_string(source, "PolicyName").value();
  policy.path = find_string(source, "Path").value();
  policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
  policy.id = id_of(policy.arn);
  policy.version = find_string(source, "DefaultVersionId").value();
  policy.created = time_of(source, "CreateDate");
  policy.updated = time_of(source, "UpdateDate");
  const json::object* document = find_object(source, "Document");
  TRAINYARD_ASSERT(document != nullptr);
  policy.document = dump_pretty(*document);
  auto parsed = policy::parse_document(policy.document, policy::Kind::identity);
  TRAINYARD_ASSERT(parsed.has_value());
  policy.parsed = std::make_shared<const policy::Document>(std::move(*parsed));
  return policy;
}

std::vector<ManagedPolicy> read_all() {
  std::vector<ManagedPolicy> policies;
  for (std::string_view text : managed_policy_texts()) policies.push_back(read_policy(text));
  std::sort(policies.begin(), policies.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return policies;
}

}  // namespace

const std::vector<ManagedPolicy>& managed_policies() {
  static const std::vector<ManagedPolicy> policies = read_all();
  return policies;
}

const ManagedPolicy* find_managed_policy(std::string_view arn) {
  for (const ManagedPolicy& policy : managed_policies()) {
    if (policy.arn == arn) return &policy;
  }
  return nullptr;
}

}  // namespace trainyard::identity
