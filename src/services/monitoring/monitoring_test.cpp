#include <cmath>

#include <gmock/gmock.h>

#include "generated/monitoring/operations.hpp"
#include "services/monitoring/append.hpp"
#include "services/monitoring/data.hpp"
#include "services/monitoring/schema.hpp"
#include "services/testing.hpp"

namespace trainyard::monitoring {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;

const std::vector<Migration> kTables = all_tables(outbox::kMigrations, monitoring::kMigrations);

class Monitoring : public ServiceTest {
 protected:
  Monitoring() : ServiceTest(kTables) {}

  static Dimension dimension(std::string name, std::string value) {
    Dimension made;
    made.name = std::move(name);
    made.value = std::move(value);
    return made;
  }

  static MetricDatum datum(double value, const std::string& name = "loss") {
    MetricDatum made;
    made.metric_name = name;
    made.value = value;
    return made;
  }

  void put(std::vector<MetricDatum> data, const std::string& name_space = "ns") {
    PutMetricDataInput input;
    input.namespace_ = name_space;
    input.metric_data = std::move(data);
    put(input);
  }
  void put(const PutMetricDataInput& input) {
    stream(put_metric_data, input);
  }
  std::string put_error(const std::function<void(MetricDatum&)>& change) {
    MetricDatum one = datum(1);
    change(one);
    return error_of([&] { put({one}); });
  }

  using Change = std::function<void(GetMetricStatisticsInput&)>;
  GetMetricStatisticsOutput statistics(const Change& change = {}) {
    GetMetricStatisticsInput input;
    input.namespace_ = "ns";
    input.metric_name = "loss";
    input.start_time = clock.now() - hours(1);
    input.end_time = clock.now() + hours(1);
    input.period = 60;
    input.statistics = {"Average", "SampleCount"};
    if (change) change(input);
    return read([&](Call& call) { return get_metric_statistics(call, input); });
  }
  /// "average*count unit" of each point.
  std::vector<std::string> points(const Change& change = {}) {
    std::vector<std::string> shown;
    const GetMetricStatisticsOutput found = statistics(change);
    for (const Datapoint& point : *found.datapoints) {
      shown.push_back(dump(json::value(*point.average)) + "*" +
                      dump(json::value(*point.sample_count)) + " " + *point.unit);
    }
    return shown;
  }

  ListMetricsOutput list(const std::function<void(ListMetricsInput&)>& change = {}) {
    ListMetricsInput input;
    if (change) change(input);
    return read([&](Call& call) { return list_metrics(call, input); });
  }
  std::vector<std::string> names(const std::function<void(ListMetricsInput&)>& change = {}) {
    std::vector<std::string> shown;
    const ListMetricsOutput found = list(change);
    for (const Metric& metric : *found.metrics) shown.push_back(*metric.metric_name);
    return shown;
  }
};

TEST_F(Monitoring, StatisticsOfWhatWasPut) {
  put({datum(1), datum(3)});
  MetricDatum set = datum(0);
  set.value.reset();
  set.statistic_values.emplace();
  set.statistic_values->sample_count = 2;
  set.statistic_values->sum = 16;
  set.statistic_values->maximum = 12;
  set.statistic_values->minimum = 4;
  MetricDatum values = datum(0);
  values.value.reset();
  values.values = {5, 7};
  values.counts = {1, 3};
  values.unit = "Seconds";
  put({set, values, datum(100, "other")});
  put({datum(100)}, "elsewhere");
  MetricDatum dimensioned = datum(100);
  dimensioned.dimensions = {dimension("a", "1")};
  put({dimensioned});
  EXPECT_THAT(points(), ElementsAre("5.0*4.0 None", "6.5*4.0 Seconds"));
  EXPECT_THAT(points([](auto& input) { input.unit = "Seconds"; }), ElementsAre("6.5*4.0 Seconds"));
  EXPECT_THAT(points([&](auto& input) { input.end_time = clock.now(); }), ElementsAre());
  EXPECT_THAT(points([](auto& input) { input.metric_name = "none"; }), ElementsAre());
  EXPECT_THAT(points([&](auto& input) { input.dimensions = {dimension("a", "1")}; }),
              ElementsAre("100.0*1.0 None"));
  auto percentiles = statistics([](auto& input) {
    input.statistics.reset();
    input.extended_statistics = {"p50", "p100"};
    input.unit = "Seconds";
  });
  EXPECT_EQ(percentiles.label, "loss");
  EXPECT_THAT(*percentiles.datapoints->front().extended_statistics,
              ElementsAre(std::pair("p100", 7.0), std::pair("p50", 7.0)));
}

TEST_F(Monitoring, DimensionsHaveNoOrder) {
  MetricDatum one = datum(1), other = datum(3);
  one.dimensions = {dimension("a", "1"), dimension("b", "2")};
  other.dimensions = {dimension("b", "2"), dimension("a", "1")};
  put({one, other});
  EXPECT_THAT(points([&](auto& input) { input.dimensions = one.dimensions; }),
              ElementsAre("2.0*2.0 None"));
  EXPECT_THAT(names(), ElementsAre("loss"));
}

TEST_F(Monitoring, WrongDataAreRefused) {
  const std::pair<const char*, std::function<void(MetricDatum&)>> cases[] = {
      {"MissingParameter", [](MetricDatum& d) { d.value.reset(); }},
      {"InvalidParameterCombination", [](MetricDatum& d) { d.values = {1}; }},
      {"InvalidParameterCombination",
       [](MetricDatum& d) { d.value.reset(); d.values = {1, 2}; d.counts = {1}; }},
      {"InvalidParameterValue", [](MetricDatum& d) { d.value = std::nan(""); }},
      {"InvalidParameterValue", [](MetricDatum& d) { d.value = 1e109; }},
      {"InvalidParameterValue",
       [](MetricDatum& d) { d.value.reset(); d.values = {1}; d.counts = {0}; }},
      {"InvalidParameterValue",
       [](MetricDatum& d) { d.value.reset(); d.values = std::vector<double>(151, 1); }},
      {"InvalidParameterValue", [&](MetricDatum& d) { d.timestamp = clock.now() - days(15); }},
      {"InvalidParameterValue", [&](MetricDatum& d) { d.timestamp = clock.now() + hours(3); }},
      {"InvalidParameterValue", [](MetricDatum& d) { d.storage_resolution = 30; }},
      {"InvalidParameterValue",
       [](MetricDatum& d) { d.dimensions = {dimension("a", "1"), dimension("a", "2")}; }},
      {"InvalidParameterValue",
       [](MetricDatum& d) {
         d.value.reset();
         d.statistic_values.emplace();
         d.statistic_values->sample_count = 0;
       }},
  };
  for (const auto& [code, change] : cases) EXPECT_EQ(put_error(change), code);
  EXPECT_EQ(error_of([&] { put({datum(1)}, "AWS/S3"); }), "InvalidParameterValue");
  EXPECT_EQ(error_of([&] { put(std::vector<MetricDatum>{}); }), "MissingParameter");
  EXPECT_EQ(error_of([&] { put(std::vector(1001, datum(1))); }), "InvalidParameterValue");
  EXPECT_THAT(names(), ElementsAre());  // all or nothing
}

TEST_F(Monitoring, WrongQuestionsAreRefused) {
  const std::pair<const char*, Change> cases[] = {
      {"InvalidParameterValue", [](auto& input) { input.end_time = input.start_time; }},
      {"InvalidParameterValue", [](auto& input) { input.period = 61; }},
      {"InvalidParameterCombination", [](auto& input) { input.statistics.reset(); }},
      {"InvalidParameterCombination", [](auto& input) { input.extended_statistics = {"p50"}; }},
      {"InvalidParameterCombination",
       [](auto& input) { input.start_time = input.end_time - days(2); }},
      {"InvalidParameterValue",
       [](auto& input) { input.statistics.reset(); input.extended_statistics = {"Sum"}; }},
  };
  for (const auto& [code, change] : cases) {
    EXPECT_EQ(error_of([&] { statistics(change); }), code);
  }
  std::string message;
  error_of([&] { statistics([](auto& input) { input.period = 1; }); }, &message);
  EXPECT_EQ(message, "You have requested up to 7,200 datapoints, which exceeds the limit of 1,440. "
                     "You may reduce the datapoints requested by increasing Period, or decreasing "
                     "the time range.");
}

/// Data of other metrics of the namespace are passed as well, and count.
TEST_F(Monitoring, LooksThroughABoundedNumberOfRecords) {
  put({datum(1), datum(2, "accuracy"), datum(3, "accuracy")});
  auto sum = [&](int64_t records) {
    double all = 0;
    read([&](Call& call) {
      each_datum(call, {"ns", "loss", dimensions_key({})}, clock.now() - hours(1),
                 clock.now() + hours(1), records,
                 [&](const Datum& found) { all += found.values.at(0).first; });
    });
    return all;
  };
  EXPECT_EQ(sum(3), 1);
  EXPECT_EQ(error_of([&] { sum(2); }), "ValidationError");
}

TEST_F(Monitoring, AgentsReportsComeTwice) {
  const json::value values = parse_own_json(
      R"([{"name": "loss", "value": 0.5, "timestamp": 1700000000000},
          {"name": "loss", "value": 0.25, "timestamp": 1700000001000}])");
  auto source = [](const std::string& writer, int64_t first) {
    return Source{"/aws/sagemaker/TrainingJobs", {{"TrainingJobName", "job"}}, writer, first};
  };
  auto report = [&](const std::string& host, int64_t first) {
    append_from_agent(store, segments, clock.now(), source("attempt/" + host, first),
                      values.as_array());
  };
  report("algo-1", 0);
  report("algo-1", 0);
  report("algo-2", 0);
  report("algo-1", 2);
  EXPECT_THAT(points([](auto& input) {
    input.namespace_ = "/aws/sagemaker/TrainingJobs";
    input.dimensions = {dimension("TrainingJobName", "job")};
  }), ElementsAre("0.375*6.0 None"));
  for (const char* wrong : {R"([1])", R"([{"name": "loss", "value": "1"}])", R"([{"value": 1}])"}) {
    const json::value bad = parse_own_json(wrong);
    EXPECT_EQ(error_of([&] {
      append_from_agent(store, segments, clock.now(), source("w", 0), bad.as_array());
    }), "InvalidParameterValue");
  }
}

TEST_F(Monitoring, ListsByFilterAndPage) {
  std::vector<MetricDatum> data;
  for (int i = 0; i < 501; ++i) {
    data.push_back(datum(1, "m" + std::to_string(1000 + i)));
    data.back().dimensions = {dimension("job", i % 2 ? "odd" : "even"), dimension("host", "h")};
  }
  put(data);
  put({datum(1, "z")}, "other");
  auto first = list();
  EXPECT_EQ(first.metrics->size(), 500u);
  EXPECT_THAT(names([&](auto& input) { input.next_token = first.next_token; }),
              ElementsAre("m1500", "z"));
  EXPECT_EQ(error_of([&] {
    list([&](auto& input) { input.next_token = first.next_token; input.namespace_ = "ns"; });
  }), "InvalidParameterValue");
  EXPECT_THAT(names([](auto& input) { input.namespace_ = "other"; }), ElementsAre("z"));
  auto filtered = [&](std::optional<std::string> value) {
    return names([&](auto& input) {
      input.dimensions.emplace(1);
      input.dimensions->front().name = "job";
      input.dimensions->front().value = value;
    }).size();
  };
  EXPECT_EQ(filtered("odd"), 250u);
  EXPECT_EQ(filtered("even"), 251u);
  EXPECT_EQ(filtered(std::nullopt), 500u);
  clock.advance(hours(4));
  put({datum(1, "m1000")}, "other");
  EXPECT_THAT(names([](auto& input) { input.recently_active = "PT3H"; }), ElementsAre("m1000"));
  clock.advance(days(14));
  EXPECT_THAT(names(), ElementsAre("m1000"));
}

TEST_F(Monitoring, MetricDataInPages) {
  for (int i = 0; i < 3; ++i) {
    put({datum(i), datum(10 * i, "other")});
    clock.advance(minutes(1));
  }
  GetMetricDataInput input;
  input.start_time = clock.now() - hours(1);
  input.end_time = clock.now() + hours(1);
  input.scan_by = "TimestampAscending";
  input.max_datapoints = 2;
  for (const char* name : {"loss", "none", "other"}) {
    MetricDataQuery& query = input.metric_data_queries.emplace_back();
    query.id = name;
    query.metric_stat.emplace();
    query.metric_stat->metric.namespace_ = "ns";
    query.metric_stat->metric.metric_name = name;
    query.metric_stat->period = 60;
    query.metric_stat->stat = "Maximum";
  }
  std::vector<std::string> shown;
  do {
    auto page = read([&](Call& call) { return get_metric_data(call, input); });
    shown.push_back("page");
    for (const MetricDataResult& result : *page.metric_data_results) {
      std::string line = *result.id + " " + *result.status_code;
      for (double value : *result.values) line += " " + std::to_string(static_cast<int>(value));
      shown.push_back(line);
    }
    input.next_token = page.next_token;
  } while (input.next_token);
  EXPECT_THAT(shown, ElementsAre("page", "loss PartialData 0 1", "none Complete", "page",
                                 "loss Complete 2", "other PartialData 0", "page",
                                 "other Complete 10 20"));
  input.next_token = "made up";
  auto error = [&] {
    return error_of([&] { read([&](Call& call) { return get_metric_data(call, input); }); });
  };
  EXPECT_EQ(error(), "InvalidNextToken");
  input.next_token.reset();
  input.metric_data_queries[1].expression = "loss * 2";
  EXPECT_EQ(error(), "ValidationError");
}

}  // namespace
}  // namespace trainyard::monitoring
