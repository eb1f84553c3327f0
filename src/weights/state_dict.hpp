// PyTorch's state_dict files, read and written without PyTorch and without running what they say:
// torch.save(module.state_dict(), path) in the zip format that PyTorch writes since 1.6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trainyard::weights {

/// The element types of plain storages. Complex, quantised and sparse tensors are refused.
enum class ElementType {
  float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, boolean
};

/// Bytes of one element.
std::size_t size_of(ElementType type);
/// As PyTorch prints it: "float32".
std::string_view name_of(ElementType type);

/// A view into bytes that somebody else owns, little-endian. Element (i, j, …) is the one at
/// offset + i · strides[0] + j · strides[1] + …; tensors that share a storage view the same bytes.
struct Tensor {
  ElementType type = ElementType::float32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // elements, as long as `shape`, never negative
  int64_t offset = 0;            // elements
  std::string_view storage;

  /// The product of `shape`: 1 for a tensor without dimensions.
  int64_t count() const;
  /// The elements in C order, packed: count() · size_of(type) bytes.
  std::string packed() const;
};

/// The strides of a tensor whose last dimension runs fastest, without gaps.
std::vector<int64_t> packed_strides(const std::vector<int64_t>& shape);

/// By name, in the file's order, names as they are ("module." of DataParallel included).
using StateDict = std::vector<std::pair<std::string, Tensor>>;

/// What the file holds; the tensors view `file`, which must outlive them. Whatever is no dict of
/// tensors is refused in one line that names it: SystemError. Memory is bounded by constants and by
/// the file's own length, whatever the file says.
StateDict read_state_dict(std::string_view file);

/// The file that torch.load reads as an OrderedDict of tensors. Tensors that view one storage (same
/// bytes at the same address, same type) share it in the file. SystemError when a tensor reaches
/// beyond its storage, a name occurs twice, or the file would be larger than 4 GiB.
std::string write_state_dict(const StateDict& tensors);

}  // namespace trainyard::weights
