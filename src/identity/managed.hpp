// AWS's managed policies, carried by the daemon as data (api/managed-policies).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace trainyard::policy {
struct Document;
}

namespace trainyard::identity {

struct ManagedVersion {
  std::string version;  // "v29"
  std::string document;
  Time created;
  std::shared_ptr<const policy::Document> parsed;
};

struct ManagedPolicy {
  std::string name;
  std::string path;
  std::string arn;  // arn:aws:iam::aws:policy/NAME
  std::string id;   // ANPA…, made from the ARN
  Time created;
  std::vector<ManagedVersion> versions;  // the newest first
  std::size_t chosen = 0;                // of versions: the default one, which counts

  const ManagedVersion& version() const { return versions[chosen]; }
};

/// By name.
const std::vector<ManagedPolicy>& managed_policies();
/// nullptr when the daemon carries no such policy.
const ManagedPolicy* find_managed_policy(std::string_view arn);

/// Makes another version the default. Before the first use by any other thread. SystemError when
/// there is no such policy or version.
void choose_managed_version(std::string_view name, std::string_view version);

/// The files, one text each: generated at build time.
std::span<const std::string_view> managed_policy_texts();

}  // namespace trainyard::identity
