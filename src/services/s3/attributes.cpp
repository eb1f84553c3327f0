#include "services/s3/attributes.hpp"

#include <algorithm>

namespace trainyard::s3 {
namespace {

constexpr std::size_t kMetadataBytesMax = 2048;

// Of the model's values those that are not for other kinds of storage (Amazon S3 User Guide,
// "Understanding and managing storage classes", "Protecting data with server-side encryption").
constexpr std::string_view kStorageClasses[] = {
    "STANDARD",     "REDUCED_REDUNDANCY",  "STANDARD_IA", "ONEZONE_IA",
    "GLACIER",      "INTELLIGENT_TIERING", "GLACIER_IR",  "DEEP_ARCHIVE",
};
constexpr std::string_view kEncryptions[] = {"", "AES256", "aws:kms", "aws:kms:dsse"};

bool contains(std::span<const std::string_view> values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

struct Text {
  const char* name;
  std::string Attributes::*member;
};
constexpr Text kTexts[] = {
    {"content_type", &Attributes::content_type},
    {"cache_control", &Attributes::cache_control},
    {"content_disposition", &Attributes::content_disposition},
    {"content_encoding", &Attributes::content_encoding},
    {"content_language", &Attributes::content_language},
    {"expires", &Attributes::expires},
    {"website_redirect_location", &Attributes::website_redirect_location},
    {"server_side_encryption", &Attributes::server_side_encryption},
    {"kms_key", &Attributes::kms_key},
    {"storage_class", &Attributes::storage_class},
    {"checksum_algorithm", &Attributes::checksum_algorithm},
    {"checksum_type", &Attributes::checksum_type},
    {"upload", &Attributes::upload},
};

json::object map_json(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [name, value] : map) object[name] = value;
  return object;
}

std::map<std::string, std::string> map_from(const json::object& stored, const char* name) {
  std::map<std::string, std::string> map;
  if (const json::object* object = find_object(stored, name)) {
    for (const auto& member : *object) map[member.key()] = to_std(member.value().as_string());
  }
  return map;
}

}  // namespace

json::object to_json(const Attributes& attributes) {
  json::object stored;
  for (const Text& text : kTexts) {
    const std::string& value = attributes.*text.member;
    if (!value.empty()) stored[text.name] = value;
  }
  if (!attributes.metadata.empty()) stored["metadata"] = map_json(attributes.metadata);
  if (!attributes.checksums.empty()) stored["checksums"] = map_json(attributes.checksums);
  if (!attributes.parts.empty()) {
    stored["parts"] = json::array(attributes.parts.begin(), attributes.parts.end());
  }
  return stored;
}

Attributes attributes_from(const json::object& stored) {
  Attributes attributes;
  for (const Text& text : kTexts) {
    if (auto value = find_string(stored, text.name)) attributes.*text.member = *value;
  }
  attributes.metadata = map_from(stored, "metadata");
  attributes.checksums = map_from(stored, "checksums");
  if (const json::array* parts = find_array(stored, "parts")) {
    for (const json::value& size : *parts) attributes.parts.push_back(size.to_number<uint64_t>());
  }
  return attributes;
}

void check_storage(const Attributes& attributes) {
  if (!contains(kStorageClasses, attributes.storage_class)) {
    throw errors::invalid_storage_class(attributes.storage_class);
  }
  if (!contains(kEncryptions, attributes.server_side_encryption)) {
    throw errors::invalid_argument("The encryption method specified is not supported",
                                   "x-amz-server-side-encryption",
                                   attributes.server_side_encryption);
  }
}

void check_metadata(const std::map<std::string, std::string>& metadata) {
  std::size_t size = 0;
  for (const auto& [name, value] : metadata) size += name.size() + value.size();
  if (size <= kMetadataBytesMax) return;
  ApiError error = errors::metadata_too_large(
      "Your metadata headers exceed the maximum allowed metadata size");
  error.fields()["MaxSizeAllowed"] = std::to_string(kMetadataBytesMax);
  error.fields()["Size"] = std::to_string(size);
  throw error;
}

}  // namespace trainyard::s3
