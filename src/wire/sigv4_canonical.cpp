#include "wire/sigv4_canonical.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::wire {
namespace {

constexpr std::size_t kSigningKeysMax = 256;

ApiError invalid_uri() {
  return ApiError("InvalidURI", 400, "Couldn't parse the specified URI.");
}

/// RFC 3986, 5.2.4, and without empty segments, as all services but S3 have it.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = std::min(path.find('/', begin), path.size());
    std::string_view segment = path.substr(begin, end - begin);
    begin = end + 1;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string text;
  for (std::string_view segment : kept) text.append("/").append(segment);
  if (text.empty() || path.back() == '/') text += '/';
  return text;
}

/// S3 signs the path escaped once, others escape what was sent once more.
std::string canonical_path(std::string_view path, std::string_view service) {
  if (path.empty()) return "/";
  if (service != "s3") return percent_encode(normalised(path), true);
  auto decoded = percent_decode(path);
  if (!decoded) throw invalid_uri();
  return percent_encode(*decoded, true);
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  auto pairs = http::parse_query(query);
  if (!pairs) throw invalid_uri();
  std::erase_if(*pairs, [](const auto& pair) { return pair.first == "X-Amz-Signature"; });
  for (auto& [name, value] : *pairs) {
    name = percent_encode(name);
    value = percent_encode(value);
  }
  std::sort(pairs->begin(), pairs->end());
  std::string text;
  for (const auto& [name, value] : *pairs) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

/// Trimmed, and every run of blanks inside made one.
void append_header_value(std::string& text, std::string_view value) {
  bool blank = false;
  for (char c : trim(value)) {
    bool now_blank = c == ' ' || c == '\t';
    if (!now_blank) {
      text += c;
    } else if (!blank) {
      text += ' ';
    }
    blank = now_blank;
  }
}

}  // namespace

std::string canonical_request(const CanonicalInput& input) {
  std::string text(input.method);
  text.append("\n").append(canonical_path(input.path, input.service));
  text.append("\n").append(canonical_query(input.query)).append("\n");
  for (const std::string& name : *input.signed_headers) {
    text.append(name).append(":");
    bool first = true;
    for (const auto& [field, value] : *input.headers) {
      if (!iequals(field, name)) continue;
      if (!first) text += ',';
      append_header_value(text, value);
      first = false;
    }
    text += '\n';
  }
  text.append("\n").append(join(*input.signed_headers, ";"));
  text.append("\n").append(input.payload_hash);
  return text;
}

std::string scope_text(std::string_view date, std::string_view region, std::string_view service) {
  std::string text(date);
  return text.append("/").append(region).append("/").append(service).append("/aws4_request");
}

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical_request) {
  std::string text(kSigningAlgorithm);
  text.append("\n").append(timestamp).append("\n").append(scope).append("\n");
  return text + sha256_hex(canonical_request);
}

std::string signing_key(std::string_view secret, std::string_view date, std::string_view region,
                        std::string_view service) {
  using Parts = std::array<std::string, 4>;
  static std::mutex mutex;
  static std::map<Parts, std::string> remembered;
  Parts parts{std::string(secret), std::string(date), std::string(region), std::string(service)};
  {
    std::lock_guard lock(mutex);
    if (auto known = remembered.find(parts); known != remembered.end()) return known->second;
  }
  std::string key = hmac_sha256("AWS4" + parts[0], date);
  for (std::string_view next : {region, service, std::string_view("aws4_request")}) {
    key = hmac_sha256(key, next);
  }
  std::lock_guard lock(mutex);
  if (remembered.size() >= kSigningKeysMax) remembered.clear();
  remembered.emplace(std::move(parts), key);
  return key;
}

std::string signature_of(std::string_view key, std::string_view string_to_sign) {
  return hex(hmac_sha256(key, string_to_sign));
}

}  // namespace trainyard::wire
