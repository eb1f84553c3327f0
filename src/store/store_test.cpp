#include <atomic>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "store/blobs.hpp"
#include "store/outbox.hpp"
#include "store/remembered.hpp"
#include "store/segments.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace trainyard {
namespace {

const Migration kTables[] = {{"test", 1, "CREATE TABLE t(k TEXT PRIMARY KEY, v INTEGER);"},
                             {"outbox", 1, outbox::kMigrations[0].sql}};

int64_t value(Store& store, const std::string& key) {
  return store.read([&](Txn& txn) {
    auto read = [](const Row& row) { return row.integer(0); };
    return txn.one("SELECT v FROM t WHERE k = ?", read, key).value_or(-1);
  });
}

void put(Store& store, const std::string& key, int64_t v) {
  store.write([&](Txn& txn) {
    txn.exec("INSERT INTO t VALUES (?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v", key, v);
  });
}

TEST(Store, WhatIsThrownUndoesOnlyItsOwn) {
  TempDir dir;
  Store store(dir.path(), kTables);
  put(store, "a", 1);
  EXPECT_THROW(store.write([&](Txn& txn) {
    txn.exec("INSERT INTO t VALUES ('b', 2)");
    throw ApiError("No", 400, "no");
  }), ApiError);
  EXPECT_EQ(value(store, "a"), 1);
  EXPECT_EQ(value(store, "b"), -1);
}

TEST(Store, EachCommitIsTold) {
  TempDir dir;
  Store store(dir.path(), kTables);
  std::atomic<int> commits{0};
  store.on_commit([&] { ++commits; });
  put(store, "a", 1);
  EXPECT_EQ(commits, 1);
  value(store, "a");
  EXPECT_THROW(store.write([](Txn&) { throw ApiError("No", 400, "no"); }), ApiError);
  EXPECT_EQ(commits, 1);
  put(store, "a", 2);
  EXPECT_EQ(commits, 2);
}

TEST(Store, ABrokenConstraintIsOneRequestsFault) {
  TempDir dir;
  Store store(dir.path(), kTables);
  put(store, "a", 1);
  try {
    store.write([&](Txn& txn) {
      txn.exec("INSERT INTO t VALUES ('b', 2)");
      txn.exec("INSERT INTO t VALUES ('a', 2)");
    });
    FAIL() << "a key twice";
  } catch (const StoreError&) {
    FAIL() << "the group would be lost";
  } catch (const SystemError&) {
  }
  EXPECT_EQ(value(store, "b"), -1);
}

TEST(Store, ManyThreadsCommitInGroups) {
  TempDir dir;
  Store store(dir.path(), kTables);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) put(store, std::to_string(t) + "-" + std::to_string(i), i);
    });
    // Whoever shares a group with one that throws is none the worse for it.
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_THROW(store.write([&](Txn& txn) {
          txn.exec("INSERT INTO t VALUES (?, 1)", std::to_string(t) + "!" + std::to_string(i));
          throw ApiError("No", 400, "no");
        }), ApiError);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store.read([](Txn& txn) {
    return *txn.one("SELECT count(*) FROM t", [](const Row& row) { return row.integer(0); });
  }), 400);
}

/// What get() gives for `key`; `loads` counts how often it was read.
int64_t remembered_value(Store& store, Remembered<int64_t>& remembered, const std::string& key,
                         std::atomic<int>& loads) {
  return store.read([&](Txn& txn) {
    return remembered.get(txn, key, [&] {
      ++loads;
      auto read = [](const Row& row) { return row.integer(0); };
      return txn.one("SELECT v FROM t WHERE k = ?", read, key).value_or(-1);
    });
  });
}

TEST(Remembered, ReadsOnceUntilSomethingIsCommitted) {
  TempDir dir, other_dir;
  Store store(dir.path(), kTables), other(other_dir.path(), kTables);
  Remembered<int64_t> remembered(2);
  std::atomic<int> loads{0};
  auto look = [&](Store& where, const std::string& key) {
    return remembered_value(where, remembered, key, loads);
  };
  put(store, "a", 1);
  EXPECT_EQ(look(store, "a"), 1);
  EXPECT_EQ(look(store, "a"), 1);
  EXPECT_EQ(loads, 1);
  put(store, "b", 1);  // whatever is committed
  EXPECT_EQ(look(store, "a"), 1);
  EXPECT_EQ(loads, 2);
  put(store, "a", 2);
  EXPECT_EQ(look(store, "a"), 2);
  EXPECT_EQ(look(other, "a"), -1);  // another store's key of that name
  EXPECT_EQ(look(store, "a"), 2);
  loads = 0;
  for (const char* key : {"a", "b", "c", "a", "c", "a"}) look(store, key);
  EXPECT_EQ(loads, 3);  // the third value made it forget the first two
  store.write([&](Txn& txn) {  // a write sees its own changes, and they are not remembered
    txn.exec("UPDATE t SET v = 3 WHERE k = 'a'");
    EXPECT_EQ(txn.version(), 0u);
    auto read = [&] {
      return *txn.one("SELECT v FROM t WHERE k = 'a'",
                      [](const Row& row) { return row.integer(0); });
    };
    EXPECT_EQ(remembered.get(txn, "a", read), 3);
  });
  EXPECT_EQ(look(store, "a"), 3);
}

TEST(Remembered, AReadThatBeganBeforeACommitLeavesNothingBehind) {
  TempDir dir;
  Store store(dir.path(), kTables);
  Remembered<int64_t> remembered(8);
  std::atomic<int> loads{0};
  put(store, "a", 1);
  store.read([&](Txn& txn) {
    auto read = [&] {
      return *txn.one("SELECT v FROM t WHERE k = 'a'",
                      [](const Row& row) { return row.integer(0); });
    };
    EXPECT_EQ(read(), 1);  // the snapshot is taken
    put(store, "a", 2);
    EXPECT_EQ(remembered_value(store, remembered, "a", loads), 2);
    EXPECT_EQ(remembered.get(txn, "a", read), 1);
  });
  EXPECT_EQ(remembered_value(store, remembered, "a", loads), 2);
  EXPECT_EQ(loads, 1);
}

TEST(Remembered, WhatWasAnsweredIsSeenByEveryThread) {
  TempDir dir;
  Store store(dir.path(), kTables);
  Remembered<int64_t> remembered(8);
  std::atomic<int> loads{0};
  std::atomic<int64_t> answered{0};
  put(store, "a", 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int64_t last = 0; answered < 200;) {
        int64_t least = std::max(last, answered.load());
        last = remembered_value(store, remembered, "a", loads);
        ASSERT_GE(last, least);
      }
    });
  }
  for (int64_t i = 1; i <= 200; ++i) {
    put(store, "a", i);
    answered = i;
  }
  for (auto& thread : threads) thread.join();
}

TEST(Store, RerunLeavesOneEffect) {
  TempDir dir;
  Store store(dir.path(), kTables);
  store.set_rerun_writes(true);
  int runs = 0;
  store.write([&](Txn& txn) {
    ++runs;
    txn.exec("INSERT INTO t VALUES ('a', 7)");
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(value(store, "a"), 7);
}

TEST(Store, SurvivesReopeningAndRefusesNewerData) {
  TempDir dir;
  { Store store(dir.path(), kTables); put(store, "a", 5); }
  { Store store(dir.path(), kTables); EXPECT_EQ(value(store, "a"), 5); }
  const Migration older[] = {kTables[0]};
  EXPECT_THROW(Store(dir.path(), older), SystemError);
}

/// Writes until the point that the environment names ends the process.
[[noreturn]] void write_for_ever(const fs::path& dir, const char* key) {
  Store store(dir, kTables);
  for (int i = 0;; ++i) {
    put(store, key, i);
    write_file_atomically(dir / "answered", std::to_string(i));
  }
}

TEST(Store, AKilledProcessLosesNothingThatWasAnswered) {
  constexpr const char* kFolder = "TRAINYARD_STORE_TEST_FOLDER";
  constexpr const char* kKey = "TRAINYARD_STORE_TEST_KEY";
  if (const char* folder = std::getenv(kFolder)) write_for_ever(folder, std::getenv(kKey));
  TempDir dir;
  for (const char* point : {"store.commit", "store.committed"}) {
    pid_t child = ::fork();
    if (child == 0) {  // a process of its own, since crash points are read once in each
      ::setenv("TRAINYARD_CRASH_AT", (std::string(point) + ":3").c_str(), 1);
      ::setenv(kFolder, dir.path().c_str(), 1);
      ::setenv(kKey, point, 1);
      ::execl("/proc/self/exe", "store_test", "--gtest_filter=Store.AKilledProcess*", nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    Store store(dir.path(), kTables);
    int answered = std::stoi(read_file(dir.path() / "answered"));
    EXPECT_EQ(answered, 1);
    EXPECT_EQ(value(store, point), std::string(point) == "store.commit" ? 1 : 2);
  }
}

TEST(Outbox, OrdersDefersCancels) {
  TempDir dir;
  Store store(dir.path(), kTables);
  Time now = from_millis(1000);
  store.write([&](Txn& txn) {
    outbox::post(txn, "k", "late", {}, now + Duration(10));
    outbox::post(txn, "k", "one", {{"x", 1}}, now);
    outbox::post(txn, "k", "two", {}, now);
    outbox::post(txn, "k", "gone", {}, now);
    EXPECT_EQ(outbox::cancel(txn, "k", "gone"), 1);
  });
  auto due = [&](Time at) {
    return store.read([&](Txn& txn) { return outbox::due(txn, at, 10); });
  };
  auto messages = due(now);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].key, "one");
  EXPECT_EQ(messages[0].payload.at("x"), 1);
  store.write([&](Txn& txn) {
    outbox::defer(txn, messages[0].id, now + Duration(20));
    EXPECT_TRUE(outbox::remove(txn, messages[1].id));
    EXPECT_FALSE(outbox::remove(txn, messages[1].id));
  });
  EXPECT_TRUE(due(now).empty());
  messages = due(now + Duration(20));
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].key, "late");
  EXPECT_EQ(messages[1].failures, 1);
}

TEST(Blobs, WholeOrAbsent) {
  TempDir dir;
  SeededRandom random(1);
  Blobs blobs(dir.path() / "blobs");
  auto writer = blobs.create(random);
  writer->write("hello ");
  writer->write(std::string(1 << 20, 'x'));
  std::string name = writer->finish();
  auto other = blobs.create(random);
  other->write("dropped");
  other.reset();
  EXPECT_EQ(blobs.all(), std::vector<std::string>{name});
  auto reader = blobs.read({{name, 0, 5}, {name, 6, 3}});
  blobs.remove(name);  // a reader keeps its content
  EXPECT_THROW(blobs.read({{name, 0, 1}}), SystemError);
  EXPECT_EQ(http::read_all(*reader, 100), "helloxxx");
  blobs.remove(name);
  reader.reset();
  EXPECT_TRUE(blobs.all().empty());
  EXPECT_THROW(blobs.read({{name, 0, 1}}), SystemError);
  blobs.remove(name);
}

TEST(Blobs, ManyExtentsTakeFewDescriptors) {
  TempDir dir;
  SeededRandom random(1);
  Blobs blobs(dir.path() / "blobs");
  auto writer = blobs.create(random);
  writer->write("ab");
  std::string name = writer->finish();
  std::vector<std::unique_ptr<http::BodyReader>> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(blobs.read(std::vector<Extent>(1000, Extent{name, 0, 2})));
  }
  for (auto& reader : readers) EXPECT_EQ(http::read_all(*reader, 10'000).size(), 2000u);
}

TEST(Segments, PositionsBothWaysAndATornTail) {
  TempDir dir;
  std::vector<Segments::Record> records;
  for (int i = 0; i < 1500; ++i) records.push_back({0, i, 0, "line " + std::to_string(i)});
  {
    Segments segments(dir.path());
    EXPECT_EQ(segments.append("a/b", records), 0);
    EXPECT_EQ(segments.append("a/b", {{0, 9, 0, ""}}), 1500);
    EXPECT_EQ(segments.count("none"), 0);
  }
  for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
    if (entry.is_regular_file()) fs::resize_file(entry, fs::file_size(entry) - 3);
  }
  Segments segments(dir.path());
  EXPECT_EQ(segments.count("a/b"), 1500);
  int64_t expected = 700;
  segments.scan("a/b", 700, false, [&](const Segments::Record& record) {
    EXPECT_EQ(record.position, expected);
    EXPECT_EQ(record.text, "line " + std::to_string(expected));
    return ++expected < 1500;
  });
  EXPECT_EQ(expected, 1500);
  segments.scan("a/b", 1'000'000, true, [&](const Segments::Record& record) {
    EXPECT_EQ(record.position, --expected);
    return true;
  });
  EXPECT_EQ(expected, 0);
}

TEST(Segments, RepeatsDoNoHarm) {
  TempDir dir;
  Segments segments(dir.path());
  auto records = [](int from, int to) {
    std::vector<Segments::Record> list;
    for (int i = from; i < to; ++i) list.push_back({0, i, 0, std::to_string(i)});
    return list;
  };
  segments.append_from("s", 0, records(0, 5));
  segments.append_from("s", 0, records(0, 5));
  segments.append_from("s", 3, records(3, 7));
  segments.append_from("s", 1, records(1, 2));
  segments.append("s", {{0, 0, 0, "-"}, {0, 0, 0, "-"}});  // somebody else's
  segments.append_from("s", 9, records(9, 10));
  segments.append_from("s", 9, records(9, 10));
  Segments again(dir.path());
  again.append_from("s", 8, records(8, 11));
  std::string seen;
  again.scan("s", 0, false, [&](const Segments::Record& record) {
    seen += record.text;
    return true;
  });
  EXPECT_EQ(seen, "0123456--910");
}

TEST(Segments, DamageIsSkippedAndATornTailCutOff) {
  struct Case {
    const char* what;
    std::function<void(std::string&, std::size_t size)> damage;  // 5 records of `size` bytes
    const char* texts;
    int64_t count;
  };
  auto zeros = [](std::size_t from, std::size_t bytes) {
    return [=](std::string& file, std::size_t size) {
      file.replace(from * size + 8, bytes, std::string(bytes, '\0'));
    };
  };
  const Case cases[] = {
      {"nothing", [](std::string&, std::size_t) {}, "abcde", 5},
      {"a bit of a text", [](std::string& file, std::size_t size) { file[3 * size - 1] ^= 1; },
       "abde", 5},
      {"a length", [](std::string& file, std::size_t size) { file[2 * size + 3] = '\x7f'; },
       "abde", 5},
      {"a length within", [](std::string& file, std::size_t size) { file[size] += 9; }, "acde", 5},
      {"the first record", [](std::string& file, std::size_t) { file[9] ^= 1; }, "bcde", 5},
      {"parts of two", zeros(1, 50), "ade", 4},
      {"the last text", [](std::string& file, std::size_t) { file.back() ^= 1; }, "abcd", 4},
      {"the last two", zeros(3, 50), "abc", 3},
      {"a torn tail", [](std::string& file, std::size_t) { file.pop_back(); }, "abcd", 4},
      {"a torn header", [](std::string& file, std::size_t size) { file.resize(4 * size + 5); },
       "abcd", 4},
      {"room that was never written", [](std::string& file, std::size_t) { file.append(99, '\0'); },
       "abcde", 5},
  };
  for (const Case& c : cases) {
    TempDir dir;
    std::vector<Segments::Record> records;
    for (char text : std::string("abcde")) records.push_back({0, 5, 5, std::string(16, text)});
    Segments(dir.path()).append_from("s", 0, records);
    for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
      if (!entry.is_regular_file()) continue;
      std::string file = read_file(entry.path());
      c.damage(file, file.size() / 5);
      write_file_atomically(entry.path(), file);
    }
    auto seen = [](const Segments& segments, bool backwards) {
      std::string texts;
      segments.scan("s", backwards ? 99 : 0, backwards, [&](const Segments::Record& record) {
        texts += record.text[0];
        return true;
      });
      return texts;
    };
    for (int opening = 0; opening < 2; ++opening) {
      Segments segments(dir.path());
      EXPECT_EQ(segments.count("s"), c.count) << c.what;
      EXPECT_EQ(seen(segments, false), c.texts) << c.what;
      std::string backwards = seen(segments, true);
      EXPECT_EQ(std::string(backwards.rbegin(), backwards.rend()), c.texts) << c.what;
    }
    Segments segments(dir.path());
    EXPECT_EQ(segments.append("s", {{0, 5, 5, "f"}}), c.count) << c.what;
    EXPECT_EQ(seen(Segments(dir.path()), false), std::string(c.texts) + "f") << c.what;
  }
}

TEST(Segments, RunsWhoseTimesAreNotWantedAreNotRead) {
  TempDir dir;
  std::vector<Segments::Record> records;
  for (int i = 0; i < 2000; ++i) records.push_back({0, i, 0, "x"});
  Segments(dir.path()).append("s", records);
  Segments segments(dir.path());
  segments.append("s", {{0, 7, 0, "late"}});
  for (bool backwards : {false, true}) {
    std::vector<std::pair<int64_t, int64_t>> offered;
    std::vector<int64_t> firsts;
    auto wanted = [&](int64_t earliest, int64_t latest) {
      offered.emplace_back(earliest, latest);
      return earliest <= 600 && latest >= 600;
    };
    int visited = 0;
    segments.scan_times("s", backwards, wanted, [&](const Segments::Record& record) {
      if (record.position % 512 == 0) firsts.push_back(record.position);
      ++visited;
      return true;
    });
    std::vector<std::pair<int64_t, int64_t>> expected = {
        {0, 511}, {512, 1023}, {1024, 1535}, {7, 1999}};
    std::vector<int64_t> expected_firsts = {512, 1536};
    if (backwards) {
      std::reverse(expected.begin(), expected.end());
      std::reverse(expected_firsts.begin(), expected_firsts.end());
    }
    EXPECT_EQ(offered, expected);
    EXPECT_EQ(firsts, expected_firsts);
    EXPECT_EQ(visited, 512 + 465);
  }
}

TEST(Segments, MoreStreamsThanAreKeptOpen) {
  TempDir dir;
  Segments segments(dir.path());
  auto name = [](int i) { return "stream-" + std::to_string(i); };
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i) {
      EXPECT_EQ(segments.append(name(i), {{0, i, 0, std::to_string(i)}}), round);
    }
  }
  segments.remove(name(7));
  EXPECT_EQ(segments.count(name(7)), 0);
  int seen = 0;
  segments.scan(name(8), 0, false, [&](const Segments::Record& record) {
    EXPECT_EQ(record.text, "8");
    return ++seen > 0;
  });
  EXPECT_EQ(seen, 2);
}

TEST(Segments, RecordsLongerThanABlock) {
  TempDir dir;
  Segments segments(dir.path());
  std::vector<Segments::Record> records;
  for (int i = 0; i < 5; ++i) records.push_back({0, i, 0, std::string(700'000 * i, 'a')});
  segments.append("s", records);
  for (bool backwards : {false, true}) {
    std::vector<int64_t> seen;
    Segments(dir.path()).scan("s", backwards ? 4 : 0, backwards, [&](const auto& record) {
      EXPECT_EQ(record.text.size(), 700'000u * record.position);
      seen.push_back(record.position);
      return true;
    });
    EXPECT_EQ(seen, backwards ? std::vector<int64_t>({4, 3, 2, 1, 0})
                              : std::vector<int64_t>({0, 1, 2, 3, 4}));
  }
}

TEST(Notices, TheOneThatHasWaitedLongestIsCalled) {
  Notices notices;
  std::string calls;
  auto place = [&](const char* name, const char* topic = "t") {
    return std::make_unique<Notices::Place>(notices, topic, [&calls, name] { calls += name; });
  };
  notices.tell("t");  // nobody waits: it is lost
  auto a = place("a"), b = place("b"), other = place("x", "u");
  EXPECT_EQ(notices.places("t"), 2u);
  notices.tell("t");
  EXPECT_EQ(calls, "a");
  a->line_up();  // behind b
  a->line_up();
  notices.tell("t");
  notices.tell("t");
  notices.tell("t");
  EXPECT_EQ(calls, "aba");
  b.reset();  // what it was called for is for another, but all have been called
  EXPECT_EQ(calls, "aba");
  auto c = place("c");
  a.reset();
  EXPECT_EQ(calls, "abac");
  c->line_up();
  c.reset();
  EXPECT_EQ(calls, "abac");
  EXPECT_EQ(notices.places("t"), 0u);
  EXPECT_EQ(notices.places("u"), 1u);
}

TEST(Notices, TransactionsTellOnceTheyAreCommitted) {
  TempDir dir;
  Store store(dir.path(), {});
  store.set_rerun_writes(true);
  std::mutex mutex;
  std::condition_variable changed;
  int calls = 0;
  std::vector<std::unique_ptr<Notices::Place>> places;
  for (int i = 0; i < 5; ++i) {
    places.push_back(std::make_unique<Notices::Place>(store.notices(), "t", [&] {
      std::lock_guard lock(mutex);
      ++calls;
      changed.notify_all();
    }));
  }
  EXPECT_THROW(store.write([](Txn& txn) {
    txn.tell("t");
    throw SystemError("undone");
  }),
               SystemError);
  store.write([](Txn& txn) {
    txn.tell("t");
    EXPECT_THROW(txn.savepoint([&] {
      txn.tell("t");
      throw SystemError("undone");
    }),
                 SystemError);
    txn.tell("t");
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return calls >= 2; });
  lock.unlock();
  store.write([](Txn&) {});  // nothing more is told
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace trainyard
