// Request and response bodies of a model server by their content type.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "sdk/tensor.hpp"

namespace trainyard::serving {

enum class ContentType { json, csv, npy };

/// ApiError 415 for a Content-Type we cannot read; "" reads as JSON.
ContentType content_type_of(std::string_view header);
/// The first type of an Accept header that we can write; `otherwise` when it is missing or */*.
/// ApiError 406 when there is none.
ContentType accepted_type(std::string_view header, std::string_view otherwise);
std::string_view name_of(ContentType type);

/// ApiError 400 with one line when the body is malformed. Numbers in texts are float32, as in
/// PyTorch's default input_fn; those of npy are what they are.
sdk::Tensor decode(ContentType type, std::string_view body);
/// JSON: nested lists; CSV: a line a row, or a number of a vector; npy: version 1.0, float64.
std::string encode(ContentType type, const sdk::Tensor& tensor);

}  // namespace trainyard::serving
