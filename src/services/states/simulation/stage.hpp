// Where runs take place: a store with a role, and time and chance that are the run's own. One stage
// serves one run after the other; each leaves it empty.
#pragma once

#include <memory>

#include "services/call.hpp"
#include "store/blobs.hpp"
#include "store/segments.hpp"

namespace trainyard::states::simulation {

class Stage {
 public:
  Stage();

  /// After a run that was broken off: everything is as at first.
  void renew();
  /// The store of a daemon that was killed is opened by the next one.
  void restart();
  void set_rerun_writes(bool rerun);
  /// Runs `work(Call&)` in a write transaction, at the time and with the chance given.
  template <class Work>
  auto write(Door& door, Time now, Random& random, Work work) {
    return store_->write([&](Txn& txn) {
      Call call = make_call(txn, door, now, random);
      return work(call);
    });
  }
  template <class Work>
  auto read(Work work) {
    return store_->read(work);
  }

  const std::string& role_arn() const { return role_arn_; }

 private:
  void add_role();
  void close();
  Call make_call(Txn& txn, Door& door, Time now, Random& random) {
    return Call{txn, caller_, now, random, site_, door, *blobs_, *segments_, "request"};
  }

  TempDir dir_;
  Site site_;
  Caller caller_;
  std::string role_arn_;
  bool rerun_writes_ = false;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Blobs> blobs_;
  std::unique_ptr<Segments> segments_;
};

}  // namespace trainyard::states::simulation
