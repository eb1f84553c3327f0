// Numbers with a shape, and the forms in which endpoints take and give them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace trainyard::sdk {

/// The element types of .npy files.
enum class NpyType {
  float64, float32, int64, int32, int16, int8, uint64, uint32, uint16, uint8, boolean
};

/// Values in C order (the last dimension runs fastest): values.size() is the product of `shape`.
struct Tensor {
  std::vector<std::size_t> shape;
  std::vector<double> values;
  /// What the values were where they come from; integers beyond 2⁵³ have lost their last digits.
  NpyType type = NpyType::float64;

  /// Elements of one row, i.e. of the dimensions after the first.
  std::size_t row_size() const;
  /// Index of the largest value of each row: what a classifier chose.
  std::vector<std::size_t> argmax_rows() const;
};

/// NumPy's .npy, format version 1.0 (numpy.lib.format): x-npy bodies. Values are written as `type`,
/// whatever the tensor's is; integers take the nearest value that they have.
std::string to_npy(const Tensor& tensor, NpyType type = NpyType::float64);
/// Reads versions 1 to 3, C and Fortran order, little- and big-endian floats, integers, booleans;
/// SystemError for anything else (objects and structures are never unpickled).
Tensor from_npy(std::string_view bytes);

/// Nested lists, as deep as the tensor has dimensions; a tensor without dimensions is a number.
json::value to_nested(const Tensor& tensor);
/// SystemError unless all lists of a level have one length and all leaves are numbers.
Tensor from_nested(const json::value& value);

/// One line a row, comma-separated.
std::string to_csv(const Tensor& tensor);
/// A table of numbers of shape (lines, columns). SystemError when it is not one.
Tensor from_csv(std::string_view text);

}  // namespace trainyard::sdk
