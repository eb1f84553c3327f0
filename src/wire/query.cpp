#include "wire/query.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "wire/body.hpp"
#include "wire/scalar.hpp"

namespace trainyard::wire {
namespace {

/// Lists longer than this are not AWS's.
constexpr int kListMax = 10'000;

class FormReader {
 public:
  FormReader(const Form& form, Missing* missing) : form_(form), missing_(missing) {}

  void structure(const Shape& shape, const std::string& prefix, void* target,
                 const std::string& path) {
    for (const Member& member : shape.members) {
      std::string name = prefix + std::string(member.wire_name);
      std::string at = (path.empty() ? "" : path + ".") + path_name(member.name);
      if (!present(name)) {
        if (member.required && missing_ != nullptr) missing_->push_back(at);
        continue;
      }
      any(*member.shape, member, name, member.emplace(target), at);
    }
  }

 private:
  bool present(const std::string& name) const {
    auto found = form_.lower_bound(name);
    if (found != form_.end() && found->first == name) return true;
    found = form_.lower_bound(name + ".");
    return found != form_.end() && found->first.starts_with(name + ".");
  }

  void any(const Shape& shape, const Member& member, const std::string& name, void* target,
           const std::string& path) {
    if (shape.kind == Kind::structure) {
      structure(shape, name + ".", target, path);
    } else if (shape.kind == Kind::list) {
      list(shape, member, name, target, path);
    } else if (shape.kind == Kind::map) {
      map(shape, member, name, target, path);
    } else {
      auto found = form_.find(name);
      from_text(shape, member.timestamp_format, found == form_.end() ? "" : found->second, target,
                path, "MalformedInput");
    }
  }

  void list(const Shape& shape, const Member& member, const std::string& name, void* target,
            const std::string& path) {
    std::string base =
        name + (member.flattened ? "." : "." + std::string(shape.element_name) + ".");
    for (int i = 1; i <= kListMax; ++i) {
      std::string element = base + std::to_string(i);
      if (!present(element)) return;
      any(*shape.element, member, element, shape.list->append(target),
          path + "." + std::to_string(i) + ".member");
    }
  }

  void map(const Shape& shape, const Member& member, const std::string& name, void* target,
           const std::string& path) {
    std::string base = name + (member.flattened ? "." : ".entry.");
    for (int i = 1; i <= kListMax; ++i) {
      std::string entry = base + std::to_string(i) + ".";
      auto key = form_.find(entry + std::string(shape.key_name));
      if (key == form_.end()) return;
      any(*shape.element, member, entry + std::string(shape.element_name),
          shape.map->insert(target, key->second), path);
    }
  }

  const Form& form_;
  Missing* missing_;
};

class FormWriter {
 public:
  explicit FormWriter(Form& form) : form_(form) {}

  void structure(const Shape& shape, const void* value, const std::string& prefix) {
    for (const Member& member : shape.members) {
      const void* present = member.get(value);
      if (present != nullptr) any(*member.shape, member, present, prefix +
                                  std::string(member.wire_name));
    }
  }

 private:
  void any(const Shape& shape, const Member& member, const void* value, const std::string& name) {
    if (shape.kind == Kind::structure) {
      structure(shape, value, name + ".");
    } else if (shape.kind == Kind::list) {
      std::size_t size = shape.list->size(value);
      std::string base =
          name + (member.flattened ? "." : "." + std::string(shape.element_name) + ".");
      if (size == 0) form_[name] = "";
      for (std::size_t i = 0; i < size; ++i) {
        any(*shape.element, member, shape.list->at(value, i), base + std::to_string(i + 1));
      }
    } else if (shape.kind == Kind::map) {
      map(shape, member, value, name);
    } else {
      form_[name] = to_text(shape, member.timestamp_format, value);
    }
  }

  void map(const Shape& shape, const Member& member, const void* value, const std::string& name) {
    struct Visit {
      FormWriter& writer;
      const Shape& shape;
      const Member& member;
      std::string base;
      int index = 0;
    } visit{*this, shape, member, name + (member.flattened ? "." : ".entry."), 0};
    shape.map->each(value, &visit, [](void* context, const std::string& key, const void* element) {
      auto& v = *static_cast<Visit*>(context);
      std::string entry = v.base + std::to_string(++v.index) + ".";
      v.writer.form_[entry + std::string(v.shape.key_name)] = key;
      v.writer.any(*v.shape.element, v.member, element, entry + std::string(v.shape.element_name));
    });
  }

  Form& form_;
};

}  // namespace

Form parse_form(std::string_view body) {
  Form form;
  while (!body.empty()) {
    auto end = body.find('&');
    std::string_view pair = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decode(pair.substr(equals + 1), true);
    if (!name || !value) {
      throw ApiError("MalformedQueryString", 400, "The form has a malformed percent escape");
    }
    if (!is_utf8(*name) || !is_utf8(*value)) {
      throw ApiError("MalformedQueryString", 400, "The form is not UTF-8");
    }
    if (!name->empty()) form[*name] = *value;
  }
  return form;
}

Form form_of(const http::Request& request, std::size_t body_max) {
  if (request.method != "POST") return parse_form(request.query());
  return parse_form(read_body(request, body_max));
}

std::string write_form(const Form& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

void from_form(const Shape& shape, const Form& form, void* target, Missing* missing) {
  FormReader(form, missing).structure(shape, "", target, "");
}

void to_form(const Shape& shape, const void* value, Form& form) {
  FormWriter(form).structure(shape, value, "");
}

}  // namespace trainyard::wire
