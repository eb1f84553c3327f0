#include "services/states/http_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::states {
namespace {

constexpr std::pair<std::string_view, ArrayFormat> kFormats[] = {
    {"INDICES", ArrayFormat::indices},
    {"REPEAT", ArrayFormat::repeat},
    {"COMMAS", ArrayFormat::commas},
    {"BRACKETS", ArrayFormat::brackets},
};

/// Collects the pairs of a form.
class Form {
 public:
  explicit Form(ArrayFormat format) : format_(format) {}

  void add(const std::string& name, const json::value& value) {
    if (const json::object* object = value.if_object()) {
      for (const auto& [key, member] : *object) {
        add(name.empty() ? std::string(key) : fmt::format("{}[{}]", name, std::string_view(key)),
            member);
      }
    } else if (const json::array* array = value.if_array()) {
      add_array(name, *array);
    } else {
      pairs_.push_back(percent_encode(name) + "=" + percent_encode(text_of(value)));
    }
  }
  std::string text() const { return join(pairs_, "&"); }

 private:
  static std::string text_of(const json::value& value) {
    if (value.is_null()) return "";
    return value.is_string() ? to_std(value.get_string()) : dump(value);
  }

  void add_array(const std::string& name, const json::array& array) {
    if (format_ == ArrayFormat::commas) {
      std::vector<std::string> texts;
      for (const json::value& one : array) texts.push_back(percent_encode(text_of(one)));
      pairs_.push_back(percent_encode(name) + "=" + join(texts, ","));
      return;
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      const std::string mark = format_ == ArrayFormat::indices    ? fmt::format("[{}]", i)
                               : format_ == ArrayFormat::brackets ? "[]"
                                                                  : "";
      add(name + mark, array[i]);
    }
  }

  ArrayFormat format_;
  std::vector<std::string> pairs_;
};

}  // namespace

std::variant<std::optional<ArrayFormat>, std::string> http_form_of(const json::object* transform) {
  if (transform == nullptr) return std::nullopt;
  const std::string encoding = find_string(*transform, "RequestBodyEncoding").value_or("NONE");
  if (encoding == "NONE") return std::nullopt;
  if (encoding != "URL_ENCODED") {
    return "The value for the field 'RequestBodyEncoding' must be one of NONE, URL_ENCODED";
  }
  const json::object* options = find_object(*transform, "RequestEncodingOptions");
  const std::string wanted =
      options ? find_string(*options, "ArrayFormat").value_or("INDICES") : "INDICES";
  for (const auto& [name, format] : kFormats) {
    if (name == wanted) return format;
  }
  return "The value for the field 'ArrayFormat' must be one of INDICES, REPEAT, COMMAS, BRACKETS";
}

std::string url_encoded(const json::object& body, ArrayFormat format) {
  Form form(format);
  form.add("", body);
  return form.text();
}

}  // namespace trainyard::states
