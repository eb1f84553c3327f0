// XML bodies of rest-xml and query, both directions, for any generated struct.
#pragma once

#include <string>
#include <string_view>

#include "wire/json.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

/// The deepest nesting that is read.
inline constexpr int kXmlDepthMax = 64;

/// `<root xmlns=…>…</root>` with the structure's body members, after the XML declaration.
std::string to_xml_document(const Shape& shape, const void* value, std::string_view root,
                            std::string_view xml_namespace);

/// The members alone, without a root.
std::string to_xml(const Shape& shape, const void* value);

/// Reads the members of the document's root element (or, with `inside`, of that element below it).
/// ApiError MalformedXML 400 when it is not well-formed.
void from_xml(const Shape& shape, std::string_view document, void* target, Missing* missing,
              std::string_view inside = {});

/// Escapes character data.
std::string escape_xml(std::string_view text);

/// The name of the root element without its prefix; "" when the document has none.
std::string_view xml_root(std::string_view document);

/// The text of the first element of that name anywhere in the document; "" when there is none.
std::string xml_text(std::string_view document, std::string_view element);

}  // namespace trainyard::wire
