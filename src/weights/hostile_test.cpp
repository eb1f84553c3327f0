// Files that mean harm, or are damaged: refused in a line, with little memory.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "weights/opcodes.hpp"
#include "weights/pickle.hpp"
#include "weights/weights_testing.hpp"

namespace {

std::atomic<std::size_t> live_bytes{0}, peak_bytes{0};

}  // namespace

// Every allocation of this program is counted.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t live = live_bytes += ::malloc_usable_size(memory);
  if (live > peak_bytes) peak_bytes = live;
  return memory;
}

void operator delete(void* memory) noexcept {
  live_bytes -= memory == nullptr ? 0 : ::malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace trainyard::weights {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ::testing::HasSubstr;

/// The most that an action has allocated at once.
template <class Action>
std::size_t peak_of(const Action& action) {
  const std::size_t before = live_bytes;
  peak_bytes = before;
  action();
  return peak_bytes - before;
}

std::string le(uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  return text;
}

std::string str(std::string_view text) { return "X" + le(text.size(), 4) + std::string(text); }

std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

const std::string kStart = "\x80\x02";
const std::string kOrdered = global("collections", "OrderedDict") + ")R";
const std::string kFloat = global("torch", "FloatStorage");

std::string storage(const std::string& key, const std::string& count) {
  return "(" + str("storage") + kFloat + str(key) + str("cpu") + count + "tQ";
}

std::string tensor(const std::string& of, const std::string& offset, const std::string& shape,
                   const std::string& strides, const std::string& hooks = kOrdered) {
  return global("torch._utils", "_rebuild_tensor_v2") + "(" + of + offset + shape + strides +
         "\x89" + hooks + "tR";
}

std::string dict_of(const std::string& value) { return kStart + "}" + str("w") + value + "s."; }

const std::string kSix = "K\x06", kZero = "K\0"s;
const std::string kGood = tensor(storage("0", kSix), kZero, "(K\x02K\x03t", "(K\x03K\x01t");

TEST(Hostile, TheTestsOwnPickleIsGood) {
  const std::string file = file_with(dict_of(kGood));
  const StateDict tensors = read_state_dict(file);
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_EQ(tensors[0].second.count(), 6);
  EXPECT_EQ(tensors[0].second.packed(), std::string(24, '\x01'));
}

TEST(Hostile, PicklesAreRefusedByName) {
  const std::string huge = "\x8a\x08" + le(INT64_MAX, 8), minus = "J" + le(0xFFFFFFFF, 4);
  using Text = const std::string&;
  auto with = [](Text of, Text offset, Text shape, Text strides) {
    return dict_of(tensor(of, offset, shape, strides));
  };
  const std::string six = storage("0", kSix);
  const std::pair<std::string, const char*> table[] = {
      {kStart + global("os", "system") + "(" + str("id") + "tR.", "names 'os.system'"},
      {kStart + global("builtins", "eval") + ".", "names 'builtins.eval'"},
      {kStart + global("torch._utils", "_rebuild_tensor_v2 ") + ".", "_rebuild_tensor_v2 '"},
      {kStart + global("torch", "OrderedDict") + ".", "names 'torch.OrderedDict'"},
      {kStart + "c\x1b[2J\nx\n.", "names '\\x1b[2J.x'"},
      {kStart + str("posix") + str("system") + "\x93.", "names 'posix.system'"},
      {kStart + "K\x01K\x02\x93.", "has no name"},
      {"cposix\nsystem\n(S'id'\ntR.", "names 'posix.system'"},
      {"(S'id'\nios\nsystem\n.", "uses STRING"},
      {kStart + "(ios\nsystem\n.", "uses INST"},
      {kStart + "\x82\x01.", "uses EXT1"},
      {kStart + kFloat + ")\x81.", "uses NEWOBJ"},
      {kStart + kFloat + ")R.", "calls what is no function"},
      {kStart + "})R.", "calls what is no function"},
      {kStart + global("collections", "OrderedDict") + "K\x01\x85R.", "with arguments"},
      {kStart + global("collections", "OrderedDict") + "R.", "has no arguments"},
      {kStart + "\xff.", "an opcode that Python does not have"},
      {"\x80\x06}.", "protocol newer than 5"},
      {kStart + "}.}.", ""},  // what comes behind the end is nobody's
      {"", "is cut off"},
      {".", "does not end with one value"},
      {kStart + "}}.", "does not end with one value"},
      {kStart + "}(.", "does not end with one value"},
      {kStart + "K\x01.", "holds no dict"},
      {kStart + "0.", "uses POP"},
      {kStart + "}s.", "is malformed"},
      {kStart + "}u.", "is malformed"},
      {kStart + "(}" + str("w") + "u.", "is malformed"},
      {kStart + "K\x01K\x02K\x03s.", "of what is no dict"},
      {kStart + "}K\x01K\x02s.", "key that is no string"},
      {kStart + "(K\x01R.", "has no arguments"},
      {kStart + "}(tt.", "is malformed"},
      {kStart + "\x87.", "is malformed"},
      {kStart + "}(\x85.", "is malformed"},
      {kStart + "q\0."s, "is malformed"},
      {kStart + "}q\x05.", "memo out of order"},
      {kStart + "}r\xff\xff\xff\xff.", "memo out of order"},
      {kStart + "h\x05.", "recalls what it has not kept"},
      {kStart + "j\xff\xff\xff\xff.", "recalls what it has not kept"},
      {kStart + "X\xff\xff\xff\xff.", "is cut off"},
      {kStart + "\x8d" + le(UINT64_MAX, 8) + ".", "is cut off"},
      {kStart + "\x8a\xff.", "more than 64 bits"},
      {kStart + "}}b.", "of what is no OrderedDict"},
      {kStart + kOrdered + "}" + str("__class__") + "K\x01sb.", "the attribute '__class__'"},
      {kStart + kOrdered + "K\x01" "b.", "has no state"},
      {dict_of("K\x01"), "holds 'w', which is no tensor"},
      {dict_of(six), "holds 'w', which is no tensor"},
      {kStart + "}(" + str("w") + kGood + str("w") + kGood + "u.", "holds 'w' twice"},
      {kStart + "}q\0"s + str("w") + "h\0s."s, "holds 'w', which is no tensor"},
      {dict_of("(" + str("module") + "K\x01tQ"), "persistent id that is no storage"},
      {dict_of("K\x01Q"), "has no persistent id"},
      {dict_of(storage("0", minus)), "persistent id that is no storage"},
      {with(storage("1", kSix), kZero, "K\x06\x85", "K\x01\x85"), "no record 'x/data/1'"},
      {with(storage("../version", kSix), kZero, ")", ")"), "no record 'x/data/../version'"},
      {with(storage("0", huge), kZero, "K\x06\x85", "K\x01\x85"), "only 24 bytes of it"},
      {with(storage("0", "K\x07"), kZero, "K\x06\x85", "K\x01\x85"), "only 24 bytes of it"},
      {with("N", kZero, ")", ")"), "has a malformed tensor"},
      {with(six, minus, ")", ")"), "has a malformed tensor"},
      {with(six, huge, ")", ")"), "begins beyond its storage"},
      {with(six, kZero, "N", ")"), "malformed shape"},
      {with(six, kZero, "N\x85", "K\x01\x85"), "malformed shape"},
      {with(six, kZero, minus + "\x85", "K\x01\x85"), "malformed shape"},
      {with(six, kZero, "K\x06\x85", minus + "\x85"), "malformed strides"},
      {with(six, kZero, "K\x06\x85", ")"), "more strides than dimensions, or fewer"},
      {with(six, kZero, "K\x07\x85", "K\x01\x85"), "reaches beyond its storage"},
      {with(six, kZero, "K\x02\x85", huge + "\x85"), "reaches beyond its storage"},
      {with(six, kZero, huge + "\x85", kZero + "\x85"), "impossible shape"},
      {with(six, kZero, "J" + le(1 << 30, 4) + "\x85", kZero + "\x85"), "too often"},
      {with(six, kZero, "(" + repeat("K\x01", 65) + "t", "(" + repeat("K\x01", 65) + "t"),
       "malformed shape"},
      {dict_of(tensor(six, kZero, ")", ")", "}" + str("hook") + "K\x01s")), "backward hooks"},
      {dict_of(tensor(six, kZero, ")", ")", kOrdered + "}")), "conjugated, negated"},
  };
  for (const auto& [pickle, words] : table) {
    const std::string file = file_with(pickle);
    const std::string why = thrown([&] { read_state_dict(file); });
    EXPECT_THAT(why, HasSubstr(*words == '\0' ? "nothing was thrown" : words)) << words;
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
    EXPECT_LT(why.size(), 300u) << why;
  }
}

TEST(Hostile, DepthAndLengthCostLittle) {
  const std::size_t many = 3'000'000;
  const std::pair<std::string, const char*> table[] = {
      {kStart + "}" + repeat("\x85", many) + ".", "too many values"},
      {kStart + repeat("(", many) + ".", "too many values"},
      {kStart + repeat("}", many) + ".", "too many values"},
      {kStart + repeat(")", many) + ".", "too many values"},
      {kStart + repeat("N", many) + ".", "too many values"},
      {kStart + "N" + repeat("\x94", many) + ".", "memo out of order"},
      // A dict in a dict in a dict, below the limits: nothing here is recursive.
      {kStart + repeat("}" + str("w"), 100'000) + "}" + repeat("s", 100'000) + ".", "no tensor"},
      {kStart + "N" + repeat("\x85", 1'000'000) + ".", "holds no dict"},
      // Two bytes that stand for a tuple of a million values, again and again.
      {kStart + "(" + repeat("N", 1'000'000) + "tq\0"s +
           repeat("h\0"s, many / 2) + ".",
       "too many values"},
      {repeat("\x80\x02", many / 2), "is cut off"},
      {kStart + repeat("\x95" + le(UINT64_MAX, 8), many / 9), "is cut off"},
      {std::string(kPickleBytesMax + 1, 'N'), "larger than 16 MiB"},
  };
  for (const auto& [pickle, words] : table) {
    std::string why;
    const std::size_t peak = peak_of([&] { why = thrown([&] { unpickle(pickle); }); });
    EXPECT_THAT(why, HasSubstr(words));
    EXPECT_LT(peak, 256u << 20) << words;
  }
}

TEST(Hostile, TruncatedAnywhere) {
  for (const char* name : {"network.pth", "views.pth", "protocol5.pth"}) {
    const std::string file = read_file(testdata() / name);
    const std::string folder = fs::path(name).stem();
    const std::string pickle(ZipReader(file).read(folder + "/data.pkl"));
    for (std::size_t size = 0; size < file.size(); ++size) {
      EXPECT_NE(thrown([&] { read_state_dict(std::string_view(file).substr(0, size)); }),
                "nothing was thrown");
    }
    for (std::size_t size = 0; size < pickle.size(); ++size) {
      EXPECT_THAT(thrown([&] { unpickle(std::string_view(pickle).substr(0, size)); }),
                  HasSubstr("is cut off"));
    }
  }
}

TEST(Hostile, Archives) {
  const std::string good = file_with(dict_of(kGood));
  auto without_end = [](std::string file) { return file.substr(0, file.size() - 22); };
  auto end = [](uint64_t count, uint64_t size, uint64_t offset) {
    return le(0x06054b50, 4) + le(0, 4) + le(count, 2) + le(count, 2) + le(size, 4) +
           le(offset, 4) + le(0, 2);
  };
  const std::size_t directory = good.find("PK\x01\x02");
  const std::size_t size = good.size() - 22 - directory;
  auto changed = [&](std::size_t at, const std::string& bytes) {
    std::string file = good;
    return file.replace(at, bytes.size(), bytes);
  };
  auto doubled = [&] {  // each entry twice: two names for one record would do as well
    return without_end(good) + good.substr(directory, size) + end(6, 2 * size, directory);
  };
  const std::pair<std::string, const char*> table[] = {
      {"", "too short"},
      {std::string(100, 'x'), "no directory at its end"},
      {std::string(200'000, 'P'), "no directory at its end"},
      {good + "x", "no directory at its end"},
      {without_end(good) + end(3, size, directory), "nothing was thrown"},
      {without_end(good) + end(2, size, directory), "its directory is malformed"},
      {without_end(good) + end(4, size, directory), "cut off"},
      {without_end(good) + end(3, size, 0xFFFFFFFF), "cut off"},
      {without_end(good) + end(3, 0xFFFFFFFF, directory), "cut off"},
      {without_end(good) + end(3, size, directory + 1), "its directory is malformed"},
      {doubled(), "two records 'x/data.pkl'"},
      {changed(directory + 8, "\1\0"s), "'x/data.pkl' is encrypted"},
      {changed(directory + 10, "\x08\0"s), "'x/data.pkl' is compressed"},
      {changed(directory + 24, le(1, 4)), "'x/data.pkl' is compressed"},
      {changed(directory + 20, le(1, 4)), "'x/data.pkl' is compressed"},
      {changed(directory + 42, le(1, 4)), "not where the directory says"},
      {changed(directory + 42, le(0xFFFFFFF0, 4)), "cut off"},
      {changed(directory + 46, "y"), "another name than the directory says"},
      {changed(good.find(std::string(24, '\x01')), "\x02"), "'x/data/0' is damaged"},
  };
  for (const auto& [file, words] : table) {
    EXPECT_THAT(thrown([&] { read_state_dict(file); }), HasSubstr(words)) << words;
  }
}

/// Small records that all lie in one place would make a small file a large one.
TEST(Hostile, RecordsThatOverlap) {
  std::string file, directory;
  constexpr int kCount = 100;
  const std::string content(1000, 'x');
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "x/data/" + std::to_string(100 + i);
    std::string common = le(10, 2) + le(0, 8) + le(crc32(0, content), 4);
    const std::size_t from = file.size();
    const std::size_t length = content.size() + static_cast<std::size_t>(kCount - i) * 40;
    common += le(length, 4) + le(length, 4) + le(name.size(), 2);
    file += "PK\x03\x04" + common + le(0, 2) + name;
    directory += "PK\x01\x02" + le(0, 2) + common + le(0, 12) + le(from, 4) + name;
  }
  file += content + std::string(100, 'x');
  const std::size_t at = file.size();
  file += directory + "PK\x05\x06" + le(0, 4) + le(kCount, 2) + le(kCount, 2) +
          le(directory.size(), 4) + le(at, 4) + le(0, 2);
  EXPECT_THAT(thrown([&] { read_state_dict(file); }), HasSubstr("its records overlap"));
}

/// 64-bit sizes, as PyTorch writes them for models of more than 4 GiB.
TEST(Archive, WideDirectories) {
  const std::string good = file_with(dict_of(kGood));
  const std::size_t directory = good.find("PK\x01\x02");
  const std::size_t size = good.size() - 22 - directory;
  std::string file = good.substr(0, directory);
  for (std::string_view rest = std::string_view(good).substr(directory, size); !rest.empty();) {
    std::string entry(rest.substr(0, 46));
    const std::string name(rest.substr(46, static_cast<uint8_t>(rest[28])));
    rest.remove_prefix(46 + name.size());
    const std::string extra = le(7, 2) + le(1, 2) + "?" + le(1, 2) + le(24, 2) +
                              entry.substr(24, 4) + le(0, 4) + entry.substr(20, 4) + le(0, 4) +
                              entry.substr(42, 4) + le(0, 4);
    entry.replace(20, 8, std::string(8, '\xff'));
    entry.replace(42, 4, std::string(4, '\xff'));
    entry.replace(30, 2, le(extra.size(), 2));
    file += entry + name + extra;
  }
  const std::size_t wide = file.size();
  file += "PK\x06\x06" + le(44, 8) + le(0, 12) + le(3, 8) + le(3, 8) + le(wide - directory, 8) +
          le(directory, 8);
  std::string locator = "PK\x06\x07" + le(0, 4) + le(wide, 8) + le(1, 4);
  const std::string end = "PK\x05\x06" + std::string(16, '\xff') + le(0, 2);
  const std::string whole = file + locator + end;
  ASSERT_EQ(read_state_dict(whole).size(), 1u);
  locator.replace(8, 8, le(wide - 1, 8));
  EXPECT_THAT(thrown([&] { read_state_dict(file + locator + end); }), HasSubstr("64-bit"));
  locator.replace(8, 8, le(UINT64_MAX, 8));
  EXPECT_THAT(thrown([&] { read_state_dict(file + locator + end); }), HasSubstr("cut off"));
}

/// What a fuzzer does, from fixed seeds: bytes changed, removed, repeated, taken from other files.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : engine_(seed) {}

  std::string mutate(std::string text, const std::string& other) {
    static constexpr std::string_view kTelling =
        "\x00\x01\x7f\x80\xff()}.tRQusbc"sv;
    for (std::size_t i = below(6) + 1; i > 0 && !text.empty(); --i) {
      const std::size_t at = below(text.size());
      switch (below(6)) {
        case 0: text[at] = static_cast<char>(below(256)); break;
        case 1: text[at] = kTelling[below(kTelling.size())]; break;
        case 2: text[at] = static_cast<char>(text[at] ^ 1 << below(8)); break;
        case 3: text.erase(at, below(9)); break;
        case 4: text.insert(at, text.substr(below(text.size()), below(40))); break;
        default: text.insert(at, other.substr(below(other.size()), below(40)));
      }
    }
    return text;
  }

  std::size_t below(std::size_t end) { return engine_() % end; }

 private:
  std::mt19937 engine_;
};

void read_whatever(const std::string& file) {
  try {
    const StateDict tensors = read_state_dict(file);
    // What is accepted lies inside the file, and can be written.
    for (const auto& [name, tensor] : tensors) {
      ASSERT_LE(tensor.storage.size(), file.size());
      if (tensor.count() > 10'000) continue;
      ASSERT_EQ(tensor.packed().size(),
                static_cast<std::size_t>(tensor.count()) * size_of(tensor.type));
    }
    const std::string written = write_state_dict(tensors);
    ASSERT_EQ(read_state_dict(written).size(), tensors.size());
  } catch (const SystemError& error) {
    ASSERT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
  }
}

TEST(Hostile, MutatedFilesAreReadOrRefused) {
  std::vector<std::string> corpus, pickles;
  for (const auto& entry : fs::directory_iterator(testdata())) {
    if (entry.path().extension() != ".pth") continue;
    corpus.push_back(read_file(entry.path()));
    if (entry.path().stem() == "refused_legacy") continue;
    const std::string folder = entry.path().stem();
    pickles.emplace_back(ZipReader(corpus.back()).read(folder + "/data.pkl"));
  }
  std::ranges::sort(corpus);
  std::ranges::sort(pickles);
  ASSERT_GT(pickles.size(), 15u);
  const std::size_t peak = peak_of([&] {
    for (unsigned seed = 0; seed < 20'000; ++seed) {
      Mutator mutator(seed);
      const std::string& other = corpus[mutator.below(corpus.size())];
      read_whatever(mutator.mutate(corpus[mutator.below(corpus.size())], other));
      // In an archive whose checksums are right, so that the pickle machine sees it.
      read_whatever(file_with(mutator.mutate(pickles[mutator.below(pickles.size())], other)));
      if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
    }
  });
  EXPECT_LT(peak, 64u << 20);
}

}  // namespace
}  // namespace trainyard::weights
