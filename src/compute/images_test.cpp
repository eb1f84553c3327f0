#include "compute/images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace trainyard::compute {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kId(64, 'a');

TEST(Image, IsWhatPodmanTells) {
  const Image image = image_of(R"([{"Id": "sha256:)" + kId + R"(", "Config": {
      "User": "app:staff", "Env": ["PATH=/bin", "A=b=c", "EMPTY=", "=x", "bare"],
      "Entrypoint": ["/run", "it"], "Cmd": ["train"], "WorkingDir": "/work"}}])");
  EXPECT_EQ(image.id, kId);
  EXPECT_THAT(image.entrypoint, ElementsAre("/run", "it"));
  EXPECT_THAT(image.command, ElementsAre("train"));
  EXPECT_THAT(image.environment, ElementsAre(Pair("PATH", "/bin"), Pair("A", "b=c"),
                                             Pair("EMPTY", "")));
  EXPECT_EQ(image.folder, "/work");
  EXPECT_EQ(image.user, "app:staff");
  const Image bare = image_of(R"([{"Id": ")" + kId + R"(", "Config": {"Entrypoint": null}}])");
  EXPECT_EQ(bare.folder, "/");
  EXPECT_TRUE(bare.entrypoint.empty());
  for (const char* text : {"", "[]", "{}", "[1]", R"([{"Id": "short"}])",
                           R"([{"Id": "../../../../etc"}])"}) {
    EXPECT_THROW(image_of(text), SystemError) << text;
  }
}

TEST(Image, IsHandedOnWhole) {
  Image image;
  image.id = kId;
  image.entrypoint = {"a b", ""};
  image.environment = {{"A", "b"}};
  image.folder = "/w";
  image.user = "app";
  image.uid = 4'000'000'000;
  image.gid = 7;
  image.home = "/home/app";
  const Image read = parse_image(dump(to_json(image)));
  EXPECT_EQ(read.entrypoint, image.entrypoint);
  EXPECT_EQ(read.environment, image.environment);
  EXPECT_EQ(read.uid, image.uid);
  EXPECT_EQ(read.gid, image.gid);
  EXPECT_EQ(read.home, image.home);
  EXPECT_EQ(read.folder, image.folder);
  EXPECT_THROW(parse_image("{}"), SystemError);
}

TEST(Image, UserIsLookedUpInItsOwnFiles) {
  TempDir folder;
  const fs::path root = folder.path() / "root";
  fs::create_directories(root / "etc");
  write_file_atomically(root / "etc/passwd",
                        "root:x:0:0::/root:/bin/sh\napp:x:1001:1002::/home/app:/bin/sh\n");
  write_file_atomically(root / "etc/group", "root:x:0:\nstaff:x:50:\n");
  struct {
    const char* user;
    unsigned uid, gid;
    const char* home;
  } rows[] = {{"", 0, 0, "/root"},          {"app", 1001, 1002, "/home/app"},
              {"1001", 1001, 1002, "/home/app"}, {"app:staff", 1001, 50, "/home/app"},
              {"app:7", 1001, 7, "/home/app"},   {"4242", 4242, 0, "/"},
              {"4242:4243", 4242, 4243, "/"}};
  for (const auto& row : rows) {
    Image image;
    image.user = row.user;
    find_user(image, root);
    EXPECT_EQ(image.uid, row.uid) << row.user;
    EXPECT_EQ(image.gid, row.gid) << row.user;
    EXPECT_EQ(image.home, row.home) << row.user;
  }
  for (const char* user : {"nobody", "app:none", "-1"}) {
    Image image;
    image.user = user;
    EXPECT_THROW(find_user(image, root), SystemError) << user;
  }
  // A link leads to a file of the image, not of this host.
  write_file_atomically(folder.path() / "passwd", "host:x:5:5::/:\n");
  fs::remove(root / "etc/passwd");
  fs::create_symlink((folder.path() / "passwd").string(), root / "etc/passwd");
  Image image;
  image.user = "host";
  EXPECT_THROW(find_user(image, root), SystemError);
}

TEST(Podman, ItsLastWordIsTheReason) {
  EXPECT_EQ(podman_problem("Trying to pull x...\nError: initializing source: no such host\n"),
            "initializing source: no such host");
  EXPECT_EQ(podman_problem("\n"), "podman does not say why");
}

TEST(ImageStore, RemovesWhatAnEarlierProcessBegan) {
  TempDir folder;
  fs::create_directories(folder.path() / "images" / (kId + ".partial") / "rootfs");
  fs::create_directories(folder.path() / "images" / kId);
  ImageStore store(folder.path());
  EXPECT_FALSE(fs::exists(folder.path() / "images" / (kId + ".partial")));
  EXPECT_TRUE(fs::exists(folder.path() / "images" / kId));
  EXPECT_EQ(fs::status(store.folder()).permissions(), fs::perms::owner_all);
}

}  // namespace
}  // namespace trainyard::compute
