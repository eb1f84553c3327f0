#include "services/states/simulation/stage.hpp"

#include "identity/identity.hpp"
#include "identity/roles.hpp"
#include "services/states/schema.hpp"
#include "services/states/simulation/world.hpp"

namespace trainyard::states::simulation {
namespace {

std::span<const Migration> migrations() {
  static const std::vector<Migration> all = [] {
    std::vector<Migration> list;
    auto add = [&](auto& some) { list.insert(list.end(), std::begin(some), std::end(some)); };
    add(outbox::kMigrations);
    add(identity::kMigrations);
    add(states::kMigrations);
    add(World::kMigrations);
    return list;
  }();
  return all;
}

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
    R"("Principal":{"Service":"states.amazonaws.com"}}]})";

}  // namespace

Stage::Stage() {
  site_.data_dir = dir_.path();
  site_.url = "http://127.0.0.1:4566";
  caller_.account = site_.account;
  caller_.arn = "arn:aws:iam::" + site_.account + ":root";
  caller_.user_id = site_.account;
  role_arn_ = "arn:aws:iam::" + site_.account + ":role/Flow";
  restart();
  add_role();
}

void Stage::renew() {
  close();
  for (const auto& entry : fs::directory_iterator(dir_.path())) fs::remove_all(entry);
  restart();
  add_role();
}

void Stage::add_role() {
  store_->write([&](Txn& txn) {
    identity::Role role;
    role.name = "Flow";
    role.arn = role_arn_;
    role.id = "AROAFlow";
    role.trust = kTrust;
    identity::insert_role(txn, role);
  });
}

void Stage::close() {
  segments_.reset();
  blobs_.reset();
  store_.reset();
}

void Stage::restart() {
  close();
  store_ = std::make_unique<Store>(dir_.path(), migrations(), Durability::of_process);
  store_->set_rerun_writes(rerun_writes_);
  blobs_ = std::make_unique<Blobs>(dir_.path() / "blobs");
  segments_ = std::make_unique<Segments>(dir_.path() / "segments");
}

void Stage::set_rerun_writes(bool rerun) {
  rerun_writes_ = rerun;
  store_->set_rerun_writes(rerun);
}

}  // namespace trainyard::states::simulation
