#include "services/states/names.hpp"

#include <algorithm>
#include <charconv>

#include "base/arn.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "generated/states/errors.hpp"

namespace trainyard::states {
namespace {

constexpr std::size_t kNameCharsMax = 80;
constexpr std::string_view kExcluded = " \t\n\v\f\r<>{}[]?*\"#%\\^|~`$&,;:/";

/// U+0000–001F and U+007F–009F; the latter are C2 80 – C2 9F in UTF-8.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) <= 0x9F) {
      return true;
    }
  }
  return false;
}

std::string states_arn(const Site& site, std::string resource) {
  return Arn{"aws", "states", site.region, site.account, std::move(resource)}.text();
}

}  // namespace

std::string machine_arn(const Site& site, std::string_view name) {
  return states_arn(site, "stateMachine:" + std::string(name));
}

std::string execution_arn(const Site& site, std::string_view machine, std::string_view name) {
  return states_arn(site, "execution:" + std::string(machine) + ":" + std::string(name));
}

std::string activity_arn(const Site& site, std::string_view name) {
  return states_arn(site, "activity:" + std::string(name));
}

std::optional<int64_t> MachineRef::version() const {
  int64_t number = 0;
  const char* end = qualifier.data() + qualifier.size();
  auto [stop, error] = std::from_chars(qualifier.data(), end, number);
  // In one spelling only: policies decide on the text.
  if (error != std::errc() || stop != end || std::to_string(number) != qualifier) {
    return std::nullopt;
  }
  return number < 0 ? std::nullopt : std::optional(number);
}

MachineRef parse_machine_ref(const std::string& arn) {
  check_arn(arn, "stateMachine");
  const std::string resource = parse_arn(arn)->resource;
  const auto parts = split(resource, ':');  // "stateMachine", the name, and a qualifier
  const bool empty = std::any_of(parts.begin(), parts.end(),
                                 [](const std::string& part) { return part.empty(); });
  if (empty || parts.size() < 2 || parts.size() > 3) {
    throw errors::invalid_arn("Invalid Arn: '" + arn + "'");
  }
  MachineRef ref{arn, "", parts[1].find('/') != std::string::npos};
  if (parts.size() == 3) {
    ref.qualifier = parts[2];
    ref.machine.resize(arn.size() - ref.qualifier.size() - 1);
  }
  return ref;
}

void refuse_label(const MachineRef& ref) {
  if (!ref.labelled) return;
  ApiError error = errors::validation_exception(
      "This operation does not support the ARN of a Distributed Map state: '" + ref.machine + "'");
  error.fields()["reason"] = "API_DOES_NOT_SUPPORT_LABELED_ARNS";
  throw error;
}

std::string unqualified_arn(const std::string& arn) {
  MachineRef ref = parse_machine_ref(arn);
  refuse_label(ref);
  if (!ref.qualifier.empty()) {
    throw errors::validation_exception(
        "This operation does not support the ARN of a version or an alias: '" + arn + "'");
  }
  return ref.machine;
}

std::string qualified_arn(std::string_view machine, std::string_view qualifier) {
  return std::string(machine) + ":" + std::string(qualifier);
}

void check_name(std::string_view name) {
  if (name.empty() || count_characters(name) > kNameCharsMax || has_control(name) ||
      name.find_first_of(kExcluded) != std::string_view::npos) {
    throw errors::invalid_name("Invalid Name: '" + std::string(name) + "'");
  }
}

void check_arn(std::string_view arn, std::string_view kind) {
  auto parts = parse_arn(arn);
  if (!parts) {
    throw errors::invalid_arn("Invalid Arn: 'Invalid ARN prefix: " + std::string(arn) + "'");
  }
  std::string found = parts->resource.substr(0, parts->resource.find(':'));
  if (parts->service != "states") {
    throw errors::invalid_arn("Invalid Arn: 'Invalid service name in ARN: " + parts->service + "'");
  }
  if (found != kind) {
    throw errors::invalid_arn("Invalid Arn: 'Resource type not valid in this context: " + found +
                              "'");
  }
}

void check_role_arn(std::string_view arn) {
  auto parts = parse_arn(arn);
  if (!parts || parts->service != "iam" || !parts->resource.starts_with("role/")) {
    throw errors::invalid_arn("Invalid Role Arn: '" + std::string(arn) + "'");
  }
}

}  // namespace trainyard::states
