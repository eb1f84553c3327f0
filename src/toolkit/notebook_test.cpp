// The toolkit's notebook command: what Jupyter is told, and the environment that it is given. A
// module of the test's stands in for JupyterLab; agent_test runs the real one where there is one.
#include "toolkit/notebook.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "toolkit/toolkit.hpp"

namespace trainyard::toolkit {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kPython = "/usr/bin/python3";

TEST(NotebookPlace, IsTheInstancesPortOrLoopbacks) {
  Variables given{{"HOME", "/home/ec2-user"},
                  {kNotebookFolderVariable, "/home/ec2-user/SageMaker"}};
  const NotebookPlace inside = notebook_place(given);
  EXPECT_EQ(inside.address + ":" + inside.port, "0.0.0.0:8080");
  given["SAGEMAKER_BIND_TO_PORT"] = "40123";
  const NotebookPlace plain = notebook_place(given);
  EXPECT_EQ(plain.address + ":" + plain.port, "127.0.0.1:40123");
  for (const char* name : {"HOME", kNotebookFolderVariable}) {
    Variables fewer = given;
    fewer.erase(name);
    try {
      notebook_place(fewer);
      ADD_FAILURE() << name;
    } catch (const SystemError& error) {
      EXPECT_EQ(error.what(), std::string("The variable ") + name + " is not set.");
    }
  }
}

TEST(NotebookCommand, KeepsWhatIsJupytersInTheHome) {
  const NotebookPlace place{"/h", "/h/SageMaker", "0.0.0.0", "8080"};
  const Command command = jupyter_command("/v/bin/python", place, false);
  EXPECT_EQ(command.folder, "/h");
  EXPECT_THAT(command.argv,
              ElementsAre("/v/bin/python", "-m", "jupyterlab", "--no-browser", "--ip=0.0.0.0",
                          "--port=8080", "--ServerApp.port_retries=0",
                          "--ServerApp.root_dir=/h/SageMaker",
                          "--ServerApp.allow_remote_access=True",
                          "--LabApp.extension_manager=readonly"));
  EXPECT_EQ(jupyter_command("/v/bin/python", place, true).argv.back(), "--allow-root");
  EXPECT_EQ(jupyter_variables("/v/bin/python", place, {{"PATH", "/a:/bin"}, {"HOME", "/h"}}),
            (Variables{{"PATH", "/h/env/bin:/a:/bin:/v/bin"},
                       {"VIRTUAL_ENV", "/h/env"},
                       {"JUPYTER_CONFIG_DIR", "/h/.jupyter"},
                       {"JUPYTER_DATA_DIR", "/h/.local/share/jupyter"},
                       {"JUPYTER_PATH", "/h/.local/share/jupyter:/h/env/share/jupyter"},
                       {"SHELL", "/bin/bash"}}));
  const Variables usual = jupyter_variables("/bin/python3", place, {{"PATH", "/a:/bin"}});
  EXPECT_EQ(usual.at("PATH"), "/h/env/bin:/a:/bin");
}

class NotebookCommandLine : public ::testing::Test {
 protected:
  NotebookCommandLine() {
    for (const fs::path& made : {base(), home(), kept()}) fs::create_directories(made);
  }
  fs::path base() const { return folder_.path() / "opt-ml"; }
  fs::path home() const { return folder_.path() / "a home"; }
  fs::path kept() const { return folder_.path() / "kept"; }

  /// A virtual environment, as users name them in their runtimes table; its python.
  fs::path environment(const std::string& name, bool with_system) {
    std::vector<std::string> words{kPython, "-m", "venv", "--without-pip", folder_.path() / name};
    if (with_system) words.push_back("--system-site-packages");
    EXPECT_EQ(run_command(words).status, 0);
    return folder_.path() / name / "bin/python";
  }
  /// A module of that environment; "NAME/__main__" is what `python -m NAME` runs.
  void module(const fs::path& python, const std::string& name, const std::string& code) {
    const fs::path file = packages(python.parent_path().parent_path()) / (name + ".py");
    fs::create_directories(file.parent_path());
    std::ofstream(file) << code;
  }
  void distribution(const fs::path& python, const std::string& name) {
    const fs::path info =
        packages(python.parent_path().parent_path()) / (name + "-4.5.dist-info/METADATA");
    fs::create_directories(info.parent_path());
    std::ofstream(info) << "Metadata-Version: 2.1\nName: " << name << "\nVersion: 4.5\n";
  }
  static fs::path packages(const fs::path& environment) {
    for (const auto& entry : fs::directory_iterator(environment / "lib")) {
      return entry.path() / "site-packages";
    }
    return {};
  }

  /// Runs it by `interpreter`; both streams end in out().
  int run_notebook(const std::string& interpreter, const Variables& more = {}) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("SAGEMAKER_BASE_DIR", base().c_str(), 1);
      ::setenv("HOME", home().c_str(), 1);
      ::setenv(kNotebookFolderVariable, kept().c_str(), 1);
      ::setenv("TRAINYARD_PYTHON", interpreter.c_str(), 1);
      ::setenv("TRAINYARD_IMAGE", "notebook-al2-v3", 1);
      for (const auto& [name, value] : more) ::setenv(name.c_str(), value.c_str(), 1);
      std::ignore = std::freopen((folder_.path() / "out").c_str(), "w", stdout);
      ::dup2(STDOUT_FILENO, STDERR_FILENO);
      std::string program = "trainyard-toolkit", word = "notebook";
      char* argv[] = {program.data(), word.data(), nullptr};
      const int code = run(2, argv);
      std::fflush(nullptr);
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string text(const fs::path& file) { return read_file_if_exists(file).value_or("(none)"); }
  std::string out() { return text(folder_.path() / "out"); }
  std::string failure() { return text(base() / "output/failure"); }

  TempDir folder_;
};

/// Tells what a kernel and a terminal would find.
constexpr const char* kStandIn = R"py(
import json, os, pathlib, subprocess, sys
kernel = json.loads(pathlib.Path(os.environ["JUPYTER_DATA_DIR"], "kernels/python3/kernel.json").read_text())
python = kernel["argv"][0]
def say(*words):
    print(*words, flush=True)
say("jupyter", sys.argv[1:2], sys.executable, os.getcwd(), os.environ.get("PYTHONPATH"))
say("kernel", python)
code = "import sys, helper; print(sys.prefix, helper.__file__)"
subprocess.run([python, "-c", code], check=True)
for shell in ("pip one 'two three'; pip3 four", "command -v python", "beside"):
    subprocess.run([os.environ.get("SHELL", "sh"), "-lc", shell], check=True)
)py";

TEST_F(NotebookCommandLine, UsersInstallIntoAnEnvironmentOfTheirOwn) {
  for (const bool with_system : {false, true}) {
    SCOPED_TRACE(with_system);
    fs::remove_all(home());
    fs::create_directories(home());
    const fs::path python = environment(with_system ? "sees" : "alone", with_system);
    distribution(python, "jupyterlab");
    module(python, "jupyterlab/__main__", kStandIn);
    module(python, "helper", "");
    module(python, "pip/__main__", "import sys; print('pip', sys.prefix, sys.argv[1:])");
    module(python, "pip/__init__", "");
    std::ofstream(python.parent_path() / "beside") << "#!/bin/sh\necho beside\n";
    fs::permissions(python.parent_path() / "beside", fs::perms(0755));
    // Neither a module of the user's nor one in the notebook's folder is Jupyter's.
    std::ofstream(kept() / "json.py") << "raise SystemExit(9)";
    EXPECT_EQ(run_notebook(python), 0) << out();
    const std::string env = (home() / "env").string();
    EXPECT_THAT(out(), HasSubstr("Starting JupyterLab 4.5 in " + kept().string() + "\n"));
    EXPECT_THAT(out(), HasSubstr("jupyter ['--no-browser'] " + python.string() + " " +
                                 home().string() + " None\nkernel " + env + "/bin/python\n" + env +
                                 " " + packages(python.parent_path().parent_path()).string() +
                                 "/helper.py\npip " + env + " ['one', 'two three']\npip " + env +
                                 " ['four']\n" + env + "/bin/python\nbeside\n"));
    EXPECT_THAT(text(home() / "env/pyvenv.cfg"),
                HasSubstr(with_system ? "include-system-site-packages = true"
                                      : "include-system-site-packages = false"));
    EXPECT_EQ(failure(), "(none)");
  }
}

TEST_F(NotebookCommandLine, WithoutJupyterLabItSaysHowToGetIt) {
  const fs::path python = environment("alone", false);
  EXPECT_EQ(run_notebook(python), 1);
  const std::string reason = "JupyterLab is not installed for " + python.string() +
                             ": `pip install jupyterlab` in an environment of this host, and name "
                             "its interpreter in runtimes.toml for the image notebook-al2-v3.";
  EXPECT_EQ(failure(), reason);
  EXPECT_THAT(out(), HasSubstr("ERROR    " + reason));
  EXPECT_TRUE(fs::is_empty(home()));
}

TEST_F(NotebookCommandLine, WithoutPipItWarns) {
  const fs::path python = environment("alone", false);
  distribution(python, "jupyterlab");
  module(python, "jupyterlab/__main__", "print('runs')");
  EXPECT_EQ(run_notebook(python), 0) << out();
  EXPECT_THAT(out(),
              HasSubstr("WARNING  " + python.string() + " has no pip (Debian: python3-pip)"));
  EXPECT_THAT(out(), EndsWith("runs\n"));
}

TEST_F(NotebookCommandLine, WhatIsWrongIsOneLine) {
  EXPECT_EQ(run_notebook("/no/python"), 1);
  EXPECT_THAT(failure(), StartsWith("There is no Python interpreter /no/python"));
  // A home that cannot be written to.
  const fs::path python = environment("alone", false);
  distribution(python, "jupyterlab");
  std::ofstream(home() / "env") << "in the way";
  EXPECT_EQ(run_notebook(python), 1);
  EXPECT_THAT(failure(), StartsWith(python.string() + " cannot make an environment in " +
                                    home().string() + ": "));
  EXPECT_THAT(failure(), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace trainyard::toolkit
