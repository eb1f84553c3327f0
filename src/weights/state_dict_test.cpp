#include "weights/state_dict.hpp"

#include <cmath>
#include <cstring>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "weights/weights_testing.hpp"

namespace trainyard::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
double as(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

/// IEEE 754 binary16, for the finite and normal.
double as_half(const char* bytes) {
  const auto bits = static_cast<unsigned>(as<uint16_t>(bytes));
  if ((bits & 0x7FFF) == 0) return 0;
  return std::ldexp((bits & 0x3FF) | 0x400, static_cast<int>(bits >> 10 & 31) - 25) *
         ((bits & 0x8000) != 0 ? -1 : 1);
}

double as_brain(const char* bytes) {
  const char wide[4] = {0, 0, bytes[0], bytes[1]};
  return as<float>(wide);
}

double number(ElementType type, const char* bytes) {
  switch (type) {
    case ElementType::float64: return as<double>(bytes);
    case ElementType::float32: return as<float>(bytes);
    case ElementType::float16: return as_half(bytes);
    case ElementType::bfloat16: return as_brain(bytes);
    case ElementType::int64: return as<int64_t>(bytes);
    case ElementType::int32: return as<int32_t>(bytes);
    case ElementType::int16: return as<int16_t>(bytes);
    case ElementType::int8: return as<int8_t>(bytes);
    case ElementType::uint8: return as<uint8_t>(bytes);
    case ElementType::boolean: return as<uint8_t>(bytes);
  }
  return 0;
}

/// As Python's float.hex.
std::string hex_of(double value) {
  if (value == 0) return std::signbit(value) ? "-0x0.0p+0" : "0x0.0p+0";
  int exponent = 0;
  const double mantissa = std::frexp(std::abs(value), &exponent) * 2;
  const auto digits = static_cast<uint64_t>(std::ldexp(mantissa - 1, 52));
  return fmt::format("{}0x1.{:013x}p{:+}", value < 0 ? "-" : "", digits, exponent - 1);
}

/// As testdata/expected.json has it: [[name, type, shape, values], …].
json::array described(const StateDict& tensors) {
  json::array result;
  for (const auto& [name, tensor] : tensors) {
    json::array shape(tensor.shape.begin(), tensor.shape.end());
    json::array values;
    const std::string packed = tensor.packed();
    const std::size_t size = size_of(tensor.type);
    for (std::size_t at = 0; at < packed.size(); at += size) {
      values.emplace_back(hex_of(number(tensor.type, packed.data() + at)));
    }
    result.push_back(json::array{name, name_of(tensor.type), shape, values});
  }
  return result;
}

TEST(StateDict, ReadsWhatPyTorchWrites) {
  const auto expected = parse_json(read_file(testdata() / "expected.json"));
  ASSERT_TRUE(expected && expected->is_object());
  EXPECT_EQ(expected->get_object().size(), 9u);
  for (const auto& member : expected->get_object()) {
    const std::string name(member.key());
    const std::string file = read_file(testdata() / (name + ".pth"));
    EXPECT_EQ(described(read_state_dict(file)), member.value()) << name;
  }
}

TEST(StateDict, KeepsStridesAndSharedStorages) {
  const std::string file = read_file(testdata() / "views.pth");
  const StateDict tensors = read_state_dict(file);
  auto find = [&](const std::string& name) {
    for (const auto& [key, tensor] : tensors) {
      if (key == name) return tensor;
    }
    return Tensor{};
  };
  for (const char* name : {"table", "transposed", "slice", "steps", "expanded"}) {
    EXPECT_EQ(find(name).storage.data(), find("base").storage.data()) << name;
  }
  EXPECT_NE(find("alone").storage.data(), find("base").storage.data());
  EXPECT_THAT(find("transposed").strides, ElementsAre(1, 6));
  EXPECT_THAT(find("steps").strides, ElementsAre(12, 2));
  EXPECT_EQ(find("steps").offset, 4);
  EXPECT_THAT(find("expanded").strides, ElementsAre(0, 0));
  // A view into the file itself, not a copy.
  EXPECT_GE(find("base").storage.data(), file.data());
  EXPECT_LT(find("base").storage.data(), file.data() + file.size());
}

TEST(StateDict, WhatIsNoneIsRefusedByName) {
  const std::pair<const char*, const char*> table[] = {
      {"checkpoint", "holds 'model', which is no tensor"},
      {"loss", "uses BINFLOAT"},
      {"list", "uses EMPTY_LIST"},
      {"tensor", "holds no dict"},
      {"model", "names 'torch.nn.modules.linear.Linear'; only a dict of plain tensors"},
      {"parameter", "names 'torch._utils._rebuild_parameter'"},
      {"complex", "names 'torch.ComplexFloatStorage'"},
      {"sparse", "names 'torch._utils._rebuild_sparse_tensor'"},
      {"quantised", "names 'torch._utils._rebuild_qtensor'"},
      {"legacy", "format that PyTorch wrote before 1.6"},
      {"script", "a TorchScript model"},
  };
  for (const auto& [name, words] : table) {
    const std::string file = read_file(testdata() / ("refused_" + std::string(name) + ".pth"));
    const std::string why = thrown([&] { read_state_dict(file); });
    EXPECT_THAT(why, HasSubstr(words)) << name;
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
  }
}

TEST(StateDict, ByteOrder) {
  const std::string empty("\x80\x02}.", 4);
  EXPECT_TRUE(read_state_dict(file_with(empty, "little")).empty());
  EXPECT_THAT(thrown([&] { read_state_dict(file_with(empty, "big")); }),
              HasSubstr("its byte order is 'big'"));
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int64_t upto(int64_t max) { return std::uniform_int_distribution<int64_t>(0, max)(engine_); }

 private:
  std::mt19937 engine_;
};

/// A tensor that views `storage` with any strides that stay inside.
Tensor random_view(Random& random, ElementType type, std::string_view storage) {
  Tensor tensor{.type = type, .storage = storage};
  const auto available = static_cast<int64_t>(storage.size() / size_of(type));
  tensor.offset = random.upto(available);
  int64_t room = available - tensor.offset - 1;
  if (room < 0) {
    tensor.shape = {0, random.upto(3)};
    tensor.strides = {random.upto(9), random.upto(9)};
    return tensor;
  }
  for (int64_t dimensions = random.upto(4); dimensions > 0; --dimensions) {
    const int64_t stride = random.upto(7);
    const int64_t steps = std::min<int64_t>(random.upto(4), stride == 0 ? 4 : room / stride);
    tensor.shape.push_back(steps + 1);
    tensor.strides.push_back(stride);
    room -= steps * stride;
  }
  return tensor;
}

constexpr ElementType kTypes[] = {
    ElementType::float64, ElementType::float32, ElementType::float16, ElementType::bfloat16,
    ElementType::int64,   ElementType::int32,   ElementType::int16,   ElementType::int8,
    ElementType::uint8,   ElementType::boolean};

TEST(StateDict, RoundTrip) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Random random(seed);
    std::vector<std::string> storages(static_cast<std::size_t>(random.upto(5) + 1));
    std::vector<ElementType> types;
    for (std::string& storage : storages) {
      types.push_back(kTypes[random.upto(9)]);
      storage.resize(static_cast<std::size_t>(random.upto(60)) * size_of(types.back()));
      for (char& byte : storage) byte = static_cast<char>(random.upto(255));
    }
    StateDict tensors;
    for (int64_t i = random.upto(12); i > 0; --i) {
      const auto which = static_cast<std::size_t>(
          random.upto(static_cast<int64_t>(storages.size()) - 1));
      std::string name(static_cast<std::size_t>(random.upto(300)), 'n');
      tensors.emplace_back(name + std::to_string(i),
                           random_view(random, types[which], storages[which]));
    }
    const std::string file = write_state_dict(tensors);
    EXPECT_EQ(write_state_dict(tensors), file);
    const StateDict back = read_state_dict(file);
    ASSERT_EQ(back.size(), tensors.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      const Tensor& a = tensors[i].second;
      const Tensor& b = back[i].second;
      EXPECT_EQ(back[i].first, tensors[i].first);
      EXPECT_EQ(b.type, a.type);
      EXPECT_EQ(b.shape, a.shape);
      EXPECT_EQ(b.strides, a.strides);
      EXPECT_EQ(b.offset, a.offset);
      EXPECT_EQ(b.storage, a.storage);
      EXPECT_EQ(b.packed(), a.packed());
      for (std::size_t k = 0; k < i; ++k) {
        if (a.storage.empty()) continue;
        EXPECT_EQ(tensors[k].second.storage.data() == a.storage.data(),
                  back[k].second.storage.data() == b.storage.data());
      }
    }
  }
}

TEST(StateDict, WritesOnlyWhatCanBeReadAgain) {
  const std::string bytes(24, '\0');
  auto why = [&](Tensor tensor) {
    tensor.storage = bytes;
    return thrown([&] { write_state_dict({{"w", tensor}}); });
  };
  const ElementType f4 = ElementType::float32;
  EXPECT_EQ(why({f4, {2, 3}, {3, 1}, 0}), "nothing was thrown");
  EXPECT_THAT(why({f4, {2, 3}, {3, 1}, 1}), HasSubstr("'w' reaches beyond its storage"));
  EXPECT_THAT(why({f4, {2, 3}, {4, 1}, 0}), HasSubstr("beyond"));
  EXPECT_THAT(why({f4, {1}, {1}, 7}), HasSubstr("begins beyond"));
  EXPECT_THAT(why({f4, {1}, {1}, 6}), HasSubstr("reaches beyond"));
  EXPECT_EQ(why({f4, {0}, {1}, 6}), "nothing was thrown");
  EXPECT_THAT(why({f4, {2}, {-1}, 5}), HasSubstr("negative stride"));
  EXPECT_THAT(why({f4, {-1}, {1}, 0}), HasSubstr("impossible shape"));
  EXPECT_THAT(why({f4, {1}, {}, 0}), HasSubstr("one stride a dimension"));
  EXPECT_THAT(why({f4, {1 << 30}, {0}, 0}), HasSubstr("too often"));
  EXPECT_THAT(why({f4, {INT64_MAX, INT64_MAX}, {0, 0}, 0}), HasSubstr("impossible shape"));
  EXPECT_THAT(why({f4, {2, 2}, {INT64_MAX, INT64_MAX}, 0}), HasSubstr("beyond"));
  const Tensor good{f4, {1}, {1}, 0, bytes};
  EXPECT_THAT(thrown([&] { write_state_dict({{"w", good}, {"w", good}}); }),
              HasSubstr("two tensors have the name 'w'"));
}

constexpr const char* kPython = "/usr/bin/python3";  // Debian's, which python3-torch is for

std::string output_of(const std::string& command, int& status) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char piece[4096];
  while (const std::size_t size = std::fread(piece, 1, sizeof piece, pipe)) {
    text.append(piece, size);
  }
  status = ::pclose(pipe);
  return text;
}

TEST(StateDict, PyTorchReadsWhatIsWritten) {
  int status = 0;
  output_of(std::string(kPython) + " -c 'import torch' 2>&1", status);
  if (status != 0) GTEST_SKIP() << "python3-torch is not installed";
  std::string bytes;
  for (const float value : {0.f, 1.f, 2.f, 3.f, 4.f, 5.f, 6.5f}) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::string wide;
  for (int i = 0; i < 12; ++i) wide += "\x01\x3c";  // true, and no denormal number
  StateDict tensors{{"fc.weight", {ElementType::float32, {2, 3}, {1, 2}, 0, bytes}},
                    {"fc.bias", {ElementType::float32, {2}, {3}, 3, bytes}},
                    {"wëights\n", {ElementType::float32, {}, {}, 6, bytes}},
                    {"empty", {ElementType::int8, {3, 0}, {1, 1}, 0, ""}}};
  for (const ElementType type : kTypes) {
    tensors.emplace_back(name_of(type), Tensor{type, {2}, {2}, 0, wide});
  }
  const TempDir folder;
  const fs::path path = folder.path() / "model.pth";
  write_file_atomically(path, write_state_dict(tensors));
  const std::string said = output_of(std::string(kPython) + " " +
                                         (testdata() / "describe.py").string() + " " +
                                         path.string() + " 2>&1",
                                     status);
  ASSERT_EQ(status, 0) << said;
  const auto described_by_python = parse_json(said);
  ASSERT_TRUE(described_by_python) << said;
  EXPECT_EQ(json::value(described(tensors)), *described_by_python) << said;
}

}  // namespace
}  // namespace trainyard::weights
