// S3's errors that its model does not list (Amazon S3 API Reference, "Error responses").
#pragma once

#include <string>

#include "base/error.hpp"
#include "generated/s3/errors.hpp"

namespace trainyard::s3::errors {

inline ApiError access_denied(std::string message) {
  return ApiError("AccessDenied", 403, std::move(message));
}
inline ApiError acl_not_supported() {
  return ApiError("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
}
inline ApiError bad_digest(std::string message) {
  return ApiError("BadDigest", 400, std::move(message));
}
inline ApiError bucket_not_empty(std::string message) {
  return ApiError("BucketNotEmpty", 409, std::move(message));
}
inline ApiError conditional_request_conflict(std::string message) {
  return ApiError("ConditionalRequestConflict", 409, std::move(message));
}
inline ApiError entity_too_large(std::string message) {
  return ApiError("EntityTooLarge", 400, std::move(message));
}
inline ApiError entity_too_small(std::string message) {
  return ApiError("EntityTooSmall", 400, std::move(message));
}
inline ApiError illegal_location_constraint(std::string message) {
  return ApiError("IllegalLocationConstraintException", 400, std::move(message));
}
inline ApiError invalid_argument(std::string message) {
  return ApiError("InvalidArgument", 400, std::move(message));
}
/// The fault is in the value of a header or of a query's parameter.
inline ApiError invalid_argument(std::string message, const std::string& name,
                                 const std::string& value) {
  ApiError error = invalid_argument(std::move(message));
  error.fields()["ArgumentName"] = name;
  error.fields()["ArgumentValue"] = value;
  return error;
}
inline ApiError invalid_bucket_name(std::string message) {
  return ApiError("InvalidBucketName", 400, std::move(message));
}
inline ApiError invalid_part(std::string message) {
  return ApiError("InvalidPart", 400, std::move(message));
}
inline ApiError invalid_part_number(std::string message) {
  return ApiError("InvalidPartNumber", 416, std::move(message));
}
inline ApiError invalid_part_order(std::string message) {
  return ApiError("InvalidPartOrder", 400, std::move(message));
}
inline ApiError invalid_range(std::string message) {
  return ApiError("InvalidRange", 416, std::move(message));
}
inline ApiError invalid_storage_class(const std::string& asked) {
  ApiError error("InvalidStorageClass", 400, "The storage class you specified is not valid");
  error.fields()["StorageClassRequested"] = asked;
  return error;
}
inline ApiError invalid_uri(std::string message) {
  return ApiError("InvalidURI", 400, std::move(message));
}
inline ApiError key_too_long(std::string message) {
  return ApiError("KeyTooLongError", 400, std::move(message));
}
inline ApiError malformed_xml(std::string message) {
  return ApiError("MalformedXML", 400, std::move(message));
}
inline ApiError metadata_too_large(std::string message) {
  return ApiError("MetadataTooLarge", 400, std::move(message));
}
inline ApiError not_implemented(std::string message) {
  return ApiError("NotImplemented", 501, std::move(message));
}
inline ApiError not_modified() { return ApiError("NotModified", 304, "Not Modified"); }
inline ApiError precondition_failed(const char* condition) {
  ApiError error("PreconditionFailed", 412,
                 "At least one of the pre-conditions you specified did not hold");
  error.fields()["Condition"] = condition;
  return error;
}

}  // namespace trainyard::s3::errors
