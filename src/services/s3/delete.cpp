#include "generated/s3/operations.hpp"
#include "services/s3/names.hpp"
#include "services/s3/objects.hpp"

namespace trainyard::s3 {
namespace {

constexpr std::size_t kDeletesMax = 1000;

s3::Error error_for(const ObjectIdentifier& target, const ApiError& fault) {
  s3::Error error;
  error.key = target.key;
  error.version_id = target.version_id;
  error.code = fault.code();
  error.message = fault.message();
  return error;
}

}  // namespace

DeleteObjectOutput delete_object(Call& call, const DeleteObjectInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  if (input.version_id) check_version(*input.version_id);
  if (input.if_match) check_write(call.txn, input.bucket, input.key, {input.if_match, {}});
  delete_row(call.txn, input.bucket, input.key, call.now);
  return {};
}

/// Every key is authorised and answered on its own, as S3 does.
DeleteObjectsOutput delete_objects(Call& call, const DeleteObjectsInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  const auto& targets = input.delete_.objects;
  if (targets.empty() || targets.size() > kDeletesMax) {
    throw errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  }
  DeleteObjectsOutput output;
  for (const ObjectIdentifier& target : targets) {
    try {
      authorise_object(call.txn, call.caller, "s3:DeleteObject", input.bucket, target.key,
                       call.now);
      if (target.version_id && !target.version_id->empty()) check_version(*target.version_id);
      if (target.e_tag) check_write(call.txn, input.bucket, target.key, {target.e_tag, {}});
    } catch (const ApiError& fault) {
      if (!output.errors) output.errors.emplace();
      output.errors->push_back(error_for(target, fault));
      continue;
    }
    delete_row(call.txn, input.bucket, target.key, call.now);
    if (input.delete_.quiet.value_or(false)) continue;
    DeletedObject deleted;
    deleted.key = target.key;
    deleted.version_id = target.version_id;
    if (!output.deleted) output.deleted.emplace();
    output.deleted->push_back(std::move(deleted));
  }
  return output;
}

}  // namespace trainyard::s3
