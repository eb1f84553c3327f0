// JSON texts to values: Boost's parser, but for real numbers. That of Boost.JSON 1.81 is off by one
// unit in the last place for one of ten numbers that have all their digits; what is stored and read
// again must stay what it was.
#include <fmt/format.h>

#include <charconv>

#include <boost/json/basic_parser_impl.hpp>

#include "base/error.hpp"
#include "base/json.hpp"

namespace trainyard {
namespace {

using boost::system::error_code;

/// What the parser calls, with the whole text in one buffer (boost::json::basic_parser).
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack values;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t members, error_code&) {
    values.push_object(members);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t elements, error_code&) {
    values.push_array(elements);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    values.push_chars(part);
    return true;
  }
  bool on_key(json::string_view rest, std::size_t, error_code&) {
    values.push_key(rest);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) {
    values.push_chars(part);
    return true;
  }
  bool on_string(json::string_view rest, std::size_t, error_code&) {
    values.push_string(rest);
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, error_code&) {
    values.push_int64(number);
    return true;
  }
  bool on_uint64(uint64_t number, json::string_view, error_code&) {
    values.push_uint64(number);
    return true;
  }
  /// Past the range of doubles Boost's zero and infinity stay.
  bool on_double(double number, json::string_view text, error_code&) {
    double exact = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exact);
    values.push_double(error == std::errc() ? exact : number);
    return true;
  }
  bool on_bool(bool truth, error_code&) {
    values.push_bool(truth);
    return true;
  }
  bool on_null(error_code&) {
    values.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

}  // namespace

std::optional<json::value> parse_json(std::string_view text, std::string* error) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<Builder> parser(options);
  parser.handler().values.reset();
  error_code code;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
  if (!code && used < text.size()) code = json::error::extra_data;
  if (code) {
    if (error != nullptr) *error = fmt::format("{} at offset {}", code.message(), used);
    return std::nullopt;
  }
  return parser.handler().values.release();
}

json::value parse_own_json(std::string_view text) {
  std::string error;
  auto value = parse_json(text, &error);
  if (!value) throw SystemError("stored JSON is damaged: " + error);
  return std::move(*value);
}

}  // namespace trainyard
