#include "sdk/tensor.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::sdk {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kHeaderAlign = 64;
constexpr int kDimensionsMax = 32;  // NumPy's own limit

std::size_t element_count(const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 && count > std::numeric_limits<std::size_t>::max() / 16 / extent) {
      throw SystemError("a tensor of such a shape does not fit into memory");
    }
    count *= extent;
  }
  return count;
}

void check(const Tensor& tensor) {
  if (element_count(tensor.shape) != tensor.values.size()) {
    throw SystemError(fmt::format("a tensor of shape ({}) cannot have {} values",
                                  fmt::join(tensor.shape, ", "), tensor.values.size()));
  }
}

// The text between `key` and the next comma that is not inside parentheses or quotes: enough for
// the header, a Python literal of three members.
std::string_view member(std::string_view header, std::string_view key) {
  const std::size_t found = header.find(key);
  if (found == std::string_view::npos) throw SystemError("npy header lacks a member");
  header.remove_prefix(found + key.size());
  header.remove_prefix(std::min(header.find(':') + 1, header.size()));
  std::size_t end = 0;
  for (int depth = 0; end < header.size(); ++end) {
    if (header[end] == '(') ++depth;
    if (header[end] == ')') --depth;
    if (depth <= 0 && (header[end] == ',' || header[end] == '}')) break;
  }
  return trim(header.substr(0, end));
}

std::vector<std::size_t> parse_shape(std::string_view text) {
  if (!text.starts_with('(') || !text.ends_with(')')) throw SystemError("npy shape is malformed");
  std::vector<std::size_t> shape;
  for (const std::string& part : split(text.substr(1, text.size() - 2), ',')) {
    const std::string digits(trim(part));
    if (digits.empty()) continue;
    if (digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) {
      throw SystemError("npy shape is malformed");
    }
    shape.push_back(std::stoull(digits));
  }
  if (shape.size() > kDimensionsMax) throw SystemError("npy shape has too many dimensions");
  return shape;
}

template <class T>
double read_as(const char* bytes, bool swap) {
  char ordered[sizeof(T)];
  std::memcpy(ordered, bytes, sizeof(T));
  if (swap) std::reverse(ordered, ordered + sizeof(T));
  T value;
  std::memcpy(&value, ordered, sizeof(T));
  return static_cast<double>(value);
}

template <class T>
void write_as(double value, std::string& out) {
  T element;
  if constexpr (std::is_integral_v<T>) {
    constexpr auto kMin = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kMax = static_cast<double>(std::numeric_limits<T>::max());
    if (std::isnan(value)) value = 0;
    element = value <= kMin   ? std::numeric_limits<T>::min()
              : value >= kMax ? std::numeric_limits<T>::max()
                              : static_cast<T>(value);
  } else {
    element = static_cast<T>(value);
  }
  out.append(reinterpret_cast<const char*>(&element), sizeof element);
}

struct ElementType {
  std::string_view code;
  NpyType type;
  std::size_t size;
  double (*read)(const char* bytes, bool swap);
  void (*write)(double value, std::string& out);
};

template <class T>
constexpr ElementType element(std::string_view code, NpyType type) {
  return {code, type, sizeof(T), read_as<T>, write_as<T>};
}

constexpr ElementType kElementTypes[] = {
    element<double>("f8", NpyType::float64),  element<float>("f4", NpyType::float32),
    element<uint8_t>("u1", NpyType::uint8),   element<int8_t>("i1", NpyType::int8),
    element<uint8_t>("b1", NpyType::boolean), element<int16_t>("i2", NpyType::int16),
    element<uint16_t>("u2", NpyType::uint16), element<int32_t>("i4", NpyType::int32),
    element<uint32_t>("u4", NpyType::uint32), element<int64_t>("i8", NpyType::int64),
    element<uint64_t>("u8", NpyType::uint64),
};

const ElementType& element_type(std::string_view descriptor, bool& swap) {
  if (descriptor.size() >= 2 && (descriptor[0] == '\'' || descriptor[0] == '"')) {
    descriptor = descriptor.substr(1, descriptor.size() - 2);
  }
  swap = descriptor.starts_with('>');
  for (const ElementType& type : kElementTypes) {
    if (descriptor.size() == 3 && descriptor.substr(1) == type.code &&
        std::string_view("<>|=").find(descriptor[0]) != std::string_view::npos) {
      return type;
    }
  }
  throw SystemError("npy element type is not a plain number: " + std::string(descriptor));
}

// Fortran order runs the first dimension fastest.
std::vector<double> to_c_order(const std::vector<double>& values,
                               const std::vector<std::size_t>& shape) {
  std::vector<double> result(values.size());
  std::vector<std::size_t> index(shape.size(), 0);
  for (double& slot : result) {
    std::size_t offset = 0;
    for (std::size_t d = shape.size(); d-- > 0;) offset = offset * shape[d] + index[d];
    slot = values[offset];
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

void gather(const json::value& value, std::size_t depth, Tensor& tensor) {
  if (depth > kDimensionsMax) throw SystemError("nested lists are too deep for a tensor");
  if (const json::array* list = value.if_array()) {
    if (tensor.values.empty() && tensor.shape.size() == depth) tensor.shape.push_back(list->size());
    if (depth >= tensor.shape.size() || tensor.shape[depth] != list->size()) {
      throw SystemError("nested lists of different lengths are no tensor");
    }
    for (const json::value& element : *list) gather(element, depth + 1, tensor);
    return;
  }
  if (!value.is_number() || depth != tensor.shape.size()) {
    throw SystemError("nested lists with something else than numbers are no tensor");
  }
  tensor.values.push_back(value.to_number<double>());
}

json::value nest(const Tensor& tensor, std::size_t depth, std::size_t& next) {
  if (depth == tensor.shape.size()) return tensor.values[next++];
  json::array list;
  for (std::size_t i = 0; i < tensor.shape[depth]; ++i) {
    list.push_back(nest(tensor, depth + 1, next));
  }
  return list;
}

}  // namespace

std::size_t Tensor::row_size() const {
  return shape.empty() || shape[0] == 0 ? 1 : values.size() / shape[0];
}

std::vector<std::size_t> Tensor::argmax_rows() const {
  std::vector<std::size_t> chosen;
  const std::size_t size = std::max<std::size_t>(row_size(), 1);
  for (std::size_t start = 0; start + size <= values.size(); start += size) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(start);
    chosen.push_back(std::max_element(row, row + static_cast<std::ptrdiff_t>(size)) - row);
  }
  return chosen;
}

std::string to_npy(const Tensor& tensor, NpyType type) {
  check(tensor);
  const ElementType& kind = *std::ranges::find(kElementTypes, type, &ElementType::type);
  std::string header = fmt::format(
      "{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
      kind.size == 1 ? '|' : '<', kind.code, fmt::join(tensor.shape, ", "),
      tensor.shape.size() == 1 ? "," : "");
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((kHeaderAlign - unpadded % kHeaderAlign) % kHeaderAlign, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += std::string("\x01\x00", 2);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.reserve(bytes.size() + tensor.values.size() * kind.size);
  for (const double value : tensor.values) kind.write(value, bytes);
  return bytes;
}

Tensor from_npy(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 12) throw SystemError("not a npy file");
  const int version = bytes[6];
  const std::size_t length_size = version == 1 ? 2 : 4;
  if (version < 1 || version > 3) throw SystemError("npy file of an unknown version");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i) {
    length |= std::size_t{static_cast<unsigned char>(bytes[8 + i])} << (8 * i);
  }
  const std::size_t start = 8 + length_size + length;
  if (start > bytes.size()) throw SystemError("npy file is cut off");
  const std::string_view header = bytes.substr(8 + length_size, length);
  bool swap = false;
  const ElementType& type = element_type(member(header, "'descr'"), swap);
  Tensor tensor;
  tensor.type = type.type;
  tensor.shape = parse_shape(member(header, "'shape'"));
  const std::size_t count = element_count(tensor.shape);
  if (bytes.size() - start != count * type.size) {
    throw SystemError("npy file is not as long as its shape says");
  }
  tensor.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    tensor.values.push_back(type.read(bytes.data() + start + i * type.size, swap));
  }
  if (member(header, "'fortran_order'") == "True") {
    tensor.values = to_c_order(tensor.values, tensor.shape);
  }
  return tensor;
}

json::value to_nested(const Tensor& tensor) {
  check(tensor);
  std::size_t next = 0;
  return nest(tensor, 0, next);
}

Tensor from_nested(const json::value& value) {
  Tensor tensor;
  gather(value, 0, tensor);
  return tensor;
}

std::string to_csv(const Tensor& tensor) {
  check(tensor);
  std::string text;
  const std::size_t row = tensor.shape.size() < 2 ? tensor.values.size() : tensor.row_size();
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    text += fmt::format("{}", tensor.values[i]);
    text += (i + 1) % row == 0 ? '\n' : ',';
  }
  return text;
}

Tensor from_csv(std::string_view text) {
  Tensor tensor;
  std::size_t lines = 0;
  std::size_t columns = 0;
  for (const std::string& line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const std::vector<std::string> cells = split(trim(line), ',');
    if (lines++ == 0) columns = cells.size();
    if (cells.size() != columns) throw SystemError("CSV lines of different lengths");
    for (const std::string& cell : cells) {
      const std::string number(trim(cell));
      char* end = nullptr;
      const double value = std::strtod(number.c_str(), &end);
      if (number.empty() || *end != '\0') throw SystemError("not a number in CSV: " + number);
      tensor.values.push_back(value);
    }
  }
  tensor.shape = {lines, columns};
  return tensor;
}

}  // namespace trainyard::sdk
