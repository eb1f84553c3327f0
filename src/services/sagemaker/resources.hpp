// Training jobs, models, endpoint configurations, endpoints and notebook instances as rows: one
// shape for all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "services/call.hpp"

namespace trainyard::sagemaker {

enum class Kind { training_job, model, endpoint_config, endpoint, notebook_instance };

/// As ARNs spell it: "training-job".
std::string_view kind_name(Kind kind);
Kind kind_named(std::string_view name);

struct Resource {
  Kind kind = Kind::training_job;
  std::string name;      // of a notebook instance: in lower case, as its ARN has it
  std::string status;    // "" for kinds without one
  Time created;
  Time modified;
  json::object request;  // the creating request with AWS's member names, less Tags; updates of a
                         // notebook instance change it
  json::object state;    // what became of it; its kind's own file knows the members
};

std::string arn_of(const Site& site, Kind kind, std::string_view name);

struct ResourceName {
  Kind kind;
  std::string name;
};
/// nullopt unless it is an ARN of this account and region, of a kind that is here.
std::optional<ResourceName> parse_resource_arn(const Site& site, std::string_view arn);

bool resource_exists(Txn& txn, Kind kind, std::string_view name);
std::optional<Resource> find_resource(Txn& txn, Kind kind, std::string_view name);
/// find_resource, or ValidationException in AWS's words for a missing one of this kind.
Resource get_resource(Call& call, Kind kind, std::string_view name);
std::vector<std::string> resource_names(Txn& txn, Kind kind);
void insert_resource(Txn& txn, const Resource& resource);
/// Stores status, time of modification and state anew; the request stays.
void update_resource(Txn& txn, const Resource& resource);
/// Stores the request anew.
void update_request(Txn& txn, const Resource& resource);
/// Removes it and its tags.
void remove_resource(Txn& txn, Kind kind, std::string_view name);

/// The error that names a missing resource; SDKs match "Could not find".
ApiError could_not_find(const Site& site, Kind kind, std::string_view name);
/// The error for a name that is taken; SDKs match "Cannot create already existing".
ApiError already_exists(const Site& site, Kind kind, std::string_view name);
/// ValidationException 400.
ApiError invalid(std::string message);

}  // namespace trainyard::sagemaker
