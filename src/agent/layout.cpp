#include "agent/layout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace trainyard::agent {
namespace {

void write_file(const fs::path& path, const std::string& text) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) throw_errno("cannot write " + path.string());
  write_all(file.get(), text, path.string());
}

}  // namespace

void lay_out(const OptMl& opt_ml, const Plan& plan, const std::string& host, bool sandboxed) {
  if (plan.is_notebook()) {
    fs::create_directories(opt_ml.base / "metadata");
    write_file(opt_ml.base / "metadata/resource-metadata.json",
               dump(json::object{{"ResourceArn", plan.arn}, {"ResourceName", plan.name}}));
    return;
  }
  fs::create_directories(opt_ml.model());
  if (!plan.trains()) return;
  for (const char* folder : {"input/config", "input/data", "code", "output/data",
                             "output/intermediate", "checkpoints"}) {
    fs::create_directories(opt_ml.base / folder);
  }
  const fs::path config = opt_ml.base / "input/config";
  write_file(config / "hyperparameters.json", dump(plan.hyperparameters));
  write_file(config / "inputdataconfig.json", dump(plan.input_data_config));
  json::object resources{{"current_host", host},
                         {"hosts", json::value_from(plan.hosts)},
                         {"network_interface_name", sandboxed ? "eth0" : "lo"}};
  write_file(config / "resourceconfig.json", dump(resources));
}

std::string read_failure(const OptMl& opt_ml, std::size_t max) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd output(::open((opt_ml.base / "output").c_str(), kFlags | O_DIRECTORY));
  Fd file(output ? ::openat(output.get(), "failure", kFlags) : -1);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(4 * max, '\0');
  ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size <= 0) return "";
  return valid_utf8(trim(std::string_view(text).substr(0, static_cast<std::size_t>(size))), max);
}

}  // namespace trainyard::agent
