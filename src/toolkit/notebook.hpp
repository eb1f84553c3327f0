// JupyterLab of a notebook instance: where it is, how it is started and what it is told.
#pragma once

#include <string>

#include "base/files.hpp"
#include "toolkit/command.hpp"
#include "toolkit/settings.hpp"

namespace trainyard::toolkit {

/// The folder that stays, as the agent tells it; all else in the home ends with the instance.
inline constexpr const char* kNotebookFolderVariable = "TRAINYARD_NOTEBOOK_FOLDER";

struct NotebookPlace {
  fs::path home;
  fs::path folder;  // Jupyter's root
  std::string address, port;

  fs::path environment() const { return home / "env"; }  // python/notebook_env.py makes it
  fs::path data() const { return home / ".local/share/jupyter"; }
};

/// PURE: in a sandbox all of the instance's addresses and port 8080; without one, where
/// SAGEMAKER_BIND_TO_PORT says which port is the instance's, only loopback. SystemError names a
/// variable that is missing.
NotebookPlace notebook_place(const Variables& given);

/// PURE: `interpreter` on JupyterLab. Its working folder is the home: modules in the user's folder
/// are not to be taken for Jupyter's.
Command jupyter_command(const std::string& interpreter, const NotebookPlace& place, bool as_root);

/// PURE: what Jupyter, its kernels and terminals find besides `given`: the user's environment first
/// on the PATH, the programs beside the interpreter last, and Jupyter's folders in the home.
Variables jupyter_variables(const std::string& interpreter, const NotebookPlace& place,
                            const Variables& given);

/// What an interpreter has for notebooks.
struct NotebookParts {
  std::string jupyterlab;  // its version
  bool pip = false;        // without it nothing can be installed
};

/// Makes the user's environment in the home, by `interpreter`. SystemError, in one line, when
/// JupyterLab is not installed for it (with how to get it), or when there can be no environment.
NotebookParts prepare_notebook(const std::string& interpreter, const NotebookPlace& place,
                               const Variables& given);

}  // namespace trainyard::toolkit
