// JupyterLab itself in a notebook instance, under the executor and by the real programs: kernels
// run in the user's environment, and of what they leave only the folder stays.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/agent_testing.hpp"
#include "compute/local_executor.hpp"
#include "http/client.hpp"

namespace trainyard::agent {
namespace {

using testing::HasSubstr;

/// Every kernel runs this at its start, as PYTHONSTARTUP says: installs a package, and tells what
/// it found.
constexpr const char* kStartup = R"py(
def look():
    import importlib.util, json, os, pathlib, subprocess, sys, zipfile
    kept = pathlib.Path(os.environ["TRAINYARD_NOTEBOOK_FOLDER"])
    wheel = pathlib.Path(os.environ["HOME"], "thing-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing.py", "value = 7\n")
        info = "thing-1.0.dist-info/"
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                         "Tag: py3-none-any\n")
        archive.writestr(info + "RECORD", "")
    found = {"before": importlib.util.find_spec("thing") is not None}
    pip = subprocess.run(["pip", "install", "--no-index", "--upgrade", str(wheel)],
                         capture_output=True, text=True)
    found["pip"] = pip.stderr if pip.returncode else ""
    importlib.invalidate_caches()
    import thing, boto3
    found["value"] = thing.value
    found["prefix"] = sys.prefix == os.path.join(os.environ["HOME"], "env")
    arn = json.loads(pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"),
                                  "metadata/resource-metadata.json").read_text())
    found["arn"] = arn["ResourceArn"]
    found["key"] = boto3.Session().get_credentials().access_key
    with open(kept / "visits", "a") as visits:
        visits.write("x")
    (kept / "new").write_text(json.dumps(found))
    (kept / "new").rename(kept / "found")
look()
)py";

class NotebookProgram : public testing::TestWithParam<compute::SandboxMode> {
 protected:
  void SetUp() override {
    const fs::path built = fs::path(TRAINYARD_BIN_DIR).parent_path() / "venv-jupyter";
    std::error_code missing;
    jupyter_ = fs::canonical(built, missing);
    const auto is_stamp = [](const fs::directory_entry& entry) {
      return entry.path().filename().string().starts_with(".made-");
    };
    if (missing || std::none_of(fs::directory_iterator(jupyter_), fs::directory_iterator(),
                                is_stamp)) {
      GTEST_SKIP() << built << " is not there: ctest's venv-jupyter makes it";
    }
    fs::create_directories(data_ / "run/attempts");
    fs::permissions(data_, fs::perms(0711));
    daemon_ = std::make_unique<FakeDaemon>(data_ / "run");
    executor_ = std::make_unique<compute::LocalExecutor>(data_, TRAINYARD_BIN_DIR, GetParam());
    fs::create_directories(volume());
    write_file_atomically(volume() / "startup.py", kStartup);
  }
  ~NotebookProgram() override {
    if (!executor_) return;
    for (const auto& id : executor_->find()) executor_->forget(id);
  }

  fs::path volume() const { return data_ / "volumes/vol-1"; }

  compute::AttemptSpec attempt(const std::string& id) const {
    compute::AttemptSpec spec;
    spec.id = id;
    spec.hosts = {"algo-1"};
    spec.volume = "vol-1";
    spec.plan = {{"version", 1},
                 {"kind", "notebook"},
                 {"attempt", id},
                 {"token", FakeDaemon::kToken},
                 {"region", "us-east-1"},
                 {"name", "nb"},
                 {"arn", "arn:of:nb"},
                 {"volume", "vol-1"},
                 {"hosts", {"algo-1"}},
                 {"log_group", "/aws/sagemaker/NotebookInstances"},
                 {"log_streams", {{"algo-1", "nb/jupyter.log"}}},
                 {"folders", {jupyter_.string()}},
                 {"environment", {{"JUPYTER_TOKEN", "secret"},
                                  {"TRAINYARD_PYTHON", (jupyter_ / "bin/python").string()},
                                  {"PYTHONSTARTUP", "SageMaker/startup.py"}}},  // of the home
                 {"stop_grace_seconds", 60},
                 {"ping_timeout_seconds", 240}};
    return spec;
  }
  http::Response ask(const std::string& id, const std::string& method, const std::string& path,
                     const std::string& token) {
    http::Address address;
    address.host = "another.name.test";
    address.port = 8080;
    http::Connection connection(executor_->connect(id, "algo-1", 8080), address,
                                http::ClientOptions());
    http::Outgoing request;
    request.method = method;
    request.target = path;
    if (!token.empty()) request.headers.set("Authorization", "token " + token);
    return connection.exchange(request);
  }
  /// Starts the instance and a kernel, and returns what that found.
  json::object visit(const std::string& id) {
    fs::create_symlink("../door.sock", data_ / "run/attempts" / (id + ".sock"));
    fs::remove(volume() / "found");
    executor_->submit(attempt(id));
    EXPECT_TRUE(daemon_->await_phase("InService")) << log(id);
    EXPECT_EQ(ask(id, "POST", "/api/kernels", "wrong").status, 403);
    EXPECT_EQ(ask(id, "POST", "/api/kernels", "secret").status, 201) << log(id);
    for (int i = 0; i < 18'000 && !fs::exists(volume() / "found"); ++i) ::usleep(10'000);
    return parse_own_json(read_file_if_exists(volume() / "found").value_or("{}")).as_object();
  }
  void stop(const std::string& id) {
    executor_->cancel(id);
    EXPECT_TRUE(daemon_->await_phase("Ended")) << log(id);
    EXPECT_EQ(find_string(daemon_->receipt, "outcome"), "stopped") << dump(daemon_->receipt);
    executor_->forget(id);
  }
  std::string log(const std::string& id) {
    return join(daemon_->lines("nb/jupyter.log"), "\n") +
           read_file_if_exists(data_ / "attempts" / id / "algo-1/agent.log").value_or("");
  }

  TempDir folder_;
  const fs::path data_ = folder_.path() / "data";
  fs::path jupyter_;
  std::unique_ptr<FakeDaemon> daemon_;
  std::unique_ptr<compute::LocalExecutor> executor_;
};

INSTANTIATE_TEST_SUITE_P(Modes, NotebookProgram,
                         testing::Values(compute::SandboxMode::bwrap,
                                         compute::SandboxMode::none));

TEST_P(NotebookProgram, KernelsInstallWhatTheyNeedAndTheFolderStays) {
  const json::object expected{{"before", false}, {"pip", ""},           {"value", 7},
                              {"prefix", true},  {"arn", "arn:of:nb"}, {"key", "ASIAEXAMPLE"}};
  EXPECT_EQ(visit("nb-1"), expected) << log("nb-1");
  EXPECT_THAT(log("nb-1"), HasSubstr("Starting JupyterLab "));
  stop("nb-1");
  daemon_.reset();
  daemon_ = std::make_unique<FakeDaemon>(data_ / "run");
  EXPECT_EQ(visit("nb-2"), expected) << log("nb-2");
  EXPECT_EQ(read_file(volume() / "visits"), "xx");
  stop("nb-2");
}

}  // namespace
}  // namespace trainyard::agent
