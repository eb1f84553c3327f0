#include "wire/rest.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "wire/scalar.hpp"

namespace trainyard::wire {
namespace {

TimestampFormat format_in(const Member& member) {
  if (member.timestamp_format != TimestampFormat::protocol_default) return member.timestamp_format;
  return member.location == Location::header ? TimestampFormat::rfc822 : TimestampFormat::iso8601;
}

std::string_view path_of(std::string_view uri) { return uri.substr(0, uri.find('?')); }

void read_header_map(const Member& member, const http::Headers& headers, void* target) {
  void* map = nullptr;
  for (const auto& [name, value] : headers) {
    if (name.size() <= member.wire_name.size() ||
        !iequals(std::string_view(name).substr(0, member.wire_name.size()), member.wire_name)) {
      continue;
    }
    if (map == nullptr) map = member.emplace(target);
    std::string key = to_lower(std::string_view(name).substr(member.wire_name.size()));
    *static_cast<std::string*>(member.shape->map->insert(map, key)) = value;
  }
}

void write_header_map(const Member& member, const void* value, http::Headers& headers) {
  struct Visit {
    const Member& member;
    http::Headers& headers;
  } visit{member, headers};
  member.shape->map->each(value, &visit,
                          [](void* context, const std::string& key, const void* element) {
    auto& [member, headers] = *static_cast<Visit*>(context);
    headers.set(std::string(member.wire_name) + key, *static_cast<const std::string*>(element));
  });
}

/// A label or a query value: every space of it counts.
void read_text(const Member& member, const std::string& text, void* target) {
  from_text(*member.shape, format_in(member), text, member.emplace(target), member.wire_name,
            "InvalidArgument");
}

/// Header lists are comma-separated (S3's attributes and checksums). White space around a value is
/// not part of it (RFC 9110 5.5).
void read_header(const Member& member, const std::string& text, void* target) {
  // A condition on a time that is none is no condition (RFC 9110 13.1.3, 13.1.4).
  Time time;
  bool condition =
      member.shape->kind == Kind::timestamp && iequals(member.wire_name.substr(0, 3), "If-");
  if (condition && !parse_http_date(trim(text), time)) return;
  void* value = member.emplace(target);
  if (member.shape->kind == Kind::list) {
    for (const auto& part : split(text, ',')) {
      from_text(*member.shape->element, format_in(member), trim(part),
                member.shape->list->append(value), member.wire_name, "InvalidArgument");
    }
  } else {
    from_text(*member.shape, format_in(member), trim(text), value, member.wire_name,
              "InvalidArgument");
  }
}

std::string header_text(const Member& member, const void* value) {
  if (member.shape->kind != Kind::list) return to_text(*member.shape, format_in(member), value);
  std::vector<std::string> parts;
  std::size_t size = member.shape->list->size(value);
  for (std::size_t i = 0; i < size; ++i) {
    parts.push_back(to_text(*member.shape->element, format_in(member),
                            member.shape->list->at(value, i)));
  }
  return join(parts, ", ");
}

const std::string* query_value(const std::vector<std::pair<std::string, std::string>>& query,
                               std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace

bool match_path(std::string_view uri, std::string_view path,
                std::vector<std::pair<std::string, std::string>>* labels) {
  uri = path_of(uri);
  while (!uri.empty()) {
    if (uri.front() != '{') {
      if (path.empty() || uri.front() != path.front()) return false;
      uri.remove_prefix(1);
      path.remove_prefix(1);
      continue;
    }
    auto close = uri.find('}');
    std::string_view name = uri.substr(1, close - 1);
    uri.remove_prefix(close + 1);
    bool greedy = name.ends_with('+');
    if (greedy) name.remove_suffix(1);
    std::string_view value = greedy ? path : path.substr(0, path.find('/'));
    auto decoded = percent_decode(value);
    if (value.empty() || !decoded) return false;
    path.remove_prefix(value.size());
    if (labels != nullptr) labels->emplace_back(name, *decoded);
  }
  return path.empty() || path == "/";
}

void read_bindings(const Operation& operation, const http::Request& request, std::string_view path,
                   void* input, Missing* missing) {
  std::vector<std::pair<std::string, std::string>> labels;
  match_path(operation.uri, path, &labels);
  auto query = http::parse_query(request.query());
  if (!query) throw ApiError("InvalidURI", 400, "Couldn't parse the specified URI.");
  for (const Member& member : operation.input->members) {
    const std::string* text = nullptr;
    switch (member.location) {
      case Location::uri: text = query_value(labels, member.wire_name); break;
      case Location::query: text = query_value(*query, member.wire_name); break;
      case Location::header: text = request.headers.find(member.wire_name); break;
      case Location::headers: read_header_map(member, request.headers, input); continue;
      default: continue;
    }
    if (text != nullptr && member.location == Location::header) {
      read_header(member, *text, input);
    } else if (text != nullptr) {
      read_text(member, *text, input);
    } else if (member.required) {
      missing->push_back(path_name(member.name));
    }
  }
}

std::string write_bindings(const Operation& operation, const void* input, http::Headers& headers) {
  std::string path(path_of(operation.uri));
  std::string query;
  if (path.size() < operation.uri.size()) query = operation.uri.substr(path.size() + 1);
  for (const Member& member : operation.input->members) {
    const void* value = member.get(input);
    if (value == nullptr) continue;
    if (member.location == Location::uri) {
      std::string label(member.wire_name), text = header_text(member, value);
      path = replace_all(path, "{" + label + "+}", percent_encode(text, true));
      path = replace_all(path, "{" + label + "}", percent_encode(text));
    } else if (member.location == Location::query) {
      if (!query.empty()) query += '&';
      query += percent_encode(member.wire_name) + "=" + percent_encode(header_text(member, value));
    } else if (member.location == Location::header) {
      headers.set(member.wire_name, header_text(member, value));
    } else if (member.location == Location::headers) {
      write_header_map(member, value, headers);
    }
  }
  return query.empty() ? path : path + "?" + query;
}

void write_response_bindings(const Shape& shape, const void* output, http::Response& response) {
  for (const Member& member : shape.members) {
    const void* value = member.get(output);
    if (value == nullptr) continue;
    if (member.location == Location::header) {
      std::string text = header_text(member, value);
      if (!text.empty()) response.headers.set(member.wire_name, text);
    } else if (member.location == Location::headers) {
      write_header_map(member, value, response.headers);
    } else if (member.location == Location::status) {
      response.status = *static_cast<const int32_t*>(value);
    }
  }
}

void read_response_bindings(const Shape& shape, const http::Response& response, void* output) {
  for (const Member& member : shape.members) {
    if (member.location == Location::header) {
      if (const std::string* text = response.headers.find(member.wire_name)) {
        read_header(member, *text, output);
      }
    } else if (member.location == Location::headers) {
      read_header_map(member, response.headers, output);
    } else if (member.location == Location::status) {
      *static_cast<int32_t*>(member.emplace(output)) = response.status;
    }
  }
}

const Member* payload_member(const Shape& shape) {
  for (const Member& member : shape.members) {
    if (member.payload) return &member;
  }
  return nullptr;
}

bool has_body_members(const Shape& shape) {
  return std::any_of(shape.members.begin(), shape.members.end(), [](const Member& member) {
    return member.location == Location::body && !member.payload;
  });
}

}  // namespace trainyard::wire
