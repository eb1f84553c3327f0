#include "weights/state_dict.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.hpp"
#include "weights/pickle.hpp"
#include "weights/text.hpp"
#include "weights/zip.hpp"

namespace trainyard::weights {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kPickleName = "/data.pkl";
constexpr std::string_view kScriptMark = "/constants.pkl";  // torch.jit.save alone writes it
// What the file of torch.save begins with before PyTorch 1.6: a pickle of the number
// 0x1950a86a20f9469cfc6c.
constexpr std::string_view kLegacyStart =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
// An expanded tensor has more elements than its storage; so many nobody stores by mistake.
constexpr int64_t kExpandedMax = 1 << 24;
constexpr int64_t kCountMax = int64_t{1} << 48;

/// The product, or a refusal when it is beyond what a file could hold.
int64_t checked_count(const std::vector<int64_t>& shape) {
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent < 0 || extent > kCountMax / count) return -1;
    count *= extent;
  }
  return count;
}

/// Why the tensor cannot be read from its storage; empty when it can.
std::string fault_of(const Tensor& tensor) {
  const auto available = static_cast<int64_t>(tensor.storage.size() / size_of(tensor.type));
  const int64_t count = checked_count(tensor.shape);
  if (tensor.shape.size() != tensor.strides.size()) return "has not one stride a dimension";
  if (tensor.shape.size() > kDimensionsMax) return "has more than 64 dimensions";
  if (count < 0) return "has an impossible shape";
  if (tensor.offset < 0 || tensor.offset > available) return "begins beyond its storage";
  if (count == 0) return "";
  int64_t room = available - tensor.offset - 1;  // for the element with the largest indices
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const int64_t steps = tensor.shape[i] - 1;
    const int64_t stride = tensor.strides[i];
    if (stride < 0) return "has a negative stride";
    if (steps > 0 && stride > room / steps) return "reaches beyond its storage";
    room -= steps * stride;
  }
  if (room < 0) return "reaches beyond its storage";
  if (count > std::max(available, kExpandedMax)) return "repeats its storage too often";
  return "";
}

void check(const std::string& name, const Tensor& tensor) {
  if (std::string fault = fault_of(tensor); !fault.empty()) {
    throw SystemError("the tensor " + quoted(name) + " " + fault);
  }
}

/// The folder that all records lie in, from the only pickle in it.
std::string find_folder(const ZipReader& zip) {
  std::string folder;
  for (const auto& [name, record] : zip.records()) {
    if (name.ends_with(kScriptMark)) {
      throw SystemError("not a state_dict but a TorchScript model (torch.jit.save)");
    }
    if (!name.ends_with(kPickleName)) continue;
    if (!folder.empty()) throw SystemError("not a state_dict: the archive has several data.pkl");
    folder = name.substr(0, name.size() - kPickleName.size());
  }
  if (folder.empty()) {
    throw SystemError("not a state_dict: the archive has no data.pkl in a folder, which "
                      "torch.save writes");
  }
  return folder;
}

}  // namespace

std::size_t size_of(ElementType type) {
  switch (type) {
    case ElementType::float64: case ElementType::int64: return 8;
    case ElementType::float32: case ElementType::int32: return 4;
    case ElementType::float16: case ElementType::bfloat16: case ElementType::int16: return 2;
    case ElementType::int8: case ElementType::uint8: case ElementType::boolean: return 1;
  }
  TRAINYARD_ASSERT(false);
}

std::string_view name_of(ElementType type) {
  switch (type) {
    case ElementType::float64: return "float64";
    case ElementType::float32: return "float32";
    case ElementType::float16: return "float16";
    case ElementType::bfloat16: return "bfloat16";
    case ElementType::int64: return "int64";
    case ElementType::int32: return "int32";
    case ElementType::int16: return "int16";
    case ElementType::int8: return "int8";
    case ElementType::uint8: return "uint8";
    case ElementType::boolean: return "bool";
  }
  TRAINYARD_ASSERT(false);
}

int64_t Tensor::count() const {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

std::string Tensor::packed() const {
  const std::size_t size = size_of(type);
  const auto total = static_cast<std::size_t>(count());
  if (strides == packed_strides(shape)) {
    return std::string(storage.substr(static_cast<std::size_t>(offset) * size, total * size));
  }
  std::string bytes;
  bytes.reserve(total * size);
  std::vector<int64_t> index(shape.size(), 0);
  int64_t at = offset;
  for (std::size_t i = 0; i < total; ++i) {
    bytes += storage.substr(static_cast<std::size_t>(at) * size, size);
    for (std::size_t d = shape.size(); d-- > 0;) {
      at += strides[d];
      if (++index[d] < shape[d]) break;
      at -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return bytes;
}

std::vector<int64_t> packed_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= std::max<int64_t>(shape[d], 1);
  }
  return strides;
}

StateDict read_state_dict(std::string_view file) {
  if (file.starts_with(kLegacyStart)) {
    throw SystemError("a file in the format that PyTorch wrote before 1.6, which is not read: load "
                      "it in Python and save it again with torch.save");
  }
  const ZipReader zip(file);
  const std::string folder = find_folder(zip);
  if (const std::string order = folder + "/byteorder"; zip.records().contains(order)) {
    if (zip.read(order) != "little") {
      throw SystemError("not a state_dict of a little-endian machine: its byte order is " +
                        quoted(zip.read(order)));
    }
  }
  std::map<std::string_view, std::string_view> storages;  // verified once each
  StateDict tensors;
  for (auto& [name, pickled] : unpickle(zip.read(folder + std::string(kPickleName)))) {
    auto [place, first] = storages.try_emplace(pickled.key);
    if (first) place->second = zip.read(folder + "/data/" + std::string(pickled.key));
    const auto size = static_cast<int64_t>(size_of(pickled.type));
    const std::string_view record = place->second;
    if (pickled.storage_count > static_cast<int64_t>(record.size()) / size) {
      throw SystemError("the tensor " + quoted(name) + " has a storage of " +
                        std::to_string(pickled.storage_count) + " elements, but the file only " +
                        std::to_string(record.size()) + " bytes of it");
    }
    Tensor tensor{.type = pickled.type, .shape = std::move(pickled.shape),
                  .strides = std::move(pickled.strides), .offset = pickled.offset,
                  .storage = record.substr(0, static_cast<std::size_t>(pickled.storage_count *
                                                                       size))};
    check(std::string(name), tensor);
    tensors.emplace_back(name, std::move(tensor));
  }
  return tensors;
}

std::string write_state_dict(const StateDict& tensors) {
  using Key = std::tuple<const char*, std::size_t, ElementType>;
  std::map<Key, std::string> keys;
  std::vector<std::string_view> storages;
  std::unordered_set<std::string_view> names;
  PickledDict dict;
  for (const auto& [name, tensor] : tensors) {
    check(name, tensor);
    if (!names.insert(name).second) {
      throw SystemError("two tensors have the name " + quoted(name));
    }
    // An empty storage has no address to be known by.
    auto [place, first] = keys.try_emplace(
        Key{tensor.storage.empty() ? nullptr : tensor.storage.data(), tensor.storage.size(),
            tensor.type},
        std::to_string(storages.size()));
    if (first) storages.push_back(tensor.storage);
    dict.emplace_back(name, PickledTensor{
                                .type = tensor.type, .key = place->second,
                                .storage_count = static_cast<int64_t>(tensor.storage.size() /
                                                                      size_of(tensor.type)),
                                .offset = tensor.offset, .shape = tensor.shape,
                                .strides = tensor.strides});
  }
  ZipWriter zip;
  zip.add("archive/data.pkl", pickle(dict));
  for (std::size_t i = 0; i < storages.size(); ++i) {
    zip.add("archive/data/" + std::to_string(i), storages[i]);
  }
  zip.add("archive/version", "3\n");
  return zip.finish();
}

}  // namespace trainyard::weights
