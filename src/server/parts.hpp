// What outlives a request: built once in daemon.cpp, handed down by reference.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "compute/executor.hpp"
#include "services/call.hpp"
#include "store/blobs.hpp"
#include "store/segments.hpp"
#include "store/store.hpp"

namespace trainyard::server {

struct Parts {
  Store& store;
  Clock& clock;
  Random& random;  // safe for many threads
  const Site& site;
  Blobs& blobs;
  Segments& segments;
  Door& door;
  compute::Executor& executor;
};

/// A call inside `txn`, as `caller`, now.
inline Call make_call(const Parts& parts, Txn& txn, const Caller& caller,
                      std::string request_id = {}) {
  if (request_id.empty()) request_id = parts.random.uuid();
  return Call{txn,        caller,         parts.clock.now(), parts.random,
              parts.site, parts.door,     parts.blobs,       parts.segments,
              std::move(request_id)};
}

/// The daemon itself, for deliveries that act for nobody else. Services never authorise as this.
inline Caller own_caller(const Site& site) {
  Caller caller;
  caller.kind = PrincipalKind::root;
  caller.account = site.account;
  caller.arn = "arn:aws:iam::" + site.account + ":root";
  caller.user_id = site.account;
  caller.via_service = "trainyard.internal";
  return caller;
}

}  // namespace trainyard::server
