#include "wire/streams.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace trainyard::wire {
namespace {

using Stream = std::shared_ptr<http::BodyReader>;

/// The first `limit` bytes of what is left of a body.
std::string read_some(http::BodyReader& body, std::size_t limit) {
  std::string text(limit, '\0');
  std::size_t size = 0;
  while (size < limit) {
    std::size_t count = body.read(text.data() + size, limit - size);
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return text;
}

}  // namespace

const Member* stream_of(const Shape& shape) {
  auto found = std::find_if(shape.members.begin(), shape.members.end(), [](const Member& member) {
    return member.shape->kind == Kind::stream;
  });
  return found == shape.members.end() ? nullptr : &*found;
}

std::string stream_text(const Shape& input, const json::object& values) {
  const Member* member = stream_of(input);
  const json::value* value =
      member ? values.if_contains(name_in(JsonForm::sdk, *member)) : nullptr;
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? to_std(value->get_string()) : dump(*value);
}

http::BodyReader* set_stream(const Shape& shape, void* structure, std::string text) {
  const Member* member = stream_of(shape);
  if (member == nullptr) return nullptr;
  auto reader = std::make_shared<http::StringBody>(std::move(text));
  http::BodyReader* body = reader.get();
  *static_cast<Stream*>(member->emplace(structure)) = std::move(reader);
  return body;
}

json::object to_json_streamed(const Shape& shape, const void* output, std::size_t bytes_max) {
  json::object result = to_json(shape, output, JsonForm::sdk).as_object();
  const Member* member = stream_of(shape);
  const void* stream = member ? member->get(output) : nullptr;
  if (stream == nullptr || *static_cast<const Stream*>(stream) == nullptr) return result;
  result[name_in(JsonForm::sdk, *member)] =
      valid_utf8(read_some(**static_cast<const Stream*>(stream), bytes_max));
  return result;
}

}  // namespace trainyard::wire
