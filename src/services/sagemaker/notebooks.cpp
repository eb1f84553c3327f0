// The operations on notebook instances.
#include "generated/sagemaker/operations.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/listing.hpp"
#include "services/sagemaker/notebook_door.hpp"
#include "services/sagemaker/notebook_life.hpp"
#include "services/sagemaker/roles.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr const char* kPlatformDefault = "notebook-al2023-v1";

/// The members that an update may change, where the request has them.
void apply(const UpdateNotebookInstanceInput& input, CreateNotebookInstanceInput& settings) {
  auto take = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  take(input.instance_type, settings.instance_type);
  take(input.role_arn, settings.role_arn);
  take(input.ip_address_type, settings.ip_address_type);
  take(input.platform_identifier, settings.platform_identifier);
  take(input.volume_size_in_gb, settings.volume_size_in_gb);
  take(input.root_access, settings.root_access);
  take(input.instance_metadata_service_configuration,
       settings.instance_metadata_service_configuration);
}

void fulfil(Call& call, const std::string& name, const NotebookWish& wish,
            void (*act)(Call&, Notebook&)) {
  Notebook notebook = get_notebook(call, name);
  check_wish(call.site, notebook, wish);
  act(call, notebook);
}

std::string scheme_of(const Site& site) { return site.url.substr(0, site.url.find("://") + 3); }

}  // namespace

CreateNotebookInstanceOutput create_notebook_instance(Call& call,
                                                      const CreateNotebookInstanceInput& input) {
  CreateNotebookInstanceInput settings = input;
  if (!settings.platform_identifier) settings.platform_identifier = kPlatformDefault;
  check_notebook(settings);
  const std::string key = notebook_key(input.notebook_instance_name);
  const std::string arn = arn_of(call.site, Kind::notebook_instance, key);
  if (resource_exists(call.txn, Kind::notebook_instance, key)) {
    throw invalid("Cannot create a duplicate Notebook Instance (" + arn + ")");
  }
  check_role(call.txn, input.role_arn);
  create_notebook(call, settings);
  return {.notebook_instance_arn = arn};
}

DescribeNotebookInstanceOutput describe_notebook_instance(
    Call& call, const DescribeNotebookInstanceInput& input) {
  return describe(call.site, get_notebook(call, input.notebook_instance_name));
}

ListNotebookInstancesOutput list_notebook_instances(Call& call,
                                                    const ListNotebookInstancesInput& input) {
  // No notebook instance has any of these here.
  if (input.notebook_instance_lifecycle_config_name_contains ||
      input.default_code_repository_contains || input.additional_code_repository_equals) {
    return {};
  }
  Filters filters = filters_of(input, false);
  if (!input.sort_by) filters.sort_by = "Name";
  filters.name_contains = notebook_key(filters.name_contains);
  Page page = list_resources(call.txn, Kind::notebook_instance, filters);
  ListNotebookInstancesOutput output;
  output.next_token = page.next_token;
  output.notebook_instances.emplace();
  for (const Resource& resource : page.resources) {
    const auto shown = describe(call.site, *find_notebook(call.txn, resource.name));
    NotebookInstanceSummary summary;
    summary.notebook_instance_name = *shown.notebook_instance_name;
    summary.notebook_instance_arn = *shown.notebook_instance_arn;
    summary.notebook_instance_status = shown.notebook_instance_status;
    summary.url = shown.url;
    summary.instance_type = shown.instance_type;
    summary.creation_time = shown.creation_time;
    summary.last_modified_time = shown.last_modified_time;
    output.notebook_instances->push_back(std::move(summary));
  }
  return output;
}

StartNotebookInstanceOutput start_notebook_instance(Call& call,
                                                    const StartNotebookInstanceInput& input) {
  fulfil(call, input.notebook_instance_name, kStartNotebook, start_notebook);
  return {};
}

StopNotebookInstanceOutput stop_notebook_instance(Call& call,
                                                  const StopNotebookInstanceInput& input) {
  fulfil(call, input.notebook_instance_name, kStopNotebook, stop_notebook);
  return {};
}

UpdateNotebookInstanceOutput update_notebook_instance(Call& call,
                                                      const UpdateNotebookInstanceInput& input) {
  Notebook notebook = get_notebook(call, input.notebook_instance_name);
  check_notebook_update(input, notebook.settings);
  check_wish(call.site, notebook, kUpdateNotebook);
  if (input.role_arn) check_role(call.txn, *input.role_arn);
  apply(input, notebook.settings);
  update_notebook(call, notebook);
  return {};
}

DeleteNotebookInstanceOutput delete_notebook_instance(Call& call,
                                                      const DeleteNotebookInstanceInput& input) {
  fulfil(call, input.notebook_instance_name, kDeleteNotebook, delete_notebook);
  return {};
}

CreatePresignedNotebookInstanceUrlOutput create_presigned_notebook_instance_url(
    Call& call, const CreatePresignedNotebookInstanceUrlInput& input) {
  const Notebook notebook = get_notebook(call, input.notebook_instance_name);
  const auto door = find_notebook_door(call.txn, call.site, notebook.resource.name);
  if (!door) {
    throw invalid("Status (" + notebook.resource.status +
                  ") not in ([InService]). There is no Jupyter to open for Notebook Instance (" +
                  arn_of(call.site, notebook) + ").");
  }
  if (call.caller.access_key.empty()) {
    throw invalid("A presigned URL stands for the access key of its caller, and a service that "
                  "acts for a role has none.");
  }
  const Ticket ticket{
      Ticket::Kind::link, call.now + kLinkLife,
      std::chrono::seconds(
          input.session_expiration_duration_in_seconds.value_or(kSessionSecondsDefault)),
      call.caller.access_key};
  return {.authorized_url = scheme_of(call.site) +
                            notebook_host(call.site, notebook.resource.name) +
                            "/?authToken=" + write_ticket(door->secret, ticket)};
}

}  // namespace trainyard::sagemaker
