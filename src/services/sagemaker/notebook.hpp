// A notebook instance as it is stored and shown.
#pragma once

#include "generated/sagemaker/types.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

/// Names differ in more than case (they become host names): this is what tells notebook instances
/// apart, and what stands in ARNs.
std::string notebook_key(std::string_view name);

struct Notebook {
  Resource resource;                // its name is the key
  CreateNotebookInstanceInput settings;  // its request, with what updates have changed
  std::string volume;               // of its files, unique for ever; [a-z0-9-]
  std::string attempt;              // that runs it, or did last; "" while it waits for its start
  std::string failure;              // FailureReason
};

std::optional<Notebook> find_notebook(Txn& txn, std::string_view key);
/// ValidationException "RecordNotFound" for a missing one, as SageMaker answers.
Notebook get_notebook(Call& call, std::string_view name);
Resource to_resource(const Notebook& notebook);
std::string arn_of(const Site& site, const Notebook& notebook);

/// Where its Jupyter is met: "NAME.notebook.DOMAIN", the domain being the daemon's own.
std::string notebook_host(const Site& site, std::string_view key);

DescribeNotebookInstanceOutput describe(const Site& site, const Notebook& notebook);

}  // namespace trainyard::sagemaker
