#include <algorithm>

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

/// The ApiError that `work` throws.
template <class Work>
std::optional<ApiError> fault_of(Work work) {
  try {
    work();
  } catch (const ApiError& fault) {
    return fault;
  }
  return std::nullopt;
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
  const auto& targets = input.delete_.objects;
  if (targets.empty() || targets.size() > kDeletesMax) {
    throw errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  }
  std::vector<std::optional<ApiError>> denials;
  for (const ObjectIdentifier& target : targets) {
    denials.push_back(fault_of([&] {
      authorise_object(call.txn, call.site, call.caller, "s3:DeleteObject", input.bucket,
                       target.key, call.now);
    }));
  }
  // Who may delete nothing there does not hear whether there is such a bucket.
  auto allowed = [](const std::optional<ApiError>& denial) { return !denial; };
  if (std::any_of(denials.begin(), denials.end(), allowed)) {
    require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  }
  DeleteObjectsOutput output;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const ObjectIdentifier& target = targets[i];
    auto fault = denials[i] ? denials[i] : fault_of([&] {
      if (target.version_id && !target.version_id->empty()) check_version(*target.version_id);
      if (target.e_tag) check_write(call.txn, input.bucket, target.key, {target.e_tag, {}});
    });
    if (fault) {
      if (!output.errors) output.errors.emplace();
      output.errors->push_back(error_for(target, *fault));
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
