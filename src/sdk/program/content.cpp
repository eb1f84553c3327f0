#include "sdk/program/content.hpp"

#include "base/ascii.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace trainyard::serving {
namespace {

std::string media_type(std::string_view header) {
  return to_lower(trim(header.substr(0, header.find(';'))));
}

bool find_type(const std::string& media, ContentType& type) {
  if (media == "application/json") {
    type = ContentType::json;
  } else if (media == "text/csv") {
    type = ContentType::csv;
  } else if (media == "application/x-npy") {
    type = ContentType::npy;
  } else {
    return false;
  }
  return true;
}

void write_nested(const sdk::Tensor& tensor, std::size_t depth, std::size_t& next,
                  std::string& out) {
  if (depth == tensor.shape.size()) {
    out += python_float(tensor.values[next++]);
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < tensor.shape[depth]; ++i) {
    if (i > 0) out += ", ";
    write_nested(tensor, depth + 1, next, out);
  }
  out += ']';
}

/// numpy.savetxt writes a vector as a column.
std::string column_or_table(const sdk::Tensor& tensor) {
  if (tensor.shape.size() != 1) return sdk::to_csv(tensor);
  return sdk::to_csv({{tensor.shape[0], 1}, tensor.values});
}

ApiError malformed(ContentType type, const std::string& why) {
  return ApiError("BadRequest", 400,
                  "The body is not valid " + std::string(name_of(type)) + ": " + why);
}

}  // namespace

std::string_view name_of(ContentType type) {
  switch (type) {
    case ContentType::json: return "application/json";
    case ContentType::csv: return "text/csv";
    case ContentType::npy: return "application/x-npy";
  }
  TRAINYARD_ASSERT(false);
}

ContentType content_type_of(std::string_view header) {
  std::string media = media_type(header);
  ContentType type = ContentType::json;
  if (media.empty() || find_type(media, type)) return type;
  throw ApiError("UnsupportedMediaType", 415,
                 "Content type " + media + " is not supported by this framework. Supported are "
                 "application/json, text/csv and application/x-npy.");
}

ContentType accepted_type(std::string_view header, std::string_view otherwise) {
  ContentType type = ContentType::json;
  find_type(media_type(otherwise), type);
  if (trim(header).empty()) return type;
  for (const std::string& piece : split(header, ',')) {
    std::string media = media_type(piece);
    if (media == "*/*" || find_type(media, type)) return type;
  }
  throw ApiError("NotAcceptable", 406,
                 "Accept type " + std::string(header) + " is not supported by this framework. "
                 "Supported are application/json, text/csv and application/x-npy.");
}

sdk::Tensor decode(ContentType type, std::string_view body) {
  try {
    if (type == ContentType::npy) return sdk::from_npy(body);
    sdk::Tensor tensor;
    if (type == ContentType::csv) {
      tensor = sdk::from_csv(body);
    } else {
      std::string error;
      auto value = parse_json(body, &error);
      if (!value) throw malformed(type, error);
      tensor = sdk::from_nested(*value);
    }
    tensor.type = sdk::NpyType::float32;
    return tensor;
  } catch (const SystemError& error) {
    throw malformed(type, error.what());
  }
}

std::string encode(ContentType type, const sdk::Tensor& tensor) {
  switch (type) {
    case ContentType::csv: return column_or_table(tensor);
    case ContentType::npy: return sdk::to_npy(tensor);
    case ContentType::json: break;
  }
  std::string out;
  std::size_t next = 0;
  write_nested(tensor, 0, next, out);
  return out;
}

}  // namespace trainyard::serving
