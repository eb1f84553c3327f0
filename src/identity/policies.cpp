#include "identity/policies.hpp"

#include <mutex>
#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "identity/managed.hpp"
#include "store/remembered.hpp"

namespace trainyard::identity {
namespace {

/// Parsed documents kept: more than the principals of a busy installation have.
constexpr std::size_t kParsedMax = 512;
/// Principals whose documents are remembered.
constexpr std::size_t kPrincipalsMax = 512;

#define POLICY_COLUMNS "name, path, p.arn, id, document, description, tags, created"
#define POLICY_ATTACHMENTS "(SELECT count(*) FROM iam_attachments a WHERE a.policy = p.arn)"

Policy policy_of(const Row& row) {
  Policy policy;
  policy.name = row.text(0);
  policy.path = row.text(1);
  policy.arn = row.text(2);
  policy.id = row.text(3);
  policy.document = row.text(4);
  policy.description = row.maybe_text(5);
  policy.tags = decode_tags(row.text(6));
  policy.created = row.time(7);
  policy.updated = policy.created;
  policy.attachments = row.integer(8);
  return policy;
}

Policy policy_of(Txn& txn, const ManagedPolicy& managed) {
  Policy policy;
  policy.name = managed.name;
  policy.path = managed.path;
  policy.arn = managed.arn;
  policy.id = managed.id;
  policy.version = managed.version().version;
  policy.document = managed.version().document;
  policy.created = managed.created;
  policy.updated = managed.version().created;
  policy.attachments = *txn.one("SELECT count(*) FROM iam_attachments WHERE policy = ?",
                                [](const Row& row) { return row.integer(0); }, managed.arn);
  return policy;
}

Documents read_documents(Txn& txn, std::string_view principal) {
  Documents documents;
  txn.each("SELECT '', document FROM iam_inline_policies WHERE principal = ? "
           "UNION ALL "
           "SELECT a.policy, p.document FROM iam_attachments a "
           "LEFT JOIN iam_policies p ON p.arn = a.policy WHERE a.principal = ?",
           [&](const Row& row) {
             if (!row.is_null(1)) {
               documents.push_back(parsed_document(row.text(1), policy::Kind::identity));
               return;
             }
             const ManagedPolicy* managed = find_managed_policy(row.text(0));
             // What it denied is unknown: better no answer than one without it.
             if (managed == nullptr) {
               throw SystemError("an attached policy is unknown here: " + row.text(0));
             }
             documents.push_back(managed->version().parsed);
           },
           principal, principal);
  return documents;
}

}  // namespace

bool policy_name_taken(Txn& txn, std::string_view name) {
  return txn.exists("SELECT 1 FROM iam_policies WHERE folded = ?", to_lower(name));
}

void insert_policy(Txn& txn, const Policy& policy) {
  txn.exec("INSERT INTO iam_policies(name, path, arn, id, document, description, tags, created, "
           "folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
           policy.name, policy.path, policy.arn, policy.id, policy.document, policy.description,
           encode_tags(policy.tags), policy.created, to_lower(policy.name));
}

std::optional<Policy> find_policy(Txn& txn, std::string_view arn) {
  if (const ManagedPolicy* managed = find_managed_policy(arn)) return policy_of(txn, *managed);
  return txn.one("SELECT " POLICY_COLUMNS ", " POLICY_ATTACHMENTS
                 " FROM iam_policies p WHERE p.arn = ?",
                 [](const Row& row) { return policy_of(row); }, arn);
}

std::vector<Policy> list_customer_policies(Txn& txn, std::string_view path_prefix) {
  std::vector<Policy> policies;
  txn.each("SELECT " POLICY_COLUMNS ", " POLICY_ATTACHMENTS
           " FROM iam_policies p WHERE substr(path, 1, ?) = ? ORDER BY p.arn",
           [&](const Row& row) { policies.push_back(policy_of(row)); },
           static_cast<int64_t>(path_prefix.size()), path_prefix);
  return policies;
}

std::vector<Policy> list_aws_policies(Txn& txn, std::string_view path_prefix) {
  std::vector<Policy> policies;
  for (const ManagedPolicy& managed : managed_policies()) {
    if (managed.path.starts_with(path_prefix)) policies.push_back(policy_of(txn, managed));
  }
  return policies;
}

int64_t count_policies(Txn& txn) {
  return *txn.one("SELECT count(*) FROM iam_policies",
                  [](const Row& row) { return row.integer(0); });
}

void delete_policy(Txn& txn, std::string_view arn) {
  txn.exec("DELETE FROM iam_policies WHERE arn = ?", arn);
}

void put_inline_policy(Txn& txn, std::string_view principal, const InlinePolicy& policy) {
  txn.exec("INSERT INTO iam_inline_policies(principal, name, document) VALUES (?, ?, ?) "
           "ON CONFLICT(principal, name) DO UPDATE SET document = excluded.document",
           principal, policy.name, policy.document);
}

std::optional<InlinePolicy> find_inline_policy(Txn& txn, std::string_view principal,
                                               std::string_view name) {
  return txn.one("SELECT name, document FROM iam_inline_policies WHERE principal = ? AND name = ?",
                 [](const Row& row) { return InlinePolicy{row.text(0), row.text(1)}; }, principal,
                 name);
}

std::vector<InlinePolicy> list_inline_policies(Txn& txn, std::string_view principal) {
  std::vector<InlinePolicy> policies;
  txn.each("SELECT name, document FROM iam_inline_policies WHERE principal = ? ORDER BY name",
           [&](const Row& row) { policies.push_back({row.text(0), row.text(1)}); }, principal);
  return policies;
}

bool delete_inline_policy(Txn& txn, std::string_view principal, std::string_view name) {
  return txn.exec("DELETE FROM iam_inline_policies WHERE principal = ? AND name = ?", principal,
                  name) > 0;
}

void attach_policy(Txn& txn, std::string_view principal, std::string_view arn) {
  txn.exec("INSERT INTO iam_attachments(principal, policy) VALUES (?, ?) ON CONFLICT DO NOTHING",
           principal, arn);
}

bool detach_policy(Txn& txn, std::string_view principal, std::string_view arn) {
  return txn.exec("DELETE FROM iam_attachments WHERE principal = ? AND policy = ?", principal,
                  arn) > 0;
}

std::vector<std::string> list_attached_policies(Txn& txn, std::string_view principal) {
  std::vector<std::string> arns;
  txn.each("SELECT policy FROM iam_attachments WHERE principal = ? ORDER BY policy",
           [&](const Row& row) { arns.push_back(row.text(0)); }, principal);
  return arns;
}

Documents documents_of(Txn& txn, std::string_view principal) {
  static Remembered<Documents> remembered(kPrincipalsMax);
  return remembered.get(txn, principal, [&] { return read_documents(txn, principal); });
}

std::shared_ptr<const policy::Document> parsed_document(std::string_view text, policy::Kind kind) {
  static std::mutex mutex;
  static std::unordered_map<std::string, std::shared_ptr<const policy::Document>> parsed;
  std::string key = std::to_string(static_cast<int>(kind)) + std::string(text);
  {
    std::lock_guard lock(mutex);
    if (auto found = parsed.find(key); found != parsed.end()) return found->second;
  }
  std::string error;
  auto document = policy::parse_document(text, kind, &error);
  if (!document) throw SystemError("a stored policy is malformed: " + error);
  auto shared = std::make_shared<const policy::Document>(std::move(*document));
  std::lock_guard lock(mutex);
  if (parsed.size() >= kParsedMax) parsed.clear();
  parsed.emplace(std::move(key), shared);
  return shared;
}

}  // namespace trainyard::identity
