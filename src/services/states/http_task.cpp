#include "services/states/http_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "http/status.hpp"
#include "policy/glob.hpp"
#include "services/states/http_form.hpp"

namespace trainyard::states {
namespace {

constexpr std::string_view kParameters[] = {"ApiEndpoint",     "Method",      "Headers",
                                            "QueryParameters", "RequestBody", "Transform"};
constexpr std::string_view kMethods[] = {"GET",   "POST",    "PUT", "DELETE",
                                         "PATCH", "OPTIONS", "HEAD"};
/// Fields that a task may not set (Developer Guide, "Call HTTPS APIs in Step Functions workflows",
/// "Limitations"), those that begin so included.
constexpr std::string_view kForbiddenFields =
    " a-im accept-charset accept-datetime accept-encoding cache-control connection "
    "content-encoding "
    "content-length content-md5 date expect forwarded from host http2-settings if-match "
    "if-modified-since if-none-match if-range if-unmodified-since max-forwards origin pragma "
    "proxy-authorization range referer server te trailer transfer-encoding upgrade user-agent via "
    "warning ";
constexpr std::string_view kForbiddenPrefixes[] = {"x-forwarded-", "x-amz-", "x-amzn-"};
/// Bodies of these types are no text (the same, "Unsupported HTTP Task responses").
constexpr std::string_view kBinaryTypes[] = {"application/octet-stream", "image/", "video/",
                                             "audio/"};

bool contains(std::span<const std::string_view> list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// A URL taken apart: host in lower case, the scheme's own port left out.
struct Url {
  std::string scheme, authority, path, query;
};

std::optional<Url> split_url(std::string_view text) {
  Url url;
  auto colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  url.scheme = to_lower(text.substr(0, colon));
  if (url.scheme != "https" && url.scheme != "http") return std::nullopt;
  text.remove_prefix(colon + 3);
  auto end = text.find_first_of("/?");
  url.authority = to_lower(text.substr(0, end));
  text.remove_prefix(std::min(end, text.size()));
  auto question = text.find('?');
  url.path = std::string(text.substr(0, question));
  if (question != std::string_view::npos) url.query = std::string(text.substr(question + 1));
  const std::string_view own_port = url.scheme == "https" ? ":443" : ":80";
  if (url.authority.ends_with(own_port)) {
    url.authority.resize(url.authority.size() - own_port.size());
  }
  if (url.authority.empty()) return std::nullopt;
  return url;
}

/// Whether a path has a segment that servers may take for the folder above, its slashes escaped or
/// not: a pattern's folder would not hold it.
bool climbs(std::string_view path) {
  auto decoded = percent_decode(path);
  if (!decoded) return true;
  for (const std::string& segment : split(replace_all(*decoded, "\\", "/"), '/')) {
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

/// A name or an address, and a port. Brackets are an IPv6 address's alone: what stands between them
/// is what a connection is made to.
bool is_plain_host(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view inside = authority.substr(1, close - 1);
    const std::string_view after = authority.substr(close + 1);
    return inside.find(':') != std::string_view::npos &&
           inside.find_first_not_of("0123456789abcdef:.") == std::string_view::npos &&
           (after.empty() || after.starts_with(':')) &&
           after.find_first_not_of(":0123456789") == std::string_view::npos;
  }
  return std::all_of(authority.begin(), authority.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view(".-_:").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Whether a character is escaped that need not be: policies decide on the text.
bool hides_characters(std::string_view path) {
  constexpr std::string_view kUnreserved = "-._~";
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    auto decoded = percent_decode(path.substr(at, 3));
    if (!decoded || decoded->size() != 1) return true;
    const char c = decoded->front();
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter || kUnreserved.find(c) != std::string_view::npos) return true;
  }
  return false;
}

bool has_blank_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c <= 0x20 || c >= 0x7F; });
}

/// What is wrong with the parameters; ends the reading of them.
struct Fault {
  std::string text;
};

std::string text_of(const json::object& parameters, std::string_view name) {
  auto text = find_string(parameters, name);
  if (!text && parameters.contains(name)) {
    throw Fault{fmt::format("The value for the field '{}' must be a STRING", name)};
  }
  if (!text) throw Fault{fmt::format("The field '{}' is required but was missing", name)};
  return *text;
}

const json::object* object_of(const json::object& parameters, std::string_view name) {
  const json::value* value = find(parameters, name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_object()) {
    throw Fault{fmt::format("The value for the field '{}' must be an OBJECT", name)};
  }
  return &value->get_object();
}

/// A scalar as text.
std::string scalar_of(const json::value& value, std::string_view where) {
  if (value.is_string()) return to_std(value.get_string());
  if (value.is_structured() || value.is_null()) {
    throw Fault{fmt::format("The value for the field '{}' must be a STRING", where)};
  }
  return dump(value);
}

/// A name with its one or many values.
std::vector<std::string> values_of(const json::value& value, std::string_view where) {
  std::vector<std::string> values;
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) values.push_back(scalar_of(one, where));
  } else {
    values.push_back(scalar_of(value, where));
  }
  return values;
}

void check_field(const std::string& name, const std::string& value) {
  const std::string lower = to_lower(name);
  const bool prefixed = std::any_of(std::begin(kForbiddenPrefixes), std::end(kForbiddenPrefixes),
                                    [&](std::string_view one) { return lower.starts_with(one); });
  if (prefixed || kForbiddenFields.find(" " + lower + " ") != std::string_view::npos) {
    throw Fault{fmt::format("The header '{}' is not allowed", name)};
  }
  const bool breaks = value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
  if (name.empty() || has_blank_or_control(name) || name.find(':') != std::string::npos || breaks) {
    throw Fault{fmt::format("The header '{}' is malformed", name)};
  }
}

void set_url(HttpTask& task, const json::object& parameters) {
  task.endpoint = text_of(parameters, "ApiEndpoint");
  auto url = split_url(task.endpoint);
  if (!url || has_blank_or_control(task.endpoint) || !is_plain_host(url->authority) ||
      task.endpoint.find('#') != std::string::npos || climbs(url->path) ||
      hides_characters(url->path)) {
    throw Fault{"The value for the field 'ApiEndpoint' must be a URL"};
  }
  std::string query = url->query;
  if (const json::object* more = object_of(parameters, "QueryParameters")) {
    for (const auto& [name, value] : *more) {
      for (const std::string& one : values_of(value, "QueryParameters")) {
        query += (query.empty() ? "" : "&") + percent_encode(std::string_view(name)) + "=" +
                 percent_encode(one);
      }
    }
  }
  task.base = url->scheme + "://" + url->authority;
  task.endpoint = task.base + url->path + (url->query.empty() ? "" : "?" + url->query);
  task.target = (url->path.empty() ? "/" : url->path) + (query.empty() ? "" : "?" + query);
}

void set_fields(HttpTask& task, const json::object& parameters, std::string_view region) {
  // The service's own, which no task can replace.
  task.headers.add("User-Agent", fmt::format("Amazon|StepFunctions|HttpInvoke|{}", region));
  task.headers.add("Range", fmt::format("bytes=0-{}", kHttpAnswerBytesMax));
  const json::object* given = object_of(parameters, "Headers");
  if (given == nullptr) return;
  for (const auto& [name, value] : *given) {
    std::string text = join(values_of(value, "Headers"), ", ");
    check_field(std::string(name), text);
    task.headers.add(std::string(name), std::move(text));
  }
}

void set_body(HttpTask& task, const json::object& parameters) {
  const json::value* body = find(parameters, "RequestBody");
  if (body == nullptr || body->is_null()) return;
  auto form = http_form_of(object_of(parameters, "Transform"));
  if (const std::string* fault = std::get_if<std::string>(&form)) throw Fault{*fault};
  const auto& format = std::get<std::optional<ArrayFormat>>(form);
  if (format && !body->is_object()) {
    throw Fault{"The value for the field 'RequestBody' must be an OBJECT"};
  }
  task.body = format              ? url_encoded(body->get_object(), *format)
              : body->is_string() ? to_std(body->get_string())
                                  : dump(*body);
  const char* type = format ? "application/x-www-form-urlencoded" : "application/json";
  if (format || !task.headers.has("Content-Type")) task.headers.set("Content-Type", type);
}

asl::Failure runtime(std::string cause) { return {std::string(asl::kRuntime), std::move(cause)}; }

std::string content_type(const HttpAnswer& answer) {
  std::string type = to_lower(answer.headers.get("Content-Type"));
  return std::string(trim(std::string_view(type).substr(0, type.find(';'))));
}

json::value body_of(const HttpAnswer& answer) {
  const std::string type = content_type(answer);
  if (type == "application/json" || type.ends_with("+json")) {
    if (auto value = parse_json(answer.body)) return std::move(*value);
  }
  return json::string(answer.body);
}

json::object shown(const HttpAnswer& answer) {
  json::object fields;
  for (const auto& [name, value] : answer.headers) {
    json::value& values = fields[to_lower(name)];
    if (values.is_null()) values.emplace_array();
    values.get_array().push_back(json::string(valid_utf8(value)));
  }
  return {{"Headers", std::move(fields)},
          {"ResponseBody", body_of(answer)},
          {"StatusCode", answer.status},
          {"StatusText", http::reason_phrase(answer.status)}};
}

}  // namespace

bool is_http_parameter(std::string_view name) { return contains(kParameters, name); }

std::variant<HttpTask, asl::Failure> http_task_of(const json::object& parameters,
                                                  std::string_view region) {
  HttpTask task;
  try {
    task.method = text_of(parameters, "Method");
    if (!contains(kMethods, task.method)) {
      throw Fault{fmt::format("The value for the field 'Method' must be one of {}",
                              fmt::join(kMethods, ", "))};
    }
    set_url(task, parameters);
    set_fields(task, parameters, region);
    set_body(task, parameters);
  } catch (const Fault& fault) {
    return runtime(fmt::format("The Parameters '{}' could not be used to start the Task: [{}]",
                               dump(parameters), fault.text));
  }
  return task;
}

std::optional<std::string> pattern_fault(const std::string& pattern) {
  auto url = split_url(pattern);
  if (!url || has_blank_or_control(pattern) || pattern.find_first_of("?#@") != std::string::npos) {
    return fmt::format(
        "'{}' is no pattern of endpoints: https://HOST[:PORT][/PATH], with * where any characters "
        "may stand",
        pattern);
  }
  return std::nullopt;
}

bool is_allowed(const std::vector<std::string>& patterns, const HttpTask& task) {
  const Url endpoint = split_url(task.endpoint).value();
  auto fits = [](std::string_view pattern, std::string_view text) {
    return policy::Glob(policy::wildcard_tokens(pattern)).matches(text);
  };
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& text) {
    auto pattern = split_url(text);
    return pattern && pattern->scheme == endpoint.scheme &&
           fits(pattern->authority, endpoint.authority) &&
           (pattern->path.empty() ||
            fits(pattern->path, endpoint.path.empty() ? "/" : endpoint.path));
  });
}

asl::TaskResult http_result_of(const HttpAnswer& answer) {
  const std::string type = content_type(answer);
  const bool binary = std::any_of(std::begin(kBinaryTypes), std::end(kBinaryTypes),
                                  [&](std::string_view one) { return type.starts_with(one); });
  if (binary || valid_utf8(answer.body) != answer.body) {
    return {nullptr, runtime(fmt::format("The response is no text (Content-Type: {}).", type))};
  }
  if (answer.body.size() > kHttpAnswerBytesMax) {
    return {nullptr,
            runtime(fmt::format("The response is longer than {} bytes.", kHttpAnswerBytesMax))};
  }
  json::object result = shown(answer);
  if (answer.status >= 200 && answer.status < 300) return {std::move(result), std::nullopt};
  // The cause's form is unverified.
  return {nullptr,
          asl::Failure{fmt::format("States.Http.StatusCode.{}", answer.status), dump(result)}};
}

asl::TaskResult http_unreachable(std::string cause) {
  return {nullptr, asl::Failure{"States.Http.Socket", std::move(cause)}};
}

}  // namespace trainyard::states
