#include "generated/s3/operations.hpp"
#include "services/paging.hpp"
#include "services/s3/names.hpp"
#include "services/s3/objects.hpp"

namespace trainyard::s3 {
namespace {

constexpr int kBucketsPageMax = 10'000;

/// Only this daemon's own region; in us-east-1 it goes without saying.
void check_location(const CreateBucketInput& input, const Site& site) {
  std::string asked;
  if (input.create_bucket_configuration) {
    asked = input.create_bucket_configuration->location_constraint.value_or("");
  }
  bool unsaid = asked.empty() && site.region == "us-east-1";
  if (unsaid || asked == site.region) return;
  throw errors::illegal_location_constraint(
      "The " + (asked.empty() ? "unspecified" : asked) +
      " location constraint is incompatible for the region specific endpoint this request was "
      "sent to.");
}

/// Uploads in progress do not keep a bucket; their parts go with it.
void drop_uploads(Call& call, const std::string& bucket) {
  std::vector<Content> parts;
  call.txn.each("SELECT size, extents FROM s3_parts WHERE upload IN "
                "(SELECT id FROM s3_uploads WHERE bucket = ?)",
                [&](const Row& row) {
                  parts.push_back(content_of(static_cast<uint64_t>(row.integer(0)),
                                             row.maybe_text(1), std::nullopt));
                },
                bucket);
  for (const Content& part : parts) release(call.txn, part, call.now);
  call.txn.exec("DELETE FROM s3_parts WHERE upload IN "
                "(SELECT id FROM s3_uploads WHERE bucket = ?)", bucket);
  call.txn.exec("DELETE FROM s3_uploads WHERE bucket = ?", bucket);
}

}  // namespace

CreateBucketOutput create_bucket(Call& call, const CreateBucketInput& input) {
  check_bucket_name(input.bucket);
  check_location(input, call.site);
  check_acl(input);
  if (input.object_lock_enabled_for_bucket.value_or(false)) {
    throw errors::not_implemented("Object Lock is not implemented");
  }
  if (call.txn.exists("SELECT 1 FROM s3_buckets WHERE name = ?", input.bucket)) {
    // One account owns every bucket. us-east-1 answers its owner 200, other regions 409 (Amazon S3
    // API Reference, "CreateBucket").
    if (call.site.region != "us-east-1") {
      ApiError error = errors::bucket_already_owned_by_you(
          "Your previous request to create the named bucket succeeded and you already own it.");
      error.fields()["BucketName"] = input.bucket;
      throw error;
    }
  } else {
    call.txn.exec("INSERT INTO s3_buckets(name, created) VALUES (?, ?)", input.bucket,
                  whole_seconds(call.now));
  }
  CreateBucketOutput output;
  output.location = "/" + input.bucket;
  return output;
}

DeleteBucketOutput delete_bucket(Call& call, const DeleteBucketInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  if (call.txn.exists("SELECT 1 FROM s3_objects WHERE bucket = ? LIMIT 1", input.bucket)) {
    ApiError error = errors::bucket_not_empty("The bucket you tried to delete is not empty");
    error.fields()["BucketName"] = input.bucket;
    throw error;
  }
  drop_uploads(call, input.bucket);
  call.txn.exec("DELETE FROM s3_buckets WHERE name = ?", input.bucket);
  return {};
}

HeadBucketOutput head_bucket(Call& call, const HeadBucketInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  HeadBucketOutput output;
  output.bucket_region = call.site.region;
  output.access_point_alias = false;
  return output;
}

ListBucketsOutput list_buckets(Call& call, const ListBucketsInput& input) {
  int limit = input.max_buckets.value_or(kBucketsPageMax);
  if (limit < 1 || limit > kBucketsPageMax) {
    throw errors::invalid_argument("Argument max-buckets must be an integer between 1 and 10000");
  }
  std::string prefix = input.prefix.value_or("");
  std::string listing = "s3:ListBuckets:" + prefix;
  std::string after;
  if (input.continuation_token) {
    auto position = read_page_token(listing, *input.continuation_token);
    if (!position) {
      throw errors::invalid_argument("The continuation token provided is incorrect");
    }
    after = *position;
  }
  ListBucketsOutput output;
  output.owner.emplace().id = owner_id(call.site);
  output.prefix = unless_empty(prefix);
  output.buckets.emplace();
  if (input.bucket_region && *input.bucket_region != call.site.region) return output;
  bool more = false;
  call.txn.each("SELECT name, created FROM s3_buckets WHERE name > ? ORDER BY name",
                [&](const Row& row) {
                  std::string name = row.text(0);
                  if (more || !name.starts_with(prefix)) return;
                  if (static_cast<int>(output.buckets->size()) == limit) {
                    more = true;
                    return;
                  }
                  s3::Bucket bucket;
                  bucket.name = name;
                  bucket.creation_date = row.time(1);
                  bucket.bucket_region = call.site.region;
                  output.buckets->push_back(std::move(bucket));
                },
                after);
  if (more) output.continuation_token = make_page_token(listing, *output.buckets->back().name);
  return output;
}

GetBucketLocationOutput get_bucket_location(Call& call, const GetBucketLocationInput& input) {
  require_bucket(call.txn, call.site, input.bucket, input.expected_bucket_owner);
  GetBucketLocationOutput output;
  if (call.site.region != "us-east-1") output.location_constraint = call.site.region;
  return output;
}

}  // namespace trainyard::s3
