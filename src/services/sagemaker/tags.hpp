// Tags of any resource of the service.
#pragma once

#include "generated/sagemaker/types.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

/// In the order in which they were added.
std::vector<Tag> tags_of(Txn& txn, Kind kind, std::string_view name);

/// Adds tags, or gives those that are there new values. ValidationException for a key that stands
/// twice in the request or begins with "aws:"; ResourceLimitExceeded above 50 tags a resource.
void put_tags(Txn& txn, Kind kind, std::string_view name, const std::vector<Tag>& tags);

}  // namespace trainyard::sagemaker
