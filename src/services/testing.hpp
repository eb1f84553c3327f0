// For tests of services: a store in a folder of its own, a clock and a seed moved by hand, and a
// door that the test answers.
#pragma once

#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "services/open_door.hpp"
#include "store/blobs.hpp"
#include "store/segments.hpp"

namespace trainyard {

/// Records each call and answers as the test says (an empty object unless told).
class FakeDoor final : public OpenDoor {
 public:
  struct Invocation {
    Caller principal;
    std::string service, operation;
    json::object input;
    wire::JsonForm form = wire::JsonForm::service;
  };
  std::function<json::object(const Invocation&)> answer;
  /// Asked first; nullopt leaves it to `answer`.
  std::function<std::optional<json::object>(Call&, const Invocation&)> handle;
  std::vector<Invocation> invocations;
  Listeners heard_by = Listeners::jobs;
  std::optional<std::set<std::string, std::less<>>> named_errors;  // nullopt: every code is named

  json::object invoke(Call& call, const Caller& principal, std::string_view service,
                      std::string_view operation, const json::object& input,
                      wire::JsonForm form) override {
    invocations.push_back({principal, std::string(service), std::string(operation), input, form});
    const Invocation made = invocations.back();
    if (auto handled = handle ? handle(call, made) : std::nullopt) return std::move(*handled);
    return answer ? answer(made) : json::object{};
  }
  std::string_view error_shape(std::string_view, std::string_view code) const override {
    return !named_errors || named_errors->contains(code) ? code : std::string_view();
  }
  Listeners listeners(Call&, std::string_view, std::string_view) const override {
    return heard_by;
  }
};

/// The tables of several components, for a test's store.
template <class... Lists>
std::vector<Migration> all_tables(const Lists&... lists) {
  std::vector<Migration> all;
  (all.insert(all.end(), std::begin(lists), std::end(lists)), ...);
  return all;
}

/// What a handler needs, on a virtual clock. Every write runs twice (Store::set_rerun_writes): a
/// handler with an effect outside of its transaction fails its tests.
class ServiceTest : public ::testing::Test {
 protected:
  explicit ServiceTest(std::span<const Migration> migrations) : store(dir.path(), migrations) {
    store.set_rerun_writes(true);
    site.data_dir = dir.path();
    site.url = "http://127.0.0.1:4566";
    caller.account = site.account;
    caller.arn = "arn:aws:iam::" + site.account + ":root";
    caller.user_id = site.account;
  }

  /// Runs `work(Call&)` in a write transaction and returns what it returns.
  template <class Work>
  auto write(Work work) {
    return store.write([&](Txn& txn) {
      Call call = make_call(txn);
      return work(call);
    });
  }
  template <class Work>
  auto read(Work work) {
    return store.read([&](Txn& txn) {
      Call call = make_call(txn);
      return work(call);
    });
  }
  /// The handler's output, or the ApiError that it throws.
  template <class Output, class Input>
  Output run(Output (*handler)(Call&, const Input&), const std::type_identity_t<Input>& input) {
    return write([&](Call& call) { return handler(call, input); });
  }
  /// The same for a handler of mode stream or later.
  template <class Output, class Input>
  Output stream(Output (*handler)(StreamCall&, const Input&),
                const std::type_identity_t<Input>& input) {
    StreamCall call{store,    caller, clock, random,  site,       blobs,
                    segments, router, door,  request, "request-1"};
    return handler(call, input);
  }
  /// The code of the ApiError that `work` throws; "" when it throws none.
  template <class Work>
  std::string error_of(Work work, std::string* message = nullptr) {
    try {
      work();
    } catch (const ApiError& error) {
      if (message) *message = error.message();
      return error.code();
    }
    return "";
  }
  /// Messages of the outbox that are due now, oldest first.
  std::vector<outbox::Message> due() {
    return store.read([&](Txn& txn) { return outbox::due(txn, clock.now(), 1000); });
  }

  Call make_call(Txn& txn) {
    return Call{txn, caller, clock.now(), random, site, door, blobs, segments, "request-1"};
  }

  TempDir dir;
  ManualClock clock;
  SeededRandom random{1};
  Site site;
  Caller caller;
  FakeDoor door;
  Store store;
  Blobs blobs{dir.path() / "blobs"};
  Segments segments{dir.path() / "segments"};
  class NoRouter final : public InstanceRouter {
    std::unique_ptr<Invoked> invoke(Invocation) override {
      throw SystemError("no instances here");
    }
  } router;
  http::Request request;
};

}  // namespace trainyard
