#include "services/sagemaker/roles.hpp"

#include "identity/identity.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {

void check_role(Txn& txn, const std::string& role_arn) {
  try {
    identity::assume_for_service(txn, role_arn, kPrincipal, kSessionName);
  } catch (const ApiError&) {
    throw invalid("Could not assume role " + role_arn +
                  ". Please ensure that the role exists and allows principal "
                  "'sagemaker.amazonaws.com' to assume the role.");
  }
}

}  // namespace trainyard::sagemaker
