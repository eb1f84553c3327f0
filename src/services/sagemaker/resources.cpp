#include "services/sagemaker/resources.hpp"

#include "base/arn.hpp"

namespace trainyard::sagemaker {
namespace {

struct KindWords {
  Kind kind;
  std::string_view in_arn;
  std::string_view in_text;
};
constexpr KindWords kKinds[] = {{Kind::training_job, "training-job", "training job"},
                                {Kind::model, "model", "model"},
                                {Kind::endpoint_config, "endpoint-config",
                                 "endpoint configuration"},
                                {Kind::endpoint, "endpoint", "endpoint"},
                                {Kind::notebook_instance, "notebook-instance",
                                 "notebook instance"}};

const KindWords& words_of(Kind kind) {
  for (const KindWords& words : kKinds) {
    if (words.kind == kind) return words;
  }
  TRAINYARD_ASSERT(!"known kind");
}

std::string quoted_arn(const Site& site, Kind kind, std::string_view name) {
  return std::string(words_of(kind).in_text) + " \"" + arn_of(site, kind, name) + "\".";
}

}  // namespace

std::string_view kind_name(Kind kind) { return words_of(kind).in_arn; }

Kind kind_named(std::string_view name) {
  for (const KindWords& words : kKinds) {
    if (words.in_arn == name) return words.kind;
  }
  TRAINYARD_ASSERT(!"known kind");
}

std::string arn_of(const Site& site, Kind kind, std::string_view name) {
  return Arn{"aws", "sagemaker", site.region, site.account,
             std::string(kind_name(kind)) + "/" + std::string(name)}
      .text();
}

std::optional<ResourceName> parse_resource_arn(const Site& site, std::string_view text) {
  auto arn = parse_arn(text);
  if (!arn || arn->service != "sagemaker" || arn->region != site.region ||
      arn->account != site.account) {
    return std::nullopt;
  }
  for (const KindWords& words : kKinds) {
    std::string prefix = std::string(words.in_arn) + "/";
    if (arn->resource.starts_with(prefix)) {
      return ResourceName{words.kind, arn->resource.substr(prefix.size())};
    }
  }
  return std::nullopt;
}

bool resource_exists(Txn& txn, Kind kind, std::string_view name) {
  return txn.exists("SELECT 1 FROM sagemaker_resources WHERE kind = ? AND name = ?",
                    kind_name(kind), name);
}

std::optional<Resource> find_resource(Txn& txn, Kind kind, std::string_view name) {
  return txn.one(
      "SELECT status, created, modified, request, state FROM sagemaker_resources "
      "WHERE kind = ? AND name = ?",
      [&](const Row& row) {
        return Resource{kind,
                        std::string(name),
                        row.text(0),
                        row.time(1),
                        row.time(2),
                        parse_own_json(row.text(3)).as_object(),
                        parse_own_json(row.text(4)).as_object()};
      },
      kind_name(kind), name);
}

Resource get_resource(Call& call, Kind kind, std::string_view name) {
  auto resource = find_resource(call.txn, kind, name);
  if (resource) return std::move(*resource);
  if (kind == Kind::training_job) throw invalid("Requested resource not found.");
  throw could_not_find(call.site, kind, name);
}

std::vector<std::string> resource_names(Txn& txn, Kind kind) {
  std::vector<std::string> names;
  txn.each("SELECT name FROM sagemaker_resources WHERE kind = ? ORDER BY name",
           [&](const Row& row) { names.push_back(row.text(0)); }, kind_name(kind));
  return names;
}

void insert_resource(Txn& txn, const Resource& resource) {
  txn.exec("INSERT INTO sagemaker_resources (kind, name, status, created, modified, request, state)"
           " VALUES (?, ?, ?, ?, ?, ?, ?)",
           kind_name(resource.kind), resource.name, resource.status, resource.created,
           resource.modified, dump(resource.request), dump(resource.state));
}

void update_resource(Txn& txn, const Resource& resource) {
  txn.exec("UPDATE sagemaker_resources SET status = ?, modified = ?, state = ? "
           "WHERE kind = ? AND name = ?",
           resource.status, resource.modified, dump(resource.state), kind_name(resource.kind),
           resource.name);
}

void update_request(Txn& txn, const Resource& resource) {
  txn.exec("UPDATE sagemaker_resources SET request = ? WHERE kind = ? AND name = ?",
           dump(resource.request), kind_name(resource.kind), resource.name);
}

void remove_resource(Txn& txn, Kind kind, std::string_view name) {
  txn.exec("DELETE FROM sagemaker_resources WHERE kind = ? AND name = ?", kind_name(kind), name);
  txn.exec("DELETE FROM sagemaker_tags WHERE kind = ? AND name = ?", kind_name(kind), name);
}

ApiError could_not_find(const Site& site, Kind kind, std::string_view name) {
  return invalid("Could not find " + quoted_arn(site, kind, name));
}

ApiError already_exists(const Site& site, Kind kind, std::string_view name) {
  return invalid("Cannot create already existing " + quoted_arn(site, kind, name));
}

ApiError invalid(std::string message) {
  return ApiError("ValidationException", 400, std::move(message));
}

}  // namespace trainyard::sagemaker
