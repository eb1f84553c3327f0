// The toolkit as a process of its own, as an agent starts it.
#include <csignal>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "toolkit/toolkit.hpp"

namespace trainyard::toolkit {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Toolkit : public ::testing::Test {
 protected:
  Toolkit() {
    write("input/config/hyperparameters.json",
          R"({"sagemaker_program": "\"train.sh\"", "epochs": "6", "backend": "\"gloo\""})");
    write("input/config/resourceconfig.json",
          R"({"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"})");
  }

  fs::path base() const { return folder_.path() / "opt-ml"; }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((base() / file).parent_path());
    std::ofstream(base() / file) << text;
  }

  void script(const std::string& text) { write("code/train.sh", "#!/bin/sh\n" + text); }

  /// Forks and runs; the output of both streams ends in files.
  pid_t start(const char* mode) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::setenv("SAGEMAKER_BASE_DIR", base().c_str(), 1);
    std::ignore = std::freopen((folder_.path() / "out").c_str(), "w", stdout);
    std::ignore = std::freopen((folder_.path() / "err").c_str(), "w", stderr);
    std::string program = "trainyard-toolkit";
    std::string word = mode;
    char* argv[] = {program.data(), word.data(), nullptr};
    const int code = run(2, argv);
    std::fflush(nullptr);
    ::_exit(code);
  }

  static int wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  int train() { return wait(start("train")); }
  std::string text(const fs::path& file) { return read_file_if_exists(file).value_or("(none)"); }
  std::string out() { return text(folder_.path() / "out"); }
  std::string err() { return text(folder_.path() / "err"); }
  std::string failure() { return text(base() / "output/failure"); }

  TempDir folder_;
};

TEST_F(Toolkit, TrainsAndReportsSuccess) {
  script("echo args $*; pwd; echo $SM_HP_EPOCHS > $SM_MODEL_DIR/model; echo aside >&2\n"
         "echo notes > $SM_OUTPUT_DATA_DIR/notes");
  EXPECT_EQ(train(), 0);
  EXPECT_THAT(out(), HasSubstr("\nargs --backend gloo --epochs 6\n" +
                               fs::canonical(base() / "code").string() + "\n"));
  EXPECT_THAT(out(), HasSubstr("\n/bin/sh -c ./train.sh --backend gloo --epochs 6\n"));
  for (const char* line : {"INFO     No GPUs detected (normal if no gpus installed)",
                           "INFO     Invoking user script", "Training Env:",
                           "Environment variables:", "SM_HPS={\"backend\":\"gloo\",\"epochs\":6}",
                           "Invoking script with the following command:",
                           "INFO     Reporting training SUCCESS"}) {
    EXPECT_THAT(out(), HasSubstr(line));
  }
  EXPECT_EQ(err(), "aside\n");
  EXPECT_EQ(text(base() / "model/model"), "6\n");
  EXPECT_EQ(text(base() / "output/success"), "");
  EXPECT_EQ(failure(), "(none)");
}

TEST_F(Toolkit, TrainsPythonPrograms) {
  write("input/config/hyperparameters.json",
        R"({"sagemaker_program": "\"main.py\"", "epochs": "6", "n": "[1, 2]"})");
  write("input/config/inputdataconfig.json", "{}");
  write("code/main.py", "import os, sys, sagemaker_containers\n"
                        "print(sys.argv, os.getcwd() == sys.path[0])\n"
                        "print(sagemaker_containers.training_env().hyperparameters)\n"
                        "raise SystemExit(len(sys.argv) - 5)\n");
  ::setenv("TRAINYARD_PYTHON", "/usr/bin/python3", 1);
  EXPECT_EQ(train(), 0) << out() << err();
  EXPECT_THAT(out(), HasSubstr("\n['main.py', '--epochs', '6', '-n', '[1, 2]'] True\n"
                               "{'epochs': 6, 'n': [1, 2]}\n"));
  EXPECT_THAT(out(), HasSubstr("\n/usr/bin/python3 main.py --epochs 6 -n [1, 2]\n"));
  EXPECT_THAT(out(), HasSubstr("INFO     Running on /usr/bin/python3 (Python 3."));
  write("code/main.py", "import no_such_module");
  EXPECT_EQ(train(), 1);
  EXPECT_THAT(failure(), HasSubstr("ModuleNotFoundError: No module named 'no_such_module'\"\n"
                                   "Command \"/usr/bin/python3 main.py --epochs 6 -n [1, 2]\""));
  EXPECT_THAT(out(), HasSubstr("/usr/bin/python3 has no module 'no_such_module'"));
  fs::remove(base() / "output/failure");
  ::setenv("TRAINYARD_PYTHON", "/none/python", 1);
  EXPECT_EQ(train(), 1);
  EXPECT_THAT(failure(), StartsWith("There is no Python interpreter /none/python"));
  ::unsetenv("TRAINYARD_PYTHON");
}

TEST_F(Toolkit, PassesFailuresOn) {
  script("echo oh no >&2; exit 3");
  EXPECT_EQ(train(), 3);
  EXPECT_EQ(failure(), "ExecuteUserScriptError:\nExitCode 3\nErrorMessage \"oh no\"\n"
                       "Command \"/bin/sh -c ./train.sh --backend gloo --epochs 6\"");
  EXPECT_EQ(text(base() / "output/success"), "(none)");
  fs::remove(base() / "output/failure");
  script("kill -9 $$");
  EXPECT_EQ(train(), 128 + SIGKILL);
  EXPECT_THAT(failure(), HasSubstr("ExitCode 137"));
}

TEST_F(Toolkit, LeavesTheProgramsOwnWords) {
  script("echo my own words > ../output/failure; exit 1");
  EXPECT_EQ(train(), 1);
  EXPECT_EQ(failure(), "my own words\n");
}

TEST_F(Toolkit, SaysWhatItCannotRun) {
  write("code/other.sh", "");
  EXPECT_EQ(train(), 1);
  EXPECT_THAT(failure(), StartsWith("The entry point train.sh does not exist"));
  EXPECT_THAT(out(), HasSubstr("code holds other.sh"));
  write("input/config/hyperparameters.json", "{");
  EXPECT_EQ(train(), 1);
  EXPECT_THAT(failure(), HasSubstr("hyperparameters.json is not JSON"));
  write("input/config/hyperparameters.json", R"({"sagemaker_program": "run"})");
  write("code/run", "\x7f" "ELF and nothing else");
  EXPECT_EQ(train(), 1);
  EXPECT_THAT(failure(), HasSubstr("Cannot run ./run in"));
}

TEST_F(Toolkit, ForwardsSignalsAndDoesNotWaitForOrphans) {
  // The orphan ends when this test says so: a toolkit that waited for it would hang.
  script("sleep infinity & echo $! > ../output/orphan\n"
         "trap 'echo stopped; exit 0' TERM; echo ready > ../output/ready; wait");
  const pid_t child = start("train");
  while (!fs::exists(base() / "output/ready")) ::usleep(1000);
  ::kill(child, SIGTERM);
  EXPECT_EQ(wait(child), 0);
  EXPECT_THAT(out(), HasSubstr("\nstopped\n"));
  ::kill(static_cast<pid_t>(std::stol(text(base() / "output/orphan"))), SIGKILL);
  script("echo $$ > ../output/again; exec sleep 600");
  const pid_t second = start("train");
  while (!fs::exists(base() / "output/again")) ::usleep(1000);
  ::kill(second, SIGTERM);
  EXPECT_EQ(wait(second), 128 + SIGTERM);
  EXPECT_EQ(failure(), "(none)");  // who is asked to stop has not failed
}

TEST_F(Toolkit, DoesNotReadOnWhatAnOrphanWrites) {
  // Enough of them that the pipe is full whenever somebody looks.
  script("for i in 1 2 3 4; do yes from-an-orphan >&2 & echo $! >> ../output/orphans; done\n"
         "echo mine >&2; exit 0");
  EXPECT_EQ(train(), 0);
  EXPECT_THAT(err(), HasSubstr("mine\n"));
  std::ifstream orphans(base() / "output/orphans");
  for (pid_t orphan = 0; orphans >> orphan;) ::kill(orphan, SIGKILL);
}

TEST_F(Toolkit, ServesInItsOwnProcess) {
  write("model/code/serve",
        "#!/bin/sh\necho $1 $$ $SM_MODEL_DIR; echo trouble >&2; exit 7\n");
  const pid_t child = start("serve");
  EXPECT_EQ(wait(child), 7);
  EXPECT_THAT(out(), HasSubstr("Starting the model server: /bin/sh -c ./serve serve"));
  EXPECT_THAT(out(), HasSubstr("\nserve "));
  EXPECT_THAT(out(), HasSubstr((base() / "model").string()));
  EXPECT_EQ(err(), "trouble\n");
  fs::remove(base() / "model/code/serve");
  ::setenv("SAGEMAKER_PROGRAM", "none", 1);
  EXPECT_EQ(wait(start("serve")), 1);
  EXPECT_THAT(out(), HasSubstr("The entry point none does not exist"));
  ::unsetenv("SAGEMAKER_PROGRAM");
  EXPECT_EQ(wait(start("dance")), 2);
}

TEST_F(Toolkit, ChoosesTheServerOfAModelWithoutCode) {
  const fs::path programs = folder_.path() / "programs", toolkit = programs / "trainyard-toolkit";
  fs::create_directories(programs);
  fs::copy_file(fs::path(TRAINYARD_BIN_DIR) / "trainyard-toolkit", toolkit);
  write("model/model.pt", "x");
  auto server = [&](const char* name) {
    write_file_atomically(programs / name, "#!/bin/sh\necho $0 $* in $PWD\n", 0755);
  };
  auto serve = [&](const std::string& mode) {
    const std::string out = (folder_.path() / "out").string();
    const std::string line = fmt::format("SAGEMAKER_BASE_DIR={} {} {} > {}", base().string(),
                                         toolkit.string(), mode, out);
    const pid_t child = ::fork();
    if (child == 0) ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    EXPECT_EQ(wait(child), 0);
  };
  const std::string model = fs::canonical(base() / "model");
  server("trainyard-model-server");
  serve("serve");
  EXPECT_THAT(out(), HasSubstr("WARNING  trainyard-torch-server is not installed"));
  EXPECT_THAT(out(), HasSubstr("/trainyard-model-server in " + model));
  server("trainyard-torch-server");
  serve("serve");
  EXPECT_THAT(out(), HasSubstr(fmt::format(
                         "/trainyard-torch-server --model-dir {} --otherwise {} serve-with-python "
                         "in {}", (base() / "model").string(), toolkit.string(), model)));
  serve("serve-with-python");
  EXPECT_THAT(out(), HasSubstr("/trainyard-model-server in " + model));
}

}  // namespace
}  // namespace trainyard::toolkit
