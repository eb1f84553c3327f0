#include "cli/init.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/paths.hpp"
#include "cli/roles.hpp"
#include "client/config.hpp"
#include "sdk/session.hpp"

namespace trainyard::cli {

int init(const fs::path& data) {
  client::Config config;
  config.endpoint_url = running_endpoint(data);
  if (config.endpoint_url.empty()) {
    throw SystemError("no daemon runs on " + data.string() + ": run `trainyard serve`");
  }
  const RootKeys keys = read_root_keys(data);
  config.credentials = client::fixed_credentials({keys.access_key, keys.secret, ""});
  sdk::Session session(std::move(config));
  const Roles roles = make_roles(session);
  const std::string option = data == default_data_dir() ? "" : fmt::format(" --data '{}'",
                                                                           data.string());
  fmt::print(
      "SageMaker execution role  {}\n"
      "workflow execution role   {}\n\n"
      "Next, in the shell that starts your notebook:\n"
      "  eval \"$(trainyard env{} --role {} --proxy)\"\n"
      "In the notebook, sagemaker.get_execution_role() is the first of the two; the second is\n"
      "  workflow_execution_role = \"{}\"\n",
      roles.sagemaker, roles.workflow, option, kSageMakerRole, roles.workflow);
  return 0;
}

}  // namespace trainyard::cli
