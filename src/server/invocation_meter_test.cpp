#include "server/invocation_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trainyard::server {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::Pair;

const monitoring::Point& point(const std::vector<monitoring::Point>& points, const char* metric) {
  for (const monitoring::Point& one : points) {
    if (one.metric == metric) return one;
  }
  throw std::out_of_range(metric);
}

TEST(Invocations, CountsByOutcome) {
  Invocations invocations;
  EXPECT_TRUE(invocations.empty());
  for (const int status : {200, 201, 400, 500, 302}) {
    invocations.add(microseconds(1), outcome_of(status));
  }
  invocations.add(microseconds(1), Outcome::no_answer);
  const auto points = invocations.points({});
  EXPECT_THAT(point(points, "Invocations").values, ElementsAre(Pair(1, 6)));
  EXPECT_THAT(point(points, "Invocation4XXErrors").values, ElementsAre(Pair(1, 1), Pair(0, 5)));
  EXPECT_THAT(point(points, "Invocation5XXErrors").values, ElementsAre(Pair(1, 1), Pair(0, 5)));
  EXPECT_THAT(point(points, "InvocationModelErrors").values, ElementsAre(Pair(1, 4), Pair(0, 2)));
}

TEST(Invocations, LatenciesAreATenthOffAtTheMost) {
  for (int64_t nanos = 1; nanos < int64_t{1} << 39; nanos = nanos * 9 / 7 + 1) {
    Invocations invocations;
    invocations.add(nanoseconds(nanos), Outcome::success);
    const auto points = invocations.points({});
    const auto& latency = point(points, "ModelLatency");
    ASSERT_EQ(latency.values.size(), 1u);
    EXPECT_NEAR(latency.values[0].first * 1e3, static_cast<double>(nanos),
                static_cast<double>(nanos) * 0.0626);
    EXPECT_EQ(latency.unit, "Microseconds");
  }
}

TEST(Invocations, WhatTakesForEverIsCountedAsLong) {
  Invocations invocations;
  invocations.add(std::chrono::hours(100), Outcome::no_answer);
  invocations.add(nanoseconds(-1), Outcome::success);
  const auto points = invocations.points({});
  const auto& values = point(points, "ModelLatency").values;
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].first, 0);
  EXPECT_GT(values[1].first, 60e6);
}

TEST(InvocationMeter, IsEmptyOnceTaken) {
  InvocationMeter meter;
  meter.add(microseconds(5), Outcome::success);
  EXPECT_FALSE(meter.take().empty());
  EXPECT_TRUE(meter.take().empty());
}

}  // namespace
}  // namespace trainyard::server
