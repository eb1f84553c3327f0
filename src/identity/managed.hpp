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

struct ManagedPolicy {
  std::string name;
  std::string path;
  std::string arn;  // arn:aws:iam::aws:policy/NAME
  std::string id;   // ANPA…, made from the ARN
  std::string version;  // "v29"
  std::string document;
  Time created;
  Time updated;
  std::shared_ptr<const policy::Document> parsed;
};

/// By name.
const std::vector<ManagedPolicy>& managed_policies();
/// nullptr when the daemon carries no such policy.
const ManagedPolicy* find_managed_policy(std::string_view arn);

/// The files, one text each: generated at build time.
std::span<const std::string_view> managed_policy_texts();

}  // namespace trainyard::identity
