#include "wire/scalar.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"

namespace trainyard::wire {
namespace {

template <class Number>
bool read_number(std::string_view text, void* target) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  *static_cast<Number*>(target) = value;
  return true;
}

bool read_bool(std::string_view text, void* target) {
  if (text != "true" && text != "false") return false;
  *static_cast<bool*>(target) = text == "true";
  return true;
}

bool read_time(TimestampFormat format, std::string_view text, void* target) {
  auto& time = *static_cast<Time*>(target);
  switch (format) {
    case TimestampFormat::rfc822: return parse_http_date(text, time) || parse_iso8601(text, time);
    case TimestampFormat::epoch_seconds: {
      double seconds = 0;
      if (!read_number<double>(text, &seconds) || !is_epoch_time(seconds)) return false;
      time = from_epoch_seconds(seconds);
      return true;
    }
    case TimestampFormat::iso8601:
    case TimestampFormat::protocol_default:
      return parse_iso8601(text, time) || parse_http_date(text, time);
  }
  return false;
}

bool read_blob(std::string_view text, void* target) {
  auto bytes = unbase64(text);
  if (bytes) *static_cast<std::string*>(target) = std::move(*bytes);
  return bytes.has_value();
}

std::string time_text(TimestampFormat format, Time time) {
  switch (format) {
    case TimestampFormat::rfc822: return http_date(time);
    case TimestampFormat::epoch_seconds: return fmt::format("{}", to_epoch_seconds(time));
    case TimestampFormat::iso8601:
    case TimestampFormat::protocol_default: break;
  }
  return to_millis(time) % 1000 == 0 ? iso8601_seconds(time) : iso8601(time);
}

}  // namespace

bool is_scalar(const Shape& shape) {
  return shape.kind != Kind::structure && shape.kind != Kind::list && shape.kind != Kind::map &&
         shape.kind != Kind::stream;
}

void from_text(const Shape& shape, TimestampFormat format, std::string_view text, void* target,
               std::string_view path, const char* code) {
  bool good = true;
  switch (shape.kind) {
    case Kind::boolean: good = read_bool(text, target); break;
    case Kind::integer: good = read_number<int32_t>(text, target); break;
    case Kind::long_: good = read_number<int64_t>(text, target); break;
    case Kind::float_: good = read_number<float>(text, target); break;
    case Kind::double_: good = read_number<double>(text, target); break;
    case Kind::string: static_cast<std::string*>(target)->assign(text); break;
    case Kind::blob: good = read_blob(text, target); break;
    case Kind::timestamp: good = read_time(format, text, target); break;
    default: good = false;
  }
  if (!good) {
    throw ApiError(code, 400, fmt::format("'{}' at '{}' is not a value of its type", text, path));
  }
}

std::string to_text(const Shape& shape, TimestampFormat format, const void* value) {
  switch (shape.kind) {
    case Kind::boolean: return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::integer: return std::to_string(*static_cast<const int32_t*>(value));
    case Kind::long_: return std::to_string(*static_cast<const int64_t*>(value));
    case Kind::float_: return fmt::format("{}", *static_cast<const float*>(value));
    case Kind::double_: return fmt::format("{}", *static_cast<const double*>(value));
    case Kind::string: return *static_cast<const std::string*>(value);
    case Kind::blob: return base64(*static_cast<const std::string*>(value));
    case Kind::timestamp: return time_text(format, *static_cast<const Time*>(value));
    default: TRAINYARD_ASSERT(is_scalar(shape));
  }
  return "";
}

}  // namespace trainyard::wire
