#include "agent/notebook.hpp"

#include "agent/patience.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"

namespace trainyard::agent {
namespace {

constexpr const char* kPipConstraint = "PIP_CONSTRAINT";
/// Who is told of a file that the daemon gives: AWS's SDKs of its authority, pip of what it is held
/// to.
constexpr std::pair<const char*, const char*> kVariablesOfFiles[] = {
    {"AWS_CA_BUNDLE", "ca-bundle.pem"}, {kPipConstraint, "pip-constraints.txt"}};

json::object files_of(const Answer& answer) {
  auto value = parse_json(answer.body);
  if (answer.status != 200 || !value || !value->is_object()) {
    throw SystemError("the daemon does not tell which files a notebook gets: status " +
                      std::to_string(answer.status));
  }
  return value->get_object();
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

}  // namespace

GivenFiles take_given(DaemonLink& link, const StopSignal& stop, const fs::path& folder) {
  const Answer answer = patiently(Patience(kDaemonAwayMax, &stop), [&] {
    Answer given = link.get("files");
    if (given.status >= 500) {
      throw ApiError("InternalFailure", given.status, "the daemon cannot give files now");
    }
    return given;
  });
  fs::create_directories(folder);
  GivenFiles given;
  for (const auto& entry : files_of(answer)) {
    const std::string name(entry.key());
    if (!is_file_name(name) || !entry.value().is_string()) {
      throw SystemError("\"" + name + "\", which the daemon gives, is no file");
    }
    given[name] = folder / name;
    write_file_atomically(given[name], to_std(entry.value().get_string()));
  }
  return given;
}

void lay_out_home(compute::SandboxSpec& spec, const fs::path& volume) {
  if (volume.empty()) throw SystemError("a notebook needs a volume, and the executor gave none");
  const fs::path name = fs::path(kNotebookFolder).filename();
  if (spec.mode == compute::SandboxMode::none) {
    fs::create_directory_symlink(volume, spec.scratch / name);
    return;
  }
  const fs::path home = spec.scratch / "home";
  fs::create_directories(home / name);
  spec.user = {kNotebookUser, kNotebookHome};
  spec.writable = {{kNotebookHome, home}, {kNotebookFolder, volume}};
}

std::map<std::string, std::string> notebook_variables(const GivenFiles& given,
                                                      const fs::path& volume, bool sandboxed) {
  std::map<std::string, std::string> variables{
      {kNotebookFolderVariable, sandboxed ? kNotebookFolder : volume.string()}};
  if (sandboxed) variables["HOME"] = kNotebookHome;
  for (const auto& [variable, name] : kVariablesOfFiles) {
    auto file = given.find(name);
    if (file == given.end()) continue;
    variables[variable] =
        sandboxed ? std::string(kInsideGiven) + "/" + name : file->second.string();
  }
  if (variables.contains(kPipConstraint)) {
    variables[kPipConstraint] = pip_file(variables[kPipConstraint]);
  }
  return variables;
}

}  // namespace trainyard::agent
