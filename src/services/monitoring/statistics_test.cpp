#include "services/monitoring/statistics.hpp"

#include <gmock/gmock.h>

namespace trainyard::monitoring {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
const Time kMidnight = from_millis(20'000 * kDayMs);

Datum values(Time at, std::vector<std::pair<double, double>> list, std::string unit = "None") {
  return {at, std::move(unit), std::move(list), std::nullopt};
}

Datum set(Time at, Summary summary) { return {at, "None", {}, summary}; }

double value(const Bucket& bucket, const char* name) {
  return bucket.value(*parse_statistic(name)).value_or(-1);
}

TEST(Statistics, OfABucket) {
  Bucket bucket;
  bucket.add(values(kMidnight, {{4, 1}, {1, 2}}));
  bucket.add(values(kMidnight, {{2, 1}}));
  EXPECT_EQ(value(bucket, "SampleCount"), 4);
  EXPECT_EQ(value(bucket, "Sum"), 8);
  EXPECT_EQ(value(bucket, "Average"), 2);
  EXPECT_EQ(value(bucket, "Minimum"), 1);
  EXPECT_EQ(value(bucket, "Maximum"), 4);
  // The samples 1 1 2 4.
  EXPECT_EQ(value(bucket, "p0"), 1);
  EXPECT_EQ(value(bucket, "p50"), 1.5);
  EXPECT_EQ(value(bucket, "p75"), 2.5);
  EXPECT_EQ(value(bucket, "p100"), 4);
  bucket.add(set(kMidnight, {2, 6, 3, 3}));  // as good as its two samples
  EXPECT_EQ(value(bucket, "p100"), 4);
  EXPECT_EQ(value(bucket, "p60"), 3);
  bucket.add(set(kMidnight, {2, 20, -10, 30}));
  EXPECT_EQ(value(bucket, "Average"), 34.0 / 8);
  EXPECT_EQ(value(bucket, "Minimum"), -10);
  EXPECT_EQ(value(bucket, "Maximum"), 30);
  EXPECT_EQ(bucket.value(*parse_statistic("p50")), std::nullopt);
}

TEST(Statistics, Names) {
  for (const char* known : {"SampleCount", "Average", "Sum", "Minimum", "Maximum", "p0", "p100",
                            "p99.9", "p0.0000000001"}) {
    EXPECT_TRUE(parse_statistic(known)) << known;
  }
  for (const char* other : {"", "p", "P50", "p-1", "p-0", "p101", "p100.1", "p5x", "pnan", "pinf",
                            "p1e1", "average", "tm99", "p50.00000000001"}) {
    EXPECT_FALSE(parse_statistic(other)) << other;
  }
}

TEST(Statistics, ByPeriodAndUnit) {
  Periods periods(kMidnight, minutes(5));
  periods.add(values(kMidnight, {{1, 1}}));
  periods.add(values(kMidnight + minutes(5) - Duration(1), {{3, 1}}));
  periods.add(values(kMidnight + minutes(5), {{10, 1}}));
  periods.add(values(kMidnight + minutes(5), {{20, 1}}, "Seconds"));
  periods.add(values(kMidnight - Duration(1), {{100, 1}}));  // before it all
  std::vector<std::string> shown;
  for (const auto& [key, bucket] : periods.buckets()) {
    shown.push_back(std::to_string((key.first - kMidnight) / seconds(1)) + " " + key.second + " " +
                    std::to_string(static_cast<int>(value(bucket, "Sum"))));
  }
  EXPECT_THAT(shown, testing::ElementsAre("0 None 4", "300 None 10", "300 Seconds 20"));
}

TEST(Statistics, StartsAreRoundedDown) {
  const Time now = kMidnight + days(100);
  struct Case {
    Duration ago;
    Duration period;
    Duration expected;  // ago, rounded
  };
  const Case cases[] = {
      {minutes(3) + seconds(7), minutes(1), minutes(4)},
      {minutes(3) + seconds(7), minutes(5), minutes(4)},
      {seconds(7), seconds(5), seconds(10)},
      {seconds(7), seconds(1), seconds(7)},
      {days(15), minutes(1), days(15)},
      {days(15) + minutes(1), minutes(1), days(15) + minutes(5)},
      {days(63) + minutes(1), minutes(1), days(63) + minutes(60)},
  };
  for (const Case& one : cases) {
    EXPECT_EQ((now - round_start(now - one.ago, one.period, now)).count(),
              Duration(one.expected).count());
  }
  const Time before = from_millis(-1);  // 1969 is rounded down too
  EXPECT_EQ(round_start(before, minutes(1), from_millis(0)), from_millis(-60'000));
}

}  // namespace
}  // namespace trainyard::monitoring
