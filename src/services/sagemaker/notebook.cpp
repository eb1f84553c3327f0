#include "services/sagemaker/notebook.hpp"

#include "base/text.hpp"
#include "services/sagemaker/checks.hpp"
#include "services/sagemaker/notebook_door.hpp"
#include "services/sagemaker/stored.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {

std::string notebook_key(std::string_view name) { return to_lower(name); }

std::optional<Notebook> find_notebook(Txn& txn, std::string_view key) {
  auto resource = find_resource(txn, Kind::notebook_instance, key);
  if (!resource) return std::nullopt;
  Notebook notebook;
  const json::object& state = resource->state;
  notebook.settings = wire::from_json<CreateNotebookInstanceInput>(resource->request);
  notebook.volume = stored_text(state, "volume");
  notebook.attempt = stored_text(state, "attempt");
  notebook.failure = stored_text(state, "failure");
  notebook.resource = std::move(*resource);
  return notebook;
}

Notebook get_notebook(Call& call, std::string_view name) {
  auto notebook = find_notebook(call.txn, notebook_key(name));
  if (!notebook) throw invalid("RecordNotFound");
  return std::move(*notebook);
}

Resource to_resource(const Notebook& notebook) {
  Resource resource = notebook.resource;
  resource.state = {{"volume", notebook.volume},
                    {"attempt", notebook.attempt},
                    {"failure", notebook.failure}};
  return resource;
}

std::string arn_of(const Site& site, const Notebook& notebook) {
  return arn_of(site, Kind::notebook_instance, notebook.resource.name);
}

std::string notebook_host(const Site& site, std::string_view key) {
  return std::string(key) + std::string(kNotebookLabel) + site.domain;
}

DescribeNotebookInstanceOutput describe(const Site& site, const Notebook& notebook) {
  const CreateNotebookInstanceInput& settings = notebook.settings;
  DescribeNotebookInstanceOutput output;
  output.notebook_instance_arn = arn_of(site, notebook);
  output.notebook_instance_name = settings.notebook_instance_name;
  output.notebook_instance_status = notebook.resource.status;
  if (!notebook.failure.empty()) output.failure_reason = notebook.failure;
  output.url = notebook_host(site, notebook.resource.name);
  output.instance_type = settings.instance_type;
  output.ip_address_type = settings.ip_address_type.value_or("ipv4");
  output.subnet_id = settings.subnet_id;
  output.security_groups = settings.security_group_ids;
  output.role_arn = settings.role_arn;
  output.kms_key_id = settings.kms_key_id;
  output.last_modified_time = notebook.resource.modified;
  output.creation_time = notebook.resource.created;
  output.direct_internet_access = settings.direct_internet_access.value_or("Enabled");
  output.volume_size_in_gb = settings.volume_size_in_gb.value_or(kNotebookVolumeGibibytes);
  output.root_access = settings.root_access.value_or("Enabled");
  output.platform_identifier = settings.platform_identifier;
  output.instance_metadata_service_configuration =
      settings.instance_metadata_service_configuration.value_or(
          InstanceMetadataServiceConfiguration{"1"});
  return output;
}

}  // namespace trainyard::sagemaker
