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

/// False when there is no such version.
bool choose(ManagedPolicy& policy, std::string_view version) {
  for (std::size_t i = 0; i < policy.versions.size(); ++i) {
    if (policy.versions[i].version != version) continue;
    policy.chosen = i;
    return true;
  }
  return false;
}

ManagedVersion read_version(const json::object& source, std::string_view id_member,
                            std::string_view date_member) {
  ManagedVersion version;
  version.version = find_string(source, id_member).value();
  version.created = time_of(source, date_member);
  const json::object* document = find_object(source, "Document");
  TRAINYARD_ASSERT(document != nullptr);
  version.document = dump_pretty(*document);
  auto parsed = policy::parse_document(version.document, policy::Kind::identity);
  TRAINYARD_ASSERT(parsed.has_value());
  version.parsed = std::make_shared<const policy::Document>(std::move(*parsed));
  return version;
}

ManagedPolicy read_policy(const json::object& source) {
  ManagedPolicy policy;
  policy.name = find_string(source, "PolicyName").value();
  policy.path = find_string(source, "Path").value();
  policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
  policy.id = id_of(policy.arn);
  policy.created = time_of(source, "CreateDate");
  policy.versions.push_back(read_version(source, "DefaultVersionId", "UpdateDate"));
  return policy;
}

/// "v9" before "v18".
bool newer(const ManagedVersion& a, const ManagedVersion& b) {
  return std::pair(a.version.size(), a.version) > std::pair(b.version.size(), b.version);
}

std::vector<ManagedPolicy> read_all() {
  std::vector<json::value> sources;
  for (std::string_view text : managed_policy_texts()) sources.push_back(parse_own_json(text));
  std::vector<ManagedPolicy> policies;
  for (const json::value& source : sources) {
    if (!source.as_object().contains("VersionId")) {
      policies.push_back(read_policy(source.as_object()));
    }
  }
  std::sort(policies.begin(), policies.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  // Files of older versions.
  for (const json::value& value : sources) {
    const json::object& source = value.as_object();
    if (!source.contains("VersionId")) continue;
    auto policy = std::find_if(policies.begin(), policies.end(), [&](const auto& one) {
      return one.name == find_string(source, "PolicyName").value();
    });
    TRAINYARD_ASSERT(policy != policies.end());
    const std::string current = policy->version().version;
    const std::string added = find_string(source, "VersionId").value();
    policy->versions.push_back(read_version(source, "VersionId", "CreateDate"));
    std::sort(policy->versions.begin(), policy->versions.end(), newer);
    choose(*policy, source.contains("Default") ? added : current);
  }
  return policies;
}

std::vector<ManagedPolicy>& all_policies() {
  static std::vector<ManagedPolicy> policies = read_all();
  return policies;
}

}  // namespace

const std::vector<ManagedPolicy>& managed_policies() { return all_policies(); }

const ManagedPolicy* find_managed_policy(std::string_view arn) {
  for (const ManagedPolicy& policy : managed_policies()) {
    if (policy.arn == arn) return &policy;
  }
  return nullptr;
}

void choose_managed_version(std::string_view name, std::string_view version) {
  for (ManagedPolicy& policy : all_policies()) {
    if (policy.name != name) continue;
    if (choose(policy, version)) return;
    std::string known;
    for (const auto& one : policy.versions) known += (known.empty() ? "" : ", ") + one.version;
    throw SystemError(policy.name + " has no version " + std::string(version) + ", only " + known);
  }
  throw SystemError("there is no managed policy " + std::string(name) + " here");
}

}  // namespace trainyard::identity
