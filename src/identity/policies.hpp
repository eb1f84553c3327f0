// The tables of policies: customer-managed ones, inline ones, and who has which attached. A
// principal is named by the id of its role or user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/tags.hpp"
#include "policy/document.hpp"
#include "store/txn.hpp"

namespace trainyard::identity {

/// A managed policy, the customer's or AWS's.
struct Policy {
  std::string name;
  std::string path = "/";
  std::string arn;
  std::string id;  // ANPA…
  std::string version = "v1";
  std::string document;
  std::optional<std::string> description;
  std::vector<Tag> tags;
  Time created;
  Time updated;
  int64_t attachments = 0;
};

bool policy_name_taken(Txn& txn, std::string_view name);
void insert_policy(Txn& txn, const Policy& policy);
/// AWS's policies are found like the customer's.
std::optional<Policy> find_policy(Txn& txn, std::string_view arn);
/// The customer's below `path_prefix`, by ARN.
std::vector<Policy> list_customer_policies(Txn& txn, std::string_view path_prefix);
/// AWS's below `path_prefix`, by ARN.
std::vector<Policy> list_aws_policies(Txn& txn, std::string_view path_prefix);
int64_t count_policies(Txn& txn);
void delete_policy(Txn& txn, std::string_view arn);

struct InlinePolicy {
  std::string name;
  std::string document;
};

void put_inline_policy(Txn& txn, std::string_view principal, const InlinePolicy& policy);
std::optional<InlinePolicy> find_inline_policy(Txn& txn, std::string_view principal,
                                               std::string_view name);
std::vector<InlinePolicy> list_inline_policies(Txn& txn, std::string_view principal);  // by name
bool delete_inline_policy(Txn& txn, std::string_view principal, std::string_view name);

/// No error when it is attached already.
void attach_policy(Txn& txn, std::string_view principal, std::string_view arn);
bool detach_policy(Txn& txn, std::string_view principal, std::string_view arn);
/// ARNs, in order.
std::vector<std::string> list_attached_policies(Txn& txn, std::string_view principal);

/// Everything that says what a principal may do: one query, each document parsed once for as long
/// as its text stays the same.
using Documents = std::vector<std::shared_ptr<const policy::Document>>;
Documents documents_of(Txn& txn, std::string_view principal);

/// The parsed form of a stored document. Kept by its text, so that a change is seen at once;
/// SystemError when the text is none that IAM would have stored.
std::shared_ptr<const policy::Document> parsed_document(std::string_view text, policy::Kind kind);

}  // namespace trainyard::identity
