#include "server/deliveries.hpp"

#include <gmock/gmock.h>

#include "server/agent_door.hpp"
#include "server/data_plane.hpp"
#include "server/outside_calls.hpp"
#include "server/schema.hpp"
#include "server/server_testing.hpp"
#include "services/sagemaker/attempt_rows.hpp"
#include "services/testing.hpp"

namespace trainyard::server {
namespace {

using testing::ElementsAre;

class DeliveriesTest : public ServiceTest {
 protected:
  DeliveriesTest() : ServiceTest(all_migrations()) {
    store.set_rerun_writes(false);
    fs::create_directories(dir.path() / "run/attempts");
  }
  sagemaker::Attempt submitted() {
    return write([&](Call& call) {
      sagemaker::Attempt attempt;
      attempt.owner = "job";
      sagemaker::insert_attempt(call, attempt, {"algo-1"});
      sagemaker::submit_attempt(call, attempt, {"algo-1"}, {});
      return attempt;
    });
  }
  void perform(std::string_view kind) {
    for (const auto& message : due()) {
      if (message.kind == kind) deliveries.outside.find(message.kind)->second(message);
    }
  }

  NotingExecutor executor;
  Parts parts{store, clock, random, site, blobs, segments, door, executor};
  compute::ImageStore images{dir.path()};
  AgentDoor agents{parts, images, [](http::Request&) { return http::Response(); }, nullptr};
  InvocationMeters meters{store, segments, clock};
  DataPlane data_plane{store, executor, random, site, meters};
  OutsideCalls calls{parts, data_plane};
  Deliveries deliveries = all_deliveries(parts, agents, calls);
};

TEST_F(DeliveriesTest, AStartThatWasPutOffComesAfterItsStopAndStopsAllTheSame) {
  auto attempt = submitted();
  write([&](Call& call) { sagemaker::cancel_attempt(call, attempt); });
  perform("compute.cancel");
  executor.asked.clear();  // there was nothing yet to stop
  perform("compute.submit");
  EXPECT_THAT(executor.asked, ElementsAre("submit " + attempt.id, "cancel " + attempt.id));
}

TEST_F(DeliveriesTest, AStartThatNobodyStopsIsOne) {
  auto attempt = submitted();
  perform("compute.submit");
  EXPECT_THAT(executor.asked, ElementsAre("submit " + attempt.id));
}

}  // namespace
}  // namespace trainyard::server
