#include "wire/json.hpp"

#include <cmath>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "wire/sdk_names.hpp"

namespace trainyard::wire {

namespace {

const char* kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "NULL_VALUE";
    case json::kind::bool_: return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    case json::kind::int64:
    case json::kind::uint64: return "NUMBER_VALUE";
    case json::kind::double_: return "DECIMAL_VALUE";
    case json::kind::string: return "STRING_VALUE";
    case json::kind::array: return "START_ARRAY";
    case json::kind::object: return "START_OBJECT";
  }
  return "VALUE";
}

const char* type_name(Kind kind) {
  switch (kind) {
    case Kind::boolean: return "Boolean";
    case Kind::integer: return "Integer";
    case Kind::long_: return "Long";
    case Kind::float_: return "Float";
    case Kind::double_: return "Double";
    case Kind::string: return "String";
    case Kind::blob: return "Blob";
    case Kind::timestamp: return "Timestamp";
    case Kind::structure: return "Structure";
    case Kind::list: return "List";
    case Kind::map: return "Map";
    case Kind::stream: return "Stream";
  }
  return "?";
}

/// As Step Functions calls what a parameter must be [unverified but for STRING].
const char* sdk_type_name(Kind kind) {
  switch (kind) {
    case Kind::boolean: return "a BOOLEAN";
    case Kind::integer:
    case Kind::long_: return "an INTEGER";
    case Kind::float_:
    case Kind::double_: return "a NUMBER";
    case Kind::structure:
    case Kind::map: return "an OBJECT";
    case Kind::list: return "an ARRAY";
    case Kind::timestamp: return "a TIMESTAMP";
    default: return "a STRING";
  }
}

/// The last member in a path: "Tags" of "Tags.1.member".
std::string field_of(std::string path) {
  constexpr std::string_view kElement = ".member";
  while (path.ends_with(kElement)) {
    path.resize(path.size() - kElement.size());
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) break;  // a map's key may end like an element
    path.resize(dot);
  }
  return path.substr(path.rfind('.') + 1);
}

/// A member's name in the two forms that make none up.
std::string_view key_in(JsonForm form, const Member& member) {
  return form == JsonForm::model ? member.name : member.wire_name;
}

class Reader {
 public:
  Reader(Missing* missing, JsonForm form) : missing_(missing), form_(form) {}

  void read(const Shape& shape, const json::value& source, void* target, const std::string& path) {
    switch (shape.kind) {
      case Kind::boolean:
        if (!source.is_bool()) throw_mismatch(shape, source, path);
        *static_cast<bool*>(target) = source.get_bool();
        return;
      case Kind::integer:
        *static_cast<int32_t*>(target) = static_cast<int32_t>(
            whole(shape, source, path, std::numeric_limits<int32_t>::min(),
                  std::numeric_limits<int32_t>::max()));
        return;
      case Kind::long_:
        *static_cast<int64_t*>(target) =
            whole(shape, source, path, std::numeric_limits<int64_t>::min(),
                  std::numeric_limits<int64_t>::max());
        return;
      case Kind::float_:
        *static_cast<float*>(target) = static_cast<float>(number(shape, source, path));
        return;
      case Kind::double_:
        *static_cast<double*>(target) = number(shape, source, path);
        return;
      case Kind::string:
        *static_cast<std::string*>(target) = text(shape, source, path);
        return;
      case Kind::blob: return read_blob(shape, source, target, path);
      case Kind::timestamp: return read_time(shape, source, target, path);
      case Kind::structure: return read_structure(shape, source, target, path);
      case Kind::list: return read_list(shape, source, target, path);
      case Kind::map: return read_map(shape, source, target, path);
      case Kind::stream: return;  // bodies are not part of JSON
    }
  }

 private:
  [[noreturn]] void throw_mismatch(const Shape& shape, const json::value& source,
                                   const std::string& path) const {
    if (form_ == JsonForm::sdk) {
      throw ApiError("SerializationException", 400,
                     "The value for the field '" + sdk_name(field_of(path)) + "' must be " +
                         sdk_type_name(shape.kind));
    }
    std::string where = path.empty() ? "" : " at '" + path + "'";
    throw ApiError("SerializationException", 400,
                   std::string(kind_name(source)) + " can not be converted to " +
                       type_name(shape.kind) + where);
  }

  double number(const Shape& shape, const json::value& source, const std::string& path) const {
    if (!source.is_number()) throw_mismatch(shape, source, path);
    return source.to_number<double>();
  }

  int64_t whole(const Shape& shape, const json::value& source, const std::string& path, int64_t low,
                int64_t high) const {
    int64_t value = 0;
    if (source.is_int64()) {
      value = source.get_int64();
    } else if (source.is_double() && source.get_double() == std::floor(source.get_double()) &&
               std::abs(source.get_double()) < 9e15) {
      value = static_cast<int64_t>(source.get_double());
    } else {
      throw_mismatch(shape, source, path);
    }
    if (value < low || value > high) throw_mismatch(shape, source, path);
    return value;
  }

  std::string text(const Shape& shape, const json::value& source, const std::string& path) const {
    if (source.is_string()) return to_std(source.get_string());
    if (form_ != JsonForm::sdk || !source.is_structured()) throw_mismatch(shape, source, path);
    return dump(source);
  }

  void read_blob(const Shape& shape, const json::value& source, void* target,
                 const std::string& path) const {
    if (form_ == JsonForm::sdk) {
      *static_cast<std::string*>(target) =
          source.is_string() ? to_std(source.get_string()) : dump(source);
      return;
    }
    auto bytes = source.is_string() ? unbase64(to_std(source.get_string())) : std::nullopt;
    if (!bytes) throw_mismatch(shape, source, path);
    *static_cast<std::string*>(target) = std::move(*bytes);
  }

  void read_time(const Shape& shape, const json::value& source, void* target,
                 const std::string& path) const {
    Time time;
    if (source.is_number()) {
      if (!is_epoch_time(source.to_number<double>())) throw_mismatch(shape, source, path);
      time = from_epoch_seconds(source.to_number<double>());
    } else if (!source.is_string() || !parse_iso8601(to_std(source.get_string()), time)) {
      throw_mismatch(shape, source, path);
    }
    *static_cast<Time*>(target) = time;
  }

  void read_structure(const Shape& shape, const json::value& source, void* target,
                      const std::string& path) {
    const json::object* object = source.if_object();
    if (object == nullptr) throw_mismatch(shape, source, path);
    for (const Member& member : shape.members) {
      if (member.shape->kind == Kind::stream) continue;
      const json::value* value = form_ == JsonForm::sdk
                                     ? object->if_contains(sdk_name(member.name))
                                     : object->if_contains(key_in(form_, member));
      bool absent = value == nullptr || value->is_null();
      if (absent && !member.required) continue;
      std::string at = (path.empty() ? "" : path + ".") + path_name(member.name);
      if (absent) {
        if (missing_ != nullptr) missing_->push_back(at);
      } else {
        read(*member.shape, *value, member.emplace(target), at);
      }
    }
  }

  void read_list(const Shape& shape, const json::value& source, void* target,
                 const std::string& path) {
    const json::array* array = source.if_array();
    if (array == nullptr) throw_mismatch(shape, source, path);
    int index = 0;
    for (const json::value& element : *array) {
      read(*shape.element, element, shape.list->append(target),
           path + "." + std::to_string(++index) + ".member");
    }
  }

  void read_map(const Shape& shape, const json::value& source, void* target,
                const std::string& path) {
    const json::object* object = source.if_object();
    if (object == nullptr) throw_mismatch(shape, source, path);
    for (const auto& member : *object) {
      std::string key(member.key());
      if (member.value().is_null()) continue;
      read(*shape.element, member.value(), shape.map->insert(target, key),
           path + "." + key + ".member");
    }
  }

  Missing* missing_;
  JsonForm form_;
};

json::value time_to_json(Time time, JsonForm form) {
  const int64_t millis = to_millis(time);
  const bool whole = millis % 1000 == 0;
  // As java.time.Instant writes itself.
  if (form == JsonForm::sdk) return json::string(whole ? iso8601_seconds(time) : iso8601(time));
  if (whole) return millis / 1000;
  return static_cast<double>(millis) / 1000.0;
}

json::string blob_to_json(const std::string& bytes, JsonForm form) {
  return json::string(form == JsonForm::sdk ? valid_utf8(bytes) : base64(bytes));
}

json::object structure_to_json(const Shape& shape, const void* value, JsonForm form) {
  json::object object;
  for (const Member& member : shape.members) {
    if (member.shape->kind == Kind::stream) continue;
    const void* present = member.get(value);
    if (present == nullptr) continue;
    object[name_in(form, member)] = to_json(*member.shape, present, form);
  }
  return object;
}

json::array list_to_json(const Shape& shape, const void* value, JsonForm form) {
  json::array array;
  std::size_t size = shape.list->size(value);
  for (std::size_t i = 0; i < size; ++i) {
    array.push_back(to_json(*shape.element, shape.list->at(value, i), form));
  }
  return array;
}

json::object map_to_json(const Shape& shape, const void* value, JsonForm form) {
  struct Visit {
    const Shape& element;
    JsonForm form;
    json::object object;
  } visit{*shape.element, form, {}};
  shape.map->each(value, &visit, [](void* context, const std::string& key, const void* element) {
    auto& visit = *static_cast<Visit*>(context);
    visit.object[key] = to_json(visit.element, element, visit.form);
  });
  return std::move(visit.object);
}

}  // namespace

std::string name_in(JsonForm form, const Member& member) {
  return form == JsonForm::sdk ? sdk_name(member.name) : std::string(key_in(form, member));
}

json::value to_json(const Shape& shape, const void* value, JsonForm form) {
  switch (shape.kind) {
    case Kind::boolean: return *static_cast<const bool*>(value);
    case Kind::integer: return *static_cast<const int32_t*>(value);
    case Kind::long_: return *static_cast<const int64_t*>(value);
    case Kind::float_: return *static_cast<const float*>(value);
    case Kind::double_: return *static_cast<const double*>(value);
    case Kind::string: return json::string(*static_cast<const std::string*>(value));
    case Kind::blob: return blob_to_json(*static_cast<const std::string*>(value), form);
    case Kind::timestamp: return time_to_json(*static_cast<const Time*>(value), form);
    case Kind::structure: return structure_to_json(shape, value, form);
    case Kind::list: return list_to_json(shape, value, form);
    case Kind::map: return map_to_json(shape, value, form);
    case Kind::stream: return nullptr;
  }
  return nullptr;
}

void from_json(const Shape& shape, const json::value& source, void* target, Missing* missing,
               JsonForm form) {
  Reader(missing, form).read(shape, source, target, "");
}

std::string path_name(std::string_view member) {
  std::string name(member);
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] + 32);
  return name;
}

}  // namespace trainyard::wire
