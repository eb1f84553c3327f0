#include "wire/validate.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "wire/pattern.hpp"

namespace trainyard::wire {
namespace {

/// AWS counts characters, not bytes.
std::size_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

class Validator {
 public:
  void check(const Shape& shape, const void* value, const std::string& path, bool sensitive) {
    switch (shape.kind) {
      case Kind::string: return check_string(shape, value, path, sensitive);
      case Kind::blob:
        return check_length(shape, static_cast<const std::string*>(value)->size(), path,
                            sensitive ? "" : "java.nio.HeapByteBuffer");
      case Kind::integer:
        return check_number(shape, *static_cast<const int32_t*>(value), path);
      case Kind::long_:
        return check_number(shape, static_cast<double>(*static_cast<const int64_t*>(value)), path);
      case Kind::float_: return check_number(shape, *static_cast<const float*>(value), path);
      case Kind::double_: return check_number(shape, *static_cast<const double*>(value), path);
      case Kind::structure: return check_structure(shape, value, path);
      case Kind::list: return check_list(shape, value, path);
      case Kind::map: return check_map(shape, value, path);
      case Kind::boolean:
      case Kind::timestamp:
      case Kind::stream: return;
    }
  }

  std::vector<std::string> faults;

 private:
  void fault(const std::string& shown, const std::string& path, const std::string& constraint) {
    faults.push_back(fmt::format("Value{} at '{}' failed to satisfy constraint: {}",
                                 shown.empty() ? "" : " '" + shown + "'", path, constraint));
  }

  void check_length(const Shape& shape, std::size_t size, const std::string& path,
                    const std::string& shown) {
    auto length = static_cast<double>(size);
    if (length > shape.max) {
      fault(shown, path, fmt::format("Member must have length less than or equal to {:.0f}",
                                     shape.max));
    }
    if (length < shape.min) {
      fault(shown, path, fmt::format("Member must have length greater than or equal to {:.0f}",
                                     shape.min));
    }
  }

  void check_number(const Shape& shape, double value, const std::string& path) {
    std::string shown = fmt::format("{}", value);
    if (value > shape.max) {
      fault(shown, path, fmt::format("Member must have value less than or equal to {}", shape.max));
    }
    if (value < shape.min) {
      fault(shown, path,
            fmt::format("Member must have value greater than or equal to {}", shape.min));
    }
  }

  void check_string(const Shape& shape, const void* value, const std::string& path,
                    bool sensitive) {
    const auto& text = *static_cast<const std::string*>(value);
    std::string shown = sensitive ? "" : text;
    check_length(shape, characters(text), path, shown);
    if (!shape.pattern.empty() && !matches_fully(shape.pattern, text)) {
      fault(shown, path,
            fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern));
    }
    if (!shape.enum_values.empty() &&
        std::find(shape.enum_values.begin(), shape.enum_values.end(), text) ==
            shape.enum_values.end()) {
      fault(shown, path, fmt::format("Member must satisfy enum value set: [{}]",
                                     fmt::join(shape.enum_values, ", ")));
    }
  }

  void check_structure(const Shape& shape, const void* value, const std::string& path) {
    for (const Member& member : shape.members) {
      const void* present = member.get(value);
      if (present == nullptr || member.shape->kind == Kind::stream) continue;
      std::string at = (path.empty() ? "" : path + ".") + path_name(member.name);
      if (missing != nullptr && member.required &&
          std::find(missing->begin(), missing->end(), at) != missing->end()) {
        continue;  // told as missing
      }
      check(*member.shape, present, at, member.sensitive);
    }
  }

  void check_list(const Shape& shape, const void* value, const std::string& path) {
    std::size_t size = shape.list->size(value);
    check_length(shape, size, path, fmt::format("[{} elements]", size));
    for (std::size_t i = 0; i < size && faults.size() < kFaultsToldMax; ++i) {
      check(*shape.element, shape.list->at(value, i), fmt::format("{}.{}.member", path, i + 1),
            false);
    }
  }

  void check_map(const Shape& shape, const void* value, const std::string& path) {
    std::size_t size = shape.map->size(value);
    check_length(shape, size, path, fmt::format("{{{} entries}}", size));
    struct Visit {
      Validator& validator;
      const Shape& shape;
      const std::string& path;
    } visit{*this, shape, path};
    shape.map->each(value, &visit, [](void* context, const std::string& key, const void* element) {
      auto& visit = *static_cast<Visit*>(context);
      Validator keys, values;
      keys.check(*visit.shape.key, &key, "key", false);
      values.check(*visit.shape.element, element, key, false);
      for (const auto& [found, what] : {std::pair(&keys, "keys"), {&values, "value"}}) {
        for (const std::string& text : found->faults) {
          auto colon = text.find("constraint: ");
          visit.validator.fault("{" + key + "=…}", visit.path,
                                fmt::format("Map {} must satisfy constraint: [{}]", what,
                                            text.substr(colon + 12)));
        }
      }
    });
  }

 public:
  const Missing* missing = nullptr;
};

[[noreturn]] void throw_faults(const Service& service, std::vector<std::string> faults) {
  std::size_t count = faults.size();
  if (faults.size() > kFaultsToldMax) faults.resize(kFaultsToldMax);
  throw ApiError(std::string(service.validation_code), 400,
                 fmt::format("{} validation error{} detected: {}", count, count == 1 ? "" : "s",
                             fmt::join(faults, "; ")));
}

}  // namespace

void validate(const Service& service, const Shape& shape, const void* input,
              const Missing& missing) {
  if (service.protocol == Protocol::rest_xml) {
    if (missing.empty()) return;
    throw ApiError(std::string(service.validation_code), 400,
                   "Missing required member: " + join(missing, ", "));
  }
  Validator validator;
  validator.missing = &missing;
  for (const std::string& path : missing) {
    validator.faults.push_back("Value null at '" + path +
                               "' failed to satisfy constraint: Member must not be null");
  }
  validator.check(shape, input, "", false);
  if (!validator.faults.empty()) throw_faults(service, std::move(validator.faults));
}

}  // namespace trainyard::wire
