#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "runtimes/probe.hpp"
#include "runtimes/table.hpp"

namespace trainyard::runtimes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string found(const Table& table, const std::string& image) {
  Match match;
  return table.find(image, match) ? match.runtime.name + " " + match.asked : "none";
}

TEST(Table, BuiltInKnowsTheFrameworkImages) {
  const std::string account = "763104351884.dkr.ecr.us-east-1.amazonaws.com/";
  const std::pair<std::string, const char*> table[] = {
      {account + "pytorch-training:1.2.0-cpu-py3", "pytorch 1.2.0"},
      {account + "pytorch-inference:2.0.1-gpu-py310", "pytorch 2.0.1"},
      {"727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-training:1.4", "pytorch 1.4"},
      {"520713654638.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-pytorch:1.0.0-cpu-py3",
       "pytorch 1.0.0"},
      {account + "huggingface-pytorch-training:1.13.1-transformers4.26.0-cpu-py39-ubuntu20.04",
       "huggingface 4.26.0"},
      {account + "tensorflow-training:2.11.0-cpu-py39", "tensorflow 2.11.0"},
      {"520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tensorflow-scriptmode:1.12-cpu-py3",
       "tensorflow 1.12"},
      {"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
       "scikit-learn 1.2-1"},
      {"683313688378.dkr.ecr-fips.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
       "xgboost 1.7-1"},
      {account + "pytorch-training@sha256:0123", "none"},  // a digest tells nothing
      {account + "my-own:1.0", "none"},
      {"pytorch-training:1.2.0", "none"},
      {"", "none"}};
  for (const auto& [image, expected] : table) EXPECT_EQ(found(built_in(), image), expected);
}

TEST(Table, VersionsInTags) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"host:5000/name", "", ""},         {"host:5000/name:1.2", "", "1.2"},
      {"name:latest", "", ""},            {"name:1.2-1-cpu", "", "1.2-1"},
      {"name:1..2", "", "1"},             {"name:1.2.", "", "1.2"},
      {"name:3@sha256:44", "", "3"},      {"name:1-tf2.3-x", "tf", "2.3"},
      {"name:v2", "v", "2"},              {"name", "", ""}};
  for (const auto& [image, word, version] : table) {
    EXPECT_EQ(version_in_tag(image, word), version) << image;
  }
}

TEST(Table, TheUsersEntriesComeFirst) {
  Table all(R"(
      [[runtime]]
      name = "a"
      images = ["*/a:*"]
      interpreter = "/usr/bin/a"
      [[runtime]]
      name = "b"
      images = ["*"]
      interpreter = "/usr/bin/b")", "ours");
  const Table own(R"(
      [[runtime]]
      name = "a"
      images = [ "x/a:*", 'y' ]  # a comment
      interpreter = "/opt/venv/bin/python"
      folders = ["/opt/venv"]
      environment = { LD_LIBRARY_PATH = "/opt/cuda" })", "own");
  all.put_before(own);
  EXPECT_EQ(found(all, "x/a:1"), "a 1");
  EXPECT_EQ(found(all, "z/a:1"), "b 1");
  ASSERT_EQ(all.entries().size(), 2u);
  const Runtime& first = all.entries().front();
  EXPECT_EQ(first.source, "own");
  EXPECT_EQ(first.interpreter, "/opt/venv/bin/python");
  EXPECT_THAT(first.images, ElementsAre("x/a:*", "y"));
  EXPECT_THAT(first.folders, ElementsAre("/opt/venv"));
  EXPECT_EQ(first.environment.at("LD_LIBRARY_PATH"), "/opt/cuda");
}

TEST(Table, OciImagesRunThemselvesOrAnother) {
  const Table table(R"(
      [[runtime]]
      name = "mine"
      images = ["localhost/*"]
      oci = true
      environment = { A = "b" }
      [[runtime]]
      name = "other"
      images = ["*/asked:*"]
      oci = "localhost/instead:2")", "own");
  Match match;
  ASSERT_TRUE(table.find("localhost/train:1", match));
  EXPECT_TRUE(match.runtime.oci);
  EXPECT_EQ(image_that_runs(match.runtime, "localhost/train:1"), "localhost/train:1");
  EXPECT_EQ(match.runtime.environment.at("A"), "b");
  ASSERT_TRUE(table.find("x/asked:1", match));
  EXPECT_EQ(image_that_runs(match.runtime, "x/asked:1"), "localhost/instead:2");
}

TEST(Table, MistakesHaveALine) {
  const std::string good =
      "[[runtime]]\nname = \"a\"\nimages = [\"*\"]\ninterpreter = \"/usr/p\"\n";
  const std::pair<std::string, const char*> table[] = {
      {"[[runtime]", "f:1: "},
      {"runtime = 3", "f:1: runtimes are written as [[runtime]]"},
      {"[runtime]\nname = \"a\"", "f:1: runtimes are written as [[runtime]]"},
      {"[[runtimes]]\nname = \"a\"", "f:1: there is no \"runtimes\""},
      {"[[runtime]]\nname = \"a\"", "f:1: a runtime needs images"},
      {"[[runtime]]\nname = 1", "f:2: name is not a text"},
      {good + "image = 1\n", "f:5: a runtime has no \"image\""},
      {good + "folders = [\"venv\"]\n", "f:1: folders is no absolute path: venv"},
      {"[[runtime]]\nname = \"a\"\nimages = [\"*\"]\ninterpreter = \"/opt/venvs/p\"\n"
       "folders = [\"/opt/venv\", \"/usr2\"]\n",
       "f:1: instances do not see /opt/venvs/p: name its folder in folders"},
      {good + "folders = \"/venv\"\n", "f:5: folders is not a list of texts"},
      {good + "environment = { A = 1 }\n", "f:5: environment is not a text"},
      {good + "framework = \"PyTorch\"\n", "f:1: framework and package are given together"},
      {good + good, "f:5: the runtime \"a\" stands twice"},
      {"[[runtime]]\nname = \"a\"\nimages = []\n", "f:3: images is not a list of texts"},
      {"[[runtime]]\nname = \"a\"\nimages = [\"*\"]\ninterpreter = \"python3\"\n",
       "f:1: interpreter is no absolute path: python3"},
      {good + "package = \"a\\u0000b\"\n", "f:5: package holds a NUL character"},
      {good + "oci = true\n", "f:4: an OCI image has no interpreter of this host"},
      {"[[runtime]]\nname = \"a\"\nimages = [\"*\"]\noci = true\nfolders = [\"/x\"]\n",
       "f:5: an OCI image has no folders of this host"},
      {"[[runtime]]\nname = \"a\"\nimages = [\"*\"]\noci = false\n",
       "f:4: oci is neither true nor an image's name"},
      {"[[runtime]]\nname = \"a\"\nimages = [\"*\"]\noci = \"\"\n", "f:4: oci is not a text"}};
  for (const auto& [text, expected] : table) {
    try {
      Table(text, "f");
      ADD_FAILURE() << "taken: " << text;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr(expected));
    }
  }
}

TEST(Probe, AsksAnInterpreter) {
  const fs::path programs = TRAINYARD_BIN_DIR;
  const Findings python = probe("/usr/bin/python3", programs, "", false);
  EXPECT_THAT(python.python, HasSubstr("3."));
  EXPECT_EQ(python.problem, "");
  EXPECT_EQ(probe("/usr/bin/python3", programs, "no-such", false).problem,
            "no-such is not installed");
  EXPECT_THAT(probe("/usr/bin/python3", programs, "no-such", true).problem,
              HasSubstr("No module named 'no_such'"));
  EXPECT_EQ(probe("/usr/bin/true", programs, "", false).problem,
            "/usr/bin/true does not answer as Python does (status 0)");
  EXPECT_EQ(probe("/none", programs, "", false).problem,
            "/none cannot be started: No such file or directory");
}

}  // namespace
}  // namespace trainyard::runtimes
