// Pages of resources: the filters and orders that every List operation of the service has.
#pragma once

#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

struct Filters {
  std::string name_contains;
  std::string status;
  std::optional<Time> created_after, created_before, modified_after, modified_before;
  std::string sort_by = "CreationTime";  // Name, CreationTime, Status
  bool descending = false;
  int limit = 10;                        // AWS's default
  std::string token;
};

struct Page {
  std::vector<Resource> resources;  // without request and state
  std::optional<std::string> next_token;
};

/// ValidationException when the token is not one of this listing's.
Page list_resources(Txn& txn, Kind kind, const Filters& filters);

/// The filters in a generated List input; members that an operation lacks stay open.
template <class Input>
Filters filters_of(const Input& input, bool descending_by_default) {
  Filters filters;
  filters.name_contains = input.name_contains.value_or("");
  filters.created_after = input.creation_time_after;
  filters.created_before = input.creation_time_before;
  if constexpr (requires { input.last_modified_time_after; }) {
    filters.modified_after = input.last_modified_time_after;
    filters.modified_before = input.last_modified_time_before;
  }
  if constexpr (requires { input.status_equals; }) {
    filters.status = input.status_equals.value_or("");
  }
  filters.sort_by = input.sort_by.value_or(filters.sort_by);
  filters.descending = input.sort_order ? *input.sort_order == "Descending" : descending_by_default;
  filters.limit = input.max_results.value_or(filters.limit);
  filters.token = input.next_token.value_or("");
  return filters;
}

}  // namespace trainyard::sagemaker
