#include "server/schema.hpp"

#include <vector>

#include "identity/identity.hpp"
#include "services/events/schema.hpp"
#include "services/logs/schema.hpp"
#include "services/monitoring/schema.hpp"
#include "services/s3/schema.hpp"
#include "services/sagemaker/schema.hpp"
#include "services/states/schema.hpp"
#include "store/outbox.hpp"

namespace trainyard::server {
namespace {

std::vector<Migration> collect() {
  std::vector<Migration> all;
  auto add = [&](const auto& migrations) {
    all.insert(all.end(), std::begin(migrations), std::end(migrations));
  };
  add(outbox::kMigrations);
  add(identity::kMigrations);
  add(s3::kMigrations);
  add(logs::kMigrations);
  add(monitoring::kMigrations);
  add(events::kMigrations);
  add(states::kMigrations);
  add(sagemaker::kMigrations);
  return all;
}

}  // namespace

std::span<const Migration> all_migrations() {
  static const std::vector<Migration> all = collect();
  return all;
}

}  // namespace trainyard::server
