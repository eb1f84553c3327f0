#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/arn.hpp"
#include "base/clock.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace trainyard {
namespace {

TEST(Hash, KnownDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(digest(Digest::md5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(crc64nvme(0, "123456789"), 0xae8b14860a799888u);
  EXPECT_EQ(crc32(crc32(0, "1234567890123"), "456789"), crc32(0, "1234567890123456789"));
}

TEST(Hash, HmacOfRfc4231) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Random, SystemsValuesDoNotRepeat) {
  SystemRandom random;
  std::set<uint64_t> seen;
  std::mutex mutex;
  auto draw = [&] {
    for (int i = 0; i < 1000; ++i) {
      uint64_t value = random.next();
      std::lock_guard lock(mutex);
      EXPECT_TRUE(seen.insert(value).second);
    }
  };
  std::thread other(draw);
  draw();
  other.join();
  EXPECT_NE(random.uuid(), random.uuid());
}

TEST(Random, AForksChildDoesNotRepeatItsParent) {
  SystemRandom random;
  random.next();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t child = ::fork();
  if (child == 0) {
    uint64_t value = random.next();
    ::_exit(::write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
  }
  uint64_t value = 0;
  ASSERT_EQ(::read(ends[0], &value, sizeof value), static_cast<ssize_t>(sizeof value));
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_NE(value, random.next());
}

TEST(Hash, EncodingsRoundTrip) {
  SeededRandom random(1);
  for (int size = 0; size < 100; ++size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(random.below(256));
    EXPECT_EQ(unbase64(base64(bytes)), bytes);
    EXPECT_EQ(unhex(hex(bytes)), bytes);
    EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  }
  for (const char* text : {"abc", "Q===", "Q=Q=", "QQ=A", "====", "=QQQ", "QQ==\n\n\n\n", " QQ=",
                           "QQ-_", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(unbase64(text)) << text;
  }
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Clock, SecondsThatAreNoTime) {
  EXPECT_EQ(from_epoch_seconds(1.5), from_millis(1500));
  EXPECT_EQ(iso8601(from_epoch_seconds(kEpochSecondsMax)), "9999-12-31T23:59:59.000Z");
  for (double none : {1e300, -1e300, kEpochSecondsMax + 1, kEpochSecondsMin - 1,
                      std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(is_epoch_time(none));
    EXPECT_EQ(from_epoch_seconds(none), Time{});
  }
}

TEST(Clock, FormatsAndParses) {
  Time time = from_millis(1'795'422'495'123);
  Time parsed;
  ASSERT_TRUE(parse_iso8601(iso8601(time), parsed));
  EXPECT_EQ(parsed, time);
  ASSERT_TRUE(parse_iso8601("2016-03-14T01:59:00+01:00", parsed));
  EXPECT_EQ(iso8601_seconds(parsed), "2016-03-14T00:59:00Z");
  EXPECT_FALSE(parse_iso8601("2016-13-14T01:59:00Z", parsed));
  EXPECT_FALSE(parse_iso8601("2016-03-14", parsed));
  ASSERT_TRUE(parse_http_date(http_date(time), parsed));
  ASSERT_TRUE(parse_iso8601_basic("20261123T082815Z", parsed));
  EXPECT_EQ(iso8601_basic(parsed), "20261123T082815Z");
}

TEST(Json, PrettyIsPythonsFormat) {
  EXPECT_EQ(dump_pretty(*parse_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})")),
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": null\n        }\n    ],\n"
            "    \"c\": {},\n    \"d\": []\n}");
}

TEST(Json, RefusesWithTheOffset) {
  std::string error;
  EXPECT_FALSE(parse_json("{\"a\":}", &error));
  EXPECT_NE(error.find("offset"), std::string::npos);
  EXPECT_FALSE(parse_json("", &error));
  EXPECT_FALSE(parse_json("{} x", &error));
  EXPECT_FALSE(parse_json(std::string(200, '['), &error));
  EXPECT_TRUE(parse_json(" 1 "));
}

TEST(Arn, Parses) {
  auto arn = parse_arn("arn:aws:states:us-east-1:123456789012:stateMachine:a:b");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->resource, "stateMachine:a:b");
  EXPECT_EQ(arn->text(), "arn:aws:states:us-east-1:123456789012:stateMachine:a:b");
  EXPECT_FALSE(parse_arn("arn:aws:s3"));
  EXPECT_FALSE(parse_arn("MyRole"));
}

TEST(Files, AtomicWriteReplaces) {
  TempDir dir;
  write_file_atomically(dir.path() / "x", "one");
  write_file_atomically(dir.path() / "x", "two", 0600);
  EXPECT_EQ(read_file(dir.path() / "x"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
  EXPECT_FALSE(read_file_if_exists(dir.path() / "y"));
}

TEST(Files, LockIsExclusive) {
  TempDir dir;
  auto first = try_lock_file(dir.path() / "lock");
  ASSERT_TRUE(first);
  EXPECT_FALSE(try_lock_file(dir.path() / "lock"));
  first.reset();
  EXPECT_TRUE(try_lock_file(dir.path() / "lock"));
}

TEST(Text, S3Uri) {
  std::string bucket, key;
  ASSERT_TRUE(parse_s3_uri("s3://b/k/x", bucket, key));
  EXPECT_EQ(bucket + "|" + key, "b|k/x");
  ASSERT_TRUE(parse_s3_uri("s3://b", bucket, key));
  EXPECT_EQ(bucket + "|" + key, "b|");
  EXPECT_FALSE(parse_s3_uri("s3:///k", bucket, key));
  EXPECT_FALSE(parse_s3_uri("http://b/k", bucket, key));
}

TEST(Json, RealsAreWrittenAsPeopleWriteThem) {
  const char* text = R"({"a":[1.5,1.0,2,-0.25,1e+300,true,null],"b":{},"c":[]})";
  EXPECT_EQ(dump(*parse_json(text)), text);
  EXPECT_EQ(dump_pretty(*parse_json(R"({"a":1.5,"b":[]})")), "{\n    \"a\": 1.5,\n    \"b\": []\n}");
}

/// Whatever was stored is the same when it is read again.
TEST(Json, RealsAreReadExactly) {
  for (const char* text :
       {"0.7777777777777777", "-7.777777777777778e+81", "123456.78901234567", "5e-324",
        "1.7976931348623157e+308", "0.1", "-0.0", "9007199254740993.0", "1e+23"}) {
    EXPECT_EQ(parse_json(text)->as_double(), std::strtod(text, nullptr)) << text;
  }
  EXPECT_EQ(parse_json("77777777777777777777777777777777777777772")->as_double(),
            77777777777777777777777777777777777777772.0);
  EXPECT_EQ(parse_json("1e-400")->as_double(), 0);
  SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double number = std::ldexp(random.uniform() - 0.5, i % 2'000 - 1'000);
    const json::value again = parse_own_json(dump(json::array{number}));
    ASSERT_EQ(again.at(0).as_double(), number) << dump(json::value(number));
  }
}

TEST(Json, TextsAndIntegersAreWrittenAsBoostWritesThem) {
  std::string all = "caf\u00e9 \U0001F600";
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  json::object object{{all, all},
                      {"", ""},
                      {"least", std::numeric_limits<int64_t>::min()},
                      {"most", std::numeric_limits<uint64_t>::max()},
                      {"no", false}};
  EXPECT_EQ(dump(object), json::serialize(object));
  EXPECT_EQ(dump(json::value(all)), json::serialize(json::value(all)));
}

TEST(Command, RunsToItsEnd) {
  const Finished done = run_command({"sh", "-c", "echo out; echo err >&2; cat; exit 3"});
  EXPECT_EQ(done.status, 3);
  EXPECT_EQ(done.out, "out\n");
  EXPECT_EQ(done.err, "err\n");
  EXPECT_EQ(run_command({"sh", "-c", "kill -9 $$"}).status, 137);
  // More than a pipe would hold; so much is kept.
  EXPECT_EQ(run_command({"sh", "-c", "head -c 3000000 /dev/zero"}).out.size(), 1u << 20);
  EXPECT_THROW(run_command({"no-such-program"}), SystemError);
}

TEST(Command, IsKilledWithItsChildrenWhenItIsCalledOff) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Fd cancel(ends[0]), tell(ends[1]);
  ASSERT_EQ(::write(tell.get(), "x", 1), 1);
  EXPECT_EQ(run_command({"sh", "-c", "sleep 600 & sleep 600"}, cancel.get()).status, 137);
}

}  // namespace
}  // namespace trainyard
