#include "base/text.hpp"
#include "generated/logs/operations.hpp"
#include "services/logs/append.hpp"
#include "services/logs/deliveries.hpp"
#include "services/logs/pattern.hpp"
#include "services/logs/schema.hpp"
#include "services/paging.hpp"
#include "services/testing.hpp"

namespace trainyard::logs {
namespace {

const std::vector<Migration> kTables = all_tables(outbox::kMigrations, logs::kMigrations);

class Logs : public ServiceTest {
 protected:
  Logs() : ServiceTest(kTables) {}

  void make(const std::string& group, const std::vector<std::string>& streams) {
    run(create_log_group, {.log_group_name = group});
    for (const auto& stream : streams) {
      run(create_log_stream, {.log_group_name = group, .log_stream_name = stream});
    }
  }

  PutLogEventsOutput put(const std::string& stream,
                         const std::vector<std::pair<int64_t, std::string>>& events) {
    PutLogEventsInput input;
    input.log_group_name = "group";
    input.log_stream_name = stream;
    for (const auto& [after, message] : events) {
      input.log_events.push_back({to_millis(clock.now()) + after, message});
    }
    return ServiceTest::stream(put_log_events, input);
  }

  GetLogEventsOutput get(const std::string& stream,
                         const std::function<void(GetLogEventsInput&)>& change = {}) {
    GetLogEventsInput input;
    input.log_group_name = "group";
    input.log_stream_name = stream;
    if (change) change(input);
    return read([&](Call& call) { return get_log_events(call, input); });
  }

  FilterLogEventsOutput filter(const std::function<void(FilterLogEventsInput&)>& change = {}) {
    FilterLogEventsInput input;
    input.log_group_name = "group";
    if (change) change(input);
    return read([&](Call& call) { return filter_log_events(call, input); });
  }

  template <class Output>
  static std::string text(const Output& output) {
    std::string all;
    for (const auto& event : *output.events) all += *event.message + " ";
    return all;
  }

  int64_t at(int64_t after) { return to_millis(clock.now()) + after; }
};

TEST_F(Logs, GroupsAndStreams) {
  make("group", {"job/algo-2", "job/algo-1", "other"});
  make("/aws/sagemaker/TrainingJobs", {});
  EXPECT_EQ(error_of([&] { make("group", {}); }), "ResourceAlreadyExistsException");
  EXPECT_EQ(error_of([&] {
    run(create_log_stream, {.log_group_name = "group", .log_stream_name = "other"});
  }), "ResourceAlreadyExistsException");
  EXPECT_EQ(error_of([&] {
    run(create_log_stream, {.log_group_name = "none", .log_stream_name = "s"});
  }), "ResourceNotFoundException");

  DescribeLogGroupsInput groups;
  groups.limit = 1;
  auto page = read([&](Call& call) { return describe_log_groups(call, groups); });
  EXPECT_EQ(page.log_groups->at(0).log_group_name, "/aws/sagemaker/TrainingJobs");
  EXPECT_EQ(page.log_groups->at(0).arn,
            "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/TrainingJobs:*");
  groups.next_token = page.next_token;
  page = read([&](Call& call) { return describe_log_groups(call, groups); });
  EXPECT_EQ(page.log_groups->at(0).log_group_name, "group");
  EXPECT_FALSE(page.next_token);

  DescribeLogStreamsInput streams;
  streams.log_group_name = "group";
  streams.log_stream_name_prefix = "job/";
  streams.limit = 2;
  auto listed = read([&](Call& call) { return describe_log_streams(call, streams); });
  ASSERT_EQ(listed.log_streams->size(), 2u);
  EXPECT_EQ(listed.log_streams->at(0).log_stream_name, "job/algo-1");
  EXPECT_FALSE(listed.log_streams->at(0).last_event_timestamp);
  EXPECT_FALSE(listed.next_token);  // a token with the last page would be asked with for ever

  put("other", {{5, "x"}});
  put("job/algo-2", {{1, "x"}, {9, "y"}});
  for (bool descending : {false, true}) {
    DescribeLogStreamsInput by_time;
    by_time.log_group_identifier = "arn:aws:logs:us-east-1:000000000000:log-group:group:*";
    by_time.order_by = "LastEventTime";
    by_time.descending = descending;
    by_time.limit = 1;
    std::string order;
    do {
      listed = read([&](Call& call) { return describe_log_streams(call, by_time); });
      order += *listed.log_streams->at(0).log_stream_name + " ";
      by_time.next_token = listed.next_token;
    } while (listed.next_token);
    EXPECT_EQ(order, descending ? "job/algo-2 other job/algo-1 " : "job/algo-1 other job/algo-2 ");
  }
  streams.log_stream_name_prefix = "job/algo-2";
  listed = read([&](Call& call) { return describe_log_streams(call, streams); });
  EXPECT_EQ(listed.log_streams->at(0).first_event_timestamp, at(1));
  EXPECT_EQ(listed.log_streams->at(0).last_event_timestamp, at(9));

  run(delete_log_stream, {.log_group_name = "group", .log_stream_name = "other"});
  EXPECT_EQ(error_of([&] { get("other"); }), "ResourceNotFoundException");
  run(create_log_stream, {.log_group_name = "group", .log_stream_name = "other"});
  EXPECT_EQ(text(get("other")), "");  // a new stream, whatever is left of the old one
  run(delete_log_group, {.log_group_name = "group"});
  EXPECT_EQ(error_of([&] { get("other"); }), "ResourceNotFoundException");
  for (const auto& message : due()) {
    EXPECT_EQ(message.kind, "logs.segment.remove");
    remove_segment(segments, message.payload);
  }
  for (const auto& entry : fs::recursive_directory_iterator(dir.path() / "segments")) {
    EXPECT_FALSE(entry.is_regular_file()) << entry.path();
  }
}

TEST_F(Logs, PagesBothWaysComeToTheirEnds) {
  make("group", {"s"});
  for (int i = 0; i < 10; ++i) put("s", {{i, std::to_string(i)}});
  auto page = get("s", [](GetLogEventsInput& in) {
    in.start_from_head = true;
    in.limit = 4;
  });
  std::string all = text(page);
  for (int rounds = 0; !page.events->empty(); ++rounds) {
    ASSERT_LT(rounds, 10);
    std::string token = *page.next_forward_token;
    page = get("s", [&](GetLogEventsInput& in) {
      in.start_from_head = true;
      in.limit = 4;
      in.next_token = token;
    });
    all += text(page);
    EXPECT_EQ(page.events->empty(), page.next_forward_token == token);
  }
  EXPECT_EQ(all, "0 1 2 3 4 5 6 7 8 9 ");
  put("s", {{20, "new"}});
  std::string token = *page.next_forward_token;
  EXPECT_EQ(text(get("s", [&](GetLogEventsInput& in) { in.next_token = token; })), "new ");

  page = get("s", [](GetLogEventsInput& in) { in.limit = 6; });
  EXPECT_EQ(text(page), "5 6 7 8 9 new ");
  token = *page.next_backward_token;
  page = get("s", [&](GetLogEventsInput& in) { in.next_token = token; });
  EXPECT_EQ(text(page), "0 1 2 3 4 ");
  token = *page.next_backward_token;
  page = get("s", [&](GetLogEventsInput& in) { in.next_token = token; });
  EXPECT_TRUE(page.events->empty());
  EXPECT_EQ(page.next_backward_token, token);

  auto range = [&](GetLogEventsInput& in) {
    in.start_from_head = true;
    in.start_time = at(3);
    in.end_time = at(5);
  };
  EXPECT_EQ(text(get("s", range)), "3 4 ");  // inclusive, exclusive
  for (const std::string& bad : std::vector<std::string>{
           "", "f/1/s", "x/" + std::string(56, '0') + "/s", "f/" + std::string(55, '0') + "x/s",
           "f/" + std::string(56, '9') + "/s"}) {
    EXPECT_EQ(error_of([&] { get("s", [&](auto& in) { in.next_token = bad; }); }),
              "InvalidParameterException");
  }
}

TEST_F(Logs, PagesAreBoundedInBytes) {
  make("group", {"s"});
  for (int i = 0; i < 5; ++i) put("s", {{i, std::string(400'000, 'a')}});
  auto page = get("s", [](GetLogEventsInput& in) { in.start_from_head = true; });
  EXPECT_EQ(page.events->size(), 2u);
  EXPECT_EQ(filter().events->size(), 2u);
}

TEST_F(Logs, BatchesThatAreRefused) {
  make("group", {"s"});
  std::string message;
  EXPECT_EQ(error_of([&] { put("s", {{2, "b"}, {1, "a"}}); }), "InvalidParameterException");
  EXPECT_EQ(error_of([&] { put("s", {{-25 * 3'600'000, "a"}, {0, "b"}}); }, &message),
            "InvalidParameterException");
  EXPECT_NE(message.find("24 hours"), std::string::npos);
  EXPECT_EQ(error_of([&] { put("s", {{0, std::string(1'048'576, 'x')}}); }),
            "InvalidParameterException");
  EXPECT_EQ(error_of([&] { put("none", {{0, "x"}}); }), "ResourceNotFoundException");
  auto output = put("s", {{-1000, "old"}, {0, "now"}, {3 * 3'600'000, "future"}});
  EXPECT_EQ(output.rejected_log_events_info->too_new_log_event_start_index, 2);
  EXPECT_FALSE(output.rejected_log_events_info->too_old_log_event_end_index);
  EXPECT_EQ(output.next_sequence_token->size(), 56u);
  output = put("s", {{-15LL * 24 * 3'600'000, "ancient"}});
  EXPECT_EQ(output.rejected_log_events_info->too_old_log_event_end_index, 1);
  EXPECT_EQ(text(get("s")), "old now ");
}

TEST_F(Logs, AgentsMayRepeatThemselves) {
  auto report = [&](int64_t first, const std::vector<std::string>& lines) {
    json::array events;
    for (const auto& line : lines) events.push_back({{"timestamp", at(0)}, {"message", line}});
    append_from_agent(store, segments, clock.now(),
                      {{"group", "group"}, {"stream", "job/algo-1"}, {"first", first},
                       {"events", events}});
  };
  report(0, {"a", "b"});
  report(0, {"a", "b"});
  report(1, {"b", "", "c"});
  EXPECT_EQ(text(get("job/algo-1")), "a b  c ");
  run(delete_log_stream, {.log_group_name = "group", .log_stream_name = "job/algo-1"});
  report(4, {"d"});
  report(4, {"d", "e"});
  EXPECT_EQ(text(get("job/algo-1")), "d e ");
  // What others put into its stream shifts nothing of the agent's.
  put("job/algo-1", {{0, "x"}, {0, "y"}, {0, "z"}});
  report(6, {"f", "g"});
  put("job/algo-1", {{0, "w"}});
  report(6, {"f", "g", "h"});
  EXPECT_EQ(text(get("job/algo-1")), "d e x y z f g w h ");
  for (int64_t first : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(error_of([&] { report(first, {"x"}); }), "InvalidParameterException");
  }
  EXPECT_EQ(error_of([&] {
    append_from_agent(store, segments, clock.now(), {{"group", "group"}});
  }), "InvalidParameterException");
}

TEST_F(Logs, FiltersManyStreamsInOrderOfTime) {
  make("group", {"a", "b", "c"});
  put("a", {{1, "one"}, {4, "four ERROR"}});
  put("b", {{2, "two"}, {3, "three ERROR"}});
  put("c", {{0, "zero"}});
  put("a", {{2, "late two"}});  // streams need not be in order
  std::string token;
  for (int limit : {1, 2, 3, 100}) {
    std::string all;
    FilterLogEventsOutput page;
    do {
      auto next = page.next_token;
      page = filter([&](FilterLogEventsInput& in) {
        in.limit = limit;
        in.next_token = next;
      });
      EXPECT_LE(page.events->size(), static_cast<std::size_t>(limit));
      all += text(page);
    } while (page.next_token);
    EXPECT_EQ(all, "zero one late two two three ERROR four ERROR ") << limit;
  }
  EXPECT_EQ(text(filter([&](auto& in) { in.filter_pattern = "ERROR -three"; })), "four ERROR ");
  EXPECT_EQ(text(filter([&](auto& in) { in.log_stream_name_prefix = "b"; })), "two three ERROR ");
  EXPECT_EQ(text(filter([&](FilterLogEventsInput& in) {
    in.log_stream_names = std::vector<std::string>{"a", "c"};
    in.start_time = at(1);
    in.end_time = at(4);
  })), "one late two ");
  EXPECT_EQ(error_of([&] { filter([&](auto& in) { in.next_token = "x"; }); }),
            "InvalidParameterException");
  EXPECT_EQ(error_of([&] {
    filter([&](FilterLogEventsInput& in) { in.log_stream_names = std::vector<std::string>{"z"}; });
  }), "ResourceNotFoundException");
  EXPECT_EQ(error_of([&] { filter([&](auto& in) { in.start_from_head = false; }); }),
            "InvalidParameterException");
  clock.set(from_millis(1'800'000'000'000));
  put("a", {{0, "x"}, {1, "y"}});
  EXPECT_EQ(text(filter([&](FilterLogEventsInput& in) {
    in.start_from_head = false;
    in.start_time = at(0);
  })), "y x ");
}

TEST_F(Logs, InventedTokensAreRefused) {
  make("group", {"s"});
  std::string listing =
      "logs:FilterLogEvents:group\n\n\n\n0\n" + std::to_string(INT64_MAX) + "\ntrue";
  auto answer = [&](const std::string& position) {
    return error_of([&] {
      filter([&](auto& in) { in.next_token = make_page_token(listing, position); });
    });
  };
  EXPECT_EQ(answer("1/2/3"), "");  // the listing is named so
  for (const char* bad : {"", "x", "1", "1/2", "a/b/c", "1/2/3/", "1/2/3/4", "1/2/3x", "1//3",
                          "1/2/", " 1/2/3", "1-2-3", "99999999999999999999/1/1"}) {
    EXPECT_EQ(answer(bad), "InvalidParameterException") << bad;
  }
}

TEST_F(Logs, FiltersLongStreamsPageByPage) {
  make("group", {"a", "b"});
  clock.set(from_millis(1'800'000'000'000));
  std::string ascending;
  for (int i = 0; i < 3000; i += 100) {
    std::vector<std::pair<int64_t, std::string>> batch;
    for (int k = i; k < i + 100; ++k) batch.push_back({k, std::to_string(k)});
    for (const auto& [after, message] : batch) {
      ascending += after == 17 ? "17 17 " : message + " ";
    }
    put(i % 300 == 0 ? "b" : "a", batch);
  }
  put("a", {{17, "17"}});  // late, behind times that a page has left
  auto all = [&](bool from_head) {
    std::vector<std::string> seen;
    FilterLogEventsOutput page;
    do {
      auto next = page.next_token;
      page = filter([&](FilterLogEventsInput& in) {
        in.limit = 700;
        in.next_token = next;
        in.start_from_head = from_head;
        in.start_time = at(0);
      });
      for (const auto& event : *page.events) seen.push_back(*event.message + " ");
    } while (page.next_token);
    return seen;
  };
  EXPECT_EQ(join(all(true), ""), ascending);
  std::vector<std::string> descending = all(false);
  std::reverse(descending.begin(), descending.end());
  EXPECT_EQ(join(descending, ""), ascending);
}

TEST(Pattern, Table) {
  struct Case {
    const char* pattern;
    const char* message;
    bool matches;
  };
  const Case cases[] = {
      {"", "anything", true},
      {"  ", "anything", true},
      {"ERROR", "an ERROR here", true},
      {"ERROR", "an error here", false},
      {"one two", "two and one", true},
      {"one two", "one", false},
      {"\"one two\"", "one two", true},
      {"\"one two\"", "two one", false},
      {"\"say \\\"hi\\\"\"", "they say \"hi\"", true},
      {"?WARN ?ERROR", "a WARN", true},
      {"?WARN ?ERROR", "an INFO", false},
      {"?WARN this", "this only", true},  // beside other terms '?' is ignored
      {"-DEBUG", "INFO", true},
      {"-DEBUG", "DEBUG", false},
      {"ERROR -\"not found\"", "ERROR not found", false},
      {"{ $.level = \"error\" }", R"({"level":"error"})", true},
      {"{$.level = error}", R"({"level":"error"})", true},
      {"{ $.level = \"err*\" }", R"({"level":"error"})", true},
      {"{ $.level = \"e*r*r\" }", R"({"level":"error"})", true},
      {"{ $.level = \"err?r\" }", R"({"level":"error"})", false},  // no wildcard, unlike IAM's
      {"{ $.level = \"err?r\" }", R"({"level":"err?r"})", true},
      {"{ $.level = \"*\" }", R"({"level":""})", true},
      {"{ $.code = \"5*\" }", R"({"code":503})", false},
      {"{ $.code = 5* }", R"({"code":"503"})", true},
      {"{ $.level != \"error\" }", R"({"level":"info"})", true},
      {"{ $.level != \"error\" }", R"({"other":1})", false},
      {"{ $.code >= 500 }", R"({"code":503})", true},
      {"{ $.code = 5e2 }", R"({"code":500})", true},
      {"{ $.code < 500 }", R"({"code":503})", false},
      {"{ $.a.b[1] = 7 }", R"({"a":{"b":[6,7]}})", true},
      {"{ $.a.b[2] = 7 }", R"({"a":{"b":[6,7]}})", false},
      {"{ $.ok IS TRUE }", R"({"ok":true})", true},
      {"{ $.ok IS FALSE }", R"({"ok":true})", false},
      {"{ $.no IS NULL }", R"({"no":null})", true},
      {"{ $.no NOT EXISTS }", R"({"yes":1})", true},
      {"{ $.a = 1 && $.b = 2 }", R"({"a":1,"b":2})", true},
      {"{ $.a = 1 && ($.b = 3 || $.b = 2) }", R"({"a":1,"b":2})", true},
      {"{ $.a = 2 || $.b = 3 }", R"({"a":1,"b":2})", false},
      {"{ $.a = 1 }", "no JSON {", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Pattern(c.pattern).matches(c.message), c.matches) << c.pattern << " " << c.message;
  }
  for (const char* bad : {"{ $.a = 1", "{ a = 1 }", "{ $.a }", "{ $.a = }", "{ $.a IS BIG }", "{}",
                          "{ ($.a = 1 }", "{ $.a = 1 } x", "[a, b]", "%x%", "\"open",
                          "{ $.a = %x% }", "{ $.a[x] = 1 }", "{ $. = 1 }"}) {
    EXPECT_THROW(Pattern{bad}, ApiError) << bad;
  }
}

}  // namespace
}  // namespace trainyard::logs
