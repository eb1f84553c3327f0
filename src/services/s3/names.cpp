#include "services/s3/names.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "services/s3/errors.hpp"

namespace trainyard::s3 {
namespace {

constexpr std::size_t kBucketNameMin = 3, kBucketNameMax = 63;
constexpr std::size_t kKeyBytesMax = 1024;

bool is_low_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_ip_address(std::string_view name) {
  auto parts = split(name, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const auto& part) {
    return !part.empty() && part.size() <= 3 &&
           part.find_first_not_of("0123456789") == std::string::npos;
  });
}

bool is_bucket_name(std::string_view name) {
  if (name.size() < kBucketNameMin || name.size() > kBucketNameMax) return false;
  if (!is_low_or_digit(name.front()) || !is_low_or_digit(name.back())) return false;
  for (char c : name) {
    if (!is_low_or_digit(c) && c != '-' && c != '.') return false;
  }
  for (std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"}) {
    if (name.starts_with(prefix)) return false;
  }
  for (std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name.ends_with(suffix)) return false;
  }
  return name.find("..") == std::string_view::npos && !is_ip_address(name);
}

}  // namespace

void check_bucket_name(const std::string& name) {
  if (is_bucket_name(name)) return;
  ApiError error = errors::invalid_bucket_name("The specified bucket is not valid.");
  error.fields()["BucketName"] = name;
  throw error;
}

void check_key(const std::string& key) {
  if (key.size() > kKeyBytesMax) {
    ApiError error = errors::key_too_long("Your key is too long");
    error.fields()["MaxSizeAllowed"] = std::to_string(kKeyBytesMax);
    error.fields()["Size"] = std::to_string(key.size());
    throw error;
  }
  if (!is_utf8(key) || key.find('\0') != std::string::npos) {
    throw errors::invalid_uri("Couldn't parse the specified URI.");
  }
}

CopySource parse_copy_source(const std::string& text) {
  auto wrong = [] {
    return errors::invalid_argument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  };
  std::string_view rest = text;
  if (auto query = rest.find("?versionId="); query != std::string_view::npos) {
    check_version(rest.substr(query + std::string_view("?versionId=").size()));
    rest = rest.substr(0, query);
  }
  auto decoded = percent_decode(rest);
  if (!decoded) throw wrong();
  std::string_view path = *decoded;
  if (path.starts_with('/')) path.remove_prefix(1);
  auto slash = path.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == path.size()) throw wrong();
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

void check_version(std::string_view version) {
  if (version == "null") return;
  throw errors::invalid_argument("Invalid version id specified");
}

}  // namespace trainyard::s3
