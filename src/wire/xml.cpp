#include "wire/xml.hpp"

#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "wire/scalar.hpp"

namespace trainyard::wire {
namespace {

[[noreturn]] void throw_malformed() {
  throw ApiError("MalformedXML", 400,
                 "The XML you provided was not well-formed or did not validate against our "
                 "published schema");
}

/// Namespace prefixes carry no meaning here: "s3:Key" is Key.
std::string_view local_name(std::string_view name) {
  auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class XmlReader {
 public:
  explicit XmlReader(Missing* missing) : missing_(missing) {}

  void structure(const Shape& shape, const pugi::xml_node& node, void* target,
                 const std::string& path, int depth) {
    if (depth > kXmlDepthMax) throw_malformed();
    for (const Member& member : shape.members) {
      if (member.location != Location::body || member.payload) continue;
      std::string at = (path.empty() ? "" : path + ".") + path_name(member.name);
      bool flattened = member.flattened && !is_scalar(*member.shape) &&
                       member.shape->kind != Kind::structure;
      bool found = flattened ? flat(member, node, target, at, depth)
                             : nested(member, node, target, at, depth);
      if (!found && member.required && missing_ != nullptr) missing_->push_back(at);
    }
  }

 private:
  bool flat(const Member& member, const pugi::xml_node& node, void* target, const std::string& at,
            int depth) {
    void* value = nullptr;
    for (const pugi::xml_node& child : node.children()) {
      if (local_name(child.name()) != member.wire_name) continue;
      if (value == nullptr) value = member.emplace(target);
      if (member.shape->kind == Kind::map) {
        entry(*member.shape, child, value, at, depth);
      } else {
        any(*member.shape->element, member.timestamp_format, child,
            member.shape->list->append(value), at, depth);
      }
    }
    return value != nullptr;
  }

  bool nested(const Member& member, const pugi::xml_node& node, void* target,
              const std::string& at, int depth) {
    for (const pugi::xml_node& child : node.children()) {
      if (local_name(child.name()) != member.wire_name) continue;
      any(*member.shape, member.timestamp_format, child, member.emplace(target), at, depth);
      return true;
    }
    return false;
  }

  void any(const Shape& shape, TimestampFormat format, const pugi::xml_node& node, void* target,
           const std::string& path, int depth) {
    if (shape.kind == Kind::structure) {
      structure(shape, node, target, path, depth + 1);
    } else if (shape.kind == Kind::list) {
      for (const pugi::xml_node& child : node.children()) {
        any(*shape.element, format, child, shape.list->append(target), path, depth + 1);
      }
    } else if (shape.kind == Kind::map) {
      for (const pugi::xml_node& child : node.children()) entry(shape, child, target, path, depth);
    } else {
      from_text(shape, format, node.text().get(), target, path, "MalformedXML");
    }
  }

  void entry(const Shape& shape, const pugi::xml_node& node, void* target, const std::string& path,
             int depth) {
    pugi::xml_node key = node.child(std::string(shape.key_name).c_str());
    pugi::xml_node value = node.child(std::string(shape.element_name).c_str());
    any(*shape.element, TimestampFormat::protocol_default, value,
        shape.map->insert(target, key.text().get()), path, depth + 1);
  }

  Missing* missing_;
};

class XmlWriter {
 public:
  void members(const Shape& shape, const void* value) {
    for (const Member& member : shape.members) {
      if (member.location != Location::body || member.payload) continue;
      const void* present = member.get(value);
      if (present == nullptr || member.shape->kind == Kind::stream) continue;
      if (member.flattened && member.shape->kind == Kind::list) {
        list(*member.shape, present, member.wire_name, member.timestamp_format);
      } else if (member.flattened && member.shape->kind == Kind::map) {
        map(*member.shape, present, member.wire_name);
      } else {
        element(*member.shape, present, member.wire_name, member.timestamp_format);
      }
    }
  }

  std::string out;

 private:
  void element(const Shape& shape, const void* value, std::string_view name,
               TimestampFormat format) {
    out.append("<").append(name).append(">");
    if (shape.kind == Kind::structure) {
      members(shape, value);
    } else if (shape.kind == Kind::list) {
      list(shape, value, shape.element_name, format);
    } else if (shape.kind == Kind::map) {
      map(shape, value, "entry");
    } else {
      out += escape_xml(to_text(shape, format, value));
    }
    out.append("</").append(name).append(">");
  }

  void list(const Shape& shape, const void* value, std::string_view name, TimestampFormat format) {
    std::size_t size = shape.list->size(value);
    for (std::size_t i = 0; i < size; ++i) {
      element(*shape.element, shape.list->at(value, i), name, format);
    }
  }

  void map(const Shape& shape, const void* value, std::string_view name) {
    struct Visit {
      XmlWriter& writer;
      const Shape& shape;
      std::string_view name;
    } visit{*this, shape, name};
    shape.map->each(value, &visit, [](void* context, const std::string& key, const void* element) {
      auto& [writer, shape, name] = *static_cast<Visit*>(context);
      writer.out.append("<").append(name).append(">");
      writer.out.append("<").append(shape.key_name).append(">");
      writer.out += escape_xml(key);
      writer.out.append("</").append(shape.key_name).append(">");
      writer.element(*shape.element, element, shape.element_name,
                     TimestampFormat::protocol_default);
      writer.out.append("</").append(name).append(">");
    });
  }
};

pugi::xml_node find_element(const pugi::xml_node& node, std::string_view name) {
  return node.find_node(
      [&](const pugi::xml_node& child) { return local_name(child.name()) == name; });
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#13;"; break;
      default:
        // XML 1.0 cannot hold other control characters; S3 writes them as references all the same.
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
          out += "&#" + std::to_string(static_cast<int>(c)) + ";";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string to_xml(const Shape& shape, const void* value) {
  XmlWriter writer;
  writer.members(shape, value);
  return std::move(writer.out);
}

std::string to_xml_document(const Shape& shape, const void* value, std::string_view root,
                            std::string_view xml_namespace) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
  out += root;
  if (!xml_namespace.empty()) out.append(" xmlns=\"").append(xml_namespace).append("\"");
  out += ">";
  out += to_xml(shape, value);
  return out.append("</").append(root).append(">");
}

void from_xml(const Shape& shape, std::string_view document, void* target, Missing* missing,
              std::string_view inside) {
  pugi::xml_document parsed;
  auto result = parsed.load_buffer(document.data(), document.size(),
                                   pugi::parse_default | pugi::parse_ws_pcdata_single);
  pugi::xml_node root = parsed.document_element();
  if (!result || !root) throw_malformed();
  if (!inside.empty()) root = find_element(parsed, inside);
  XmlReader(missing).structure(shape, root, target, "", 0);
}

std::string_view xml_root(std::string_view document) {
  for (auto at = document.find('<'); at != std::string_view::npos; at = document.find('<')) {
    document.remove_prefix(at + 1);
    if (document.starts_with("!--")) {
      document.remove_prefix(std::min(document.find("-->"), document.size()));
      continue;
    }
    if (document.starts_with('?') || document.starts_with('!')) continue;
    return local_name(document.substr(0, document.find_first_of("> /\t\r\n")));
  }
  return "";
}

std::string xml_text(std::string_view document, std::string_view element) {
  pugi::xml_document parsed;
  if (!parsed.load_buffer(document.data(), document.size())) return "";
  return find_element(parsed, element).text().get();
}

}  // namespace trainyard::wire
