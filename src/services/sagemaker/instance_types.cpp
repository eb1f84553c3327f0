#include "services/sagemaker/instance_types.hpp"

#include <algorithm>
#include <charconv>

#include "generated/sagemaker/errors.hpp"
#include "services/sagemaker/resources.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr int64_t kGibibyte = int64_t{1} << 30;
constexpr int kVcpusPerXlarge = 4;

/// A family whose sizes follow the rule: large has 2 vCPUs, xlarge 4, Nxlarge 4 N; memory and GPUs
/// in proportion unless a row of kSizes says otherwise.
struct Family {
  std::string_view name;
  double gibibytes_per_vcpu;
  int gpus = 0;  // of the sizes that kSizes does not name
  bool other_accelerator = false;
};
constexpr Family kFamilies[] = {
    {"t2", 4},      {"t3", 4},     {"m4", 4},    {"m5", 4},    {"m5d", 4},   {"m6g", 4},
    {"m6gd", 4},    {"m6i", 4},    {"m7i", 4},   {"m8g", 4},   {"c4", 1.875}, {"c5", 2},
    {"c5d", 2},     {"c5n", 2.625}, {"c6g", 2},  {"c6gd", 2},  {"c6gn", 2},  {"c6i", 2},
    {"c6in", 2},    {"c7g", 2},    {"c7i", 2},   {"c8g", 2},   {"r5", 8},    {"r5d", 8},
    {"r6g", 8},     {"r6gd", 8},   {"r6i", 8},   {"r7gd", 8},  {"r7i", 8},   {"r8g", 8},
    {"g4dn", 4, 1}, {"g5", 4, 1},  {"g6", 4, 1}, {"g6e", 8, 1}, {"g7e", 8, 1},
    {"inf1", 2, 0, true}, {"inf2", 4, 0, true}, {"trn1", 4, 0, true}, {"trn1n", 4, 0, true},
    {"dl1", 8, 0, true}};

/// Sizes that the rule does not give.
struct Size {
  std::string_view name;
  int vcpus;
  double gibibytes;
  int gpus = 0;
  bool other_accelerator = false;
};
constexpr Size kSizes[] = {
    {"t2.medium", 2, 4},           {"t3.medium", 2, 4},           {"c4.8xlarge", 36, 60},
    {"c5n.9xlarge", 36, 96},       {"c5n.18xlarge", 72, 192},     {"g4dn.12xlarge", 48, 192, 4},
    {"g5.12xlarge", 48, 192, 4},   {"g5.24xlarge", 96, 384, 4},   {"g5.48xlarge", 192, 768, 8},
    {"g6.12xlarge", 48, 192, 4},   {"g6.24xlarge", 96, 384, 4},   {"g6.48xlarge", 192, 768, 8},
    {"g6e.12xlarge", 48, 384, 4},  {"g6e.24xlarge", 96, 768, 4},  {"g6e.48xlarge", 192, 1536, 8},
    {"g7e.12xlarge", 48, 512, 2},  {"g7e.24xlarge", 96, 1024, 4}, {"g7e.48xlarge", 192, 2048, 8},
    {"p2.xlarge", 4, 61, 1},       {"p2.8xlarge", 32, 488, 8},    {"p2.16xlarge", 64, 732, 16},
    {"p3.2xlarge", 8, 61, 1},      {"p3.8xlarge", 32, 244, 4},    {"p3.16xlarge", 64, 488, 8},
    {"p3dn.24xlarge", 96, 768, 8}, {"p4d.24xlarge", 96, 1152, 8}, {"p4de.24xlarge", 96, 1152, 8},
    {"p5.4xlarge", 16, 256, 1},    {"p5.48xlarge", 192, 2048, 8}, {"p5e.48xlarge", 192, 2048, 8},
    {"p5en.48xlarge", 192, 2048, 8},      {"p6-b200.48xlarge", 192, 2048, 8},
    {"p6-b300.48xlarge", 192, 4096, 8},   {"p6e-gb200.36xlarge", 144, 960, 4},
    {"trn2.48xlarge", 192, 2048, 0, true}};

/// vCPUs of a size by the rule; 0 for a word that is no size.
int vcpus_of(std::string_view size) {
  if (size == "medium") return 1;
  if (size == "large") return 2;
  if (size == "xlarge") return kVcpusPerXlarge;
  int times = 0;
  auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), times);
  if (error != std::errc() || std::string_view(end, size.data() + size.size()) != "xlarge") {
    return 0;
  }
  return times > 0 ? times * kVcpusPerXlarge : 0;
}

int64_t bytes_of(double gibibytes) {
  return static_cast<int64_t>(gibibytes * static_cast<double>(kGibibyte));
}

}  // namespace

std::optional<InstanceType> find_instance_type(std::string_view name) {
  constexpr std::string_view kPrefix = "ml.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  for (const Size& size : kSizes) {
    if (size.name == name) {
      return InstanceType{size.vcpus, bytes_of(size.gibibytes), size.gpus, size.other_accelerator};
    }
  }
  auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  int vcpus = vcpus_of(name.substr(dot + 1));
  if (vcpus == 0) return std::nullopt;
  for (const Family& family : kFamilies) {
    if (family.name == name.substr(0, dot)) {
      return InstanceType{vcpus, bytes_of(family.gibibytes_per_vcpu * vcpus), family.gpus,
                          family.other_accelerator};
    }
  }
  return std::nullopt;
}

Share share_of(const InstanceType& type, const Machine& machine, int instances) {
  Share share;
  share.cpus = std::min(type.vcpus, std::max(1, machine.cpus / instances));
  share.gpus = std::min(type.gpus, machine.gpus);
  share.memory_bytes = type.memory_bytes < machine.memory_bytes ? type.memory_bytes : 0;
  return share;
}

InstanceType check_instance_type(const std::string& name, std::string_view usage,
                                 const Machine& machine) {
  auto type = find_instance_type(name);
  if (!type) throw invalid("The instance type '" + name + "' is not known here.");
  std::string lacking;
  if (type->gpus > 0 && machine.gpus == 0) lacking = "this machine has no GPU";
  if (type->other_accelerator) lacking = "this machine has no accelerator of that kind";
  if (lacking.empty()) return *type;
  throw errors::resource_limit_exceeded(
      "The account-level service limit '" + name + " for " + std::string(usage) +
      " usage' is 0 Instances, because " + lacking +
      ". Use a CPU instance type such as ml.c5.xlarge.");
}

}  // namespace trainyard::sagemaker
