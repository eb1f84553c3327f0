#include "compute/images.hpp"

#include <cstdlib>
#include <thread>

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
      "Entrypoint": ["/run", "it"], "Cmd": ["train"], "WorkingDir": "/srv"}}])");
  EXPECT_EQ(image.id, kId);
  EXPECT_THAT(image.entrypoint, ElementsAre("/run", "it"));
  EXPECT_THAT(image.command, ElementsAre("train"));
  EXPECT_THAT(image.environment, ElementsAre(Pair("PATH", "/bin"), Pair("A", "b=c"),
                                             Pair("EMPTY", "")));
  EXPECT_EQ(image.folder, "/srv");
  EXPECT_EQ(image.user, "app:staff");
  for (const char* folder : {"/a/../../../w", "/w/.", "//w"}) {
    const Image odd = image_of(R"([{"Id": ")" + kId + R"(", "Config": {"WorkingDir": ")" + folder +
                               "\"}}]");
    EXPECT_THAT(odd.folder, testing::AnyOf("/w", "/w/")) << folder;
  }
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

/// Stands in for podman: images are files that hold their ids, "reg-*" can be pulled.
constexpr const char* kPodman = R"sh(#!/bin/sh
shift 2
for last; do :; done
here=$(dirname "$0")
case "$1 $2" in
  "image exists") [ -e "$here/$last" ] ;;
  "image inspect")
    id=$(cat "$here/$last")
    echo "[{\"Id\": \"$id\", \"Config\": {\"User\": \"$USER_OF\"}}]" ;;
  pull*)
    name=${last#docker://}
    case $name in reg-*) echo "${name#reg-}" > "$here/$$" && mv "$here/$$" "$here/$name" ;;
      *) printf 'Trying to pull\nError: no image %s\n' "$name" >&2; exit 125 ;;
    esac ;;
  create*) echo container ;;
  export*) echo once >> "$here/exports"; tar -C "$here/root" -cf "$3" . ;;
  rm*) ;;
esac
)sh";

class ImageStoreTest : public testing::Test {
 protected:
  ImageStoreTest() : path_(std::getenv("PATH")) {
    fs::create_directories(programs() / "root/bin");
    fs::create_directories(data() / "attempts");
    write_file_atomically(programs() / "podman", kPodman, 0755);
    write_file_atomically(programs() / "root/bin/run", "", 0755);
    fs::permissions(programs() / "root/bin/run", fs::perms::set_uid, fs::perm_options::add);
    ::setenv("PATH", (programs().string() + ":" + path_).c_str(), 1);
    ::setenv("USER_OF", "", 1);
    store_ = std::make_unique<ImageStore>(data());
  }
  ~ImageStoreTest() override { ::setenv("PATH", path_.c_str(), 1); }

  fs::path programs() const { return folder_.path() / "programs"; }
  fs::path data() const { return folder_.path() / "data"; }
  static std::string id(int number) {
    std::string text = std::to_string(number);
    return std::string(64 - text.size(), '0') + text;
  }
  Image await(const std::string& attempt, const std::string& reference) {
    for (;;) {
      if (auto image = store_->ask(attempt, reference)) return *image;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::size_t kept() const {
    const fs::directory_iterator all(data() / "images");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  TempDir folder_;
  const std::string path_;
  std::unique_ptr<ImageStore> store_;
};

TEST_F(ImageStoreTest, ManyWhoAskUnpackOnce) {
  for (int i = 0; i < 8; ++i) store_->ask("job-" + std::to_string(i), "reg-" + id(1));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(await("job-" + std::to_string(i), "reg-" + id(1)).id, id(1));
  }
  EXPECT_EQ(read_file(programs() / "exports"), "once\n");
  const fs::path run = data() / "images" / id(1) / "rootfs/bin/run";
  EXPECT_EQ(fs::status(run).permissions(), fs::perms(0755));  // it lends no rights
  EXPECT_FALSE(fs::exists(data() / "images" / id(1) / "root.tar"));
}

TEST_F(ImageStoreTest, WhatFailsIsToldAndTriedAgainForTheNext) {
  for (int round = 0; round < 2; ++round) {
    try {
      await("job-1", "other-1");
      ADD_FAILURE() << "there is no such image";
    } catch (const SystemError& error) {
      EXPECT_STREQ(error.what(), "no image other-1");
    }
  }
  store_->forget("job-1");
  write_file_atomically(programs() / "other-1", id(2));
  EXPECT_EQ(await("job-1", "other-1").id, id(2));
  // An image that cannot be used leaves nothing behind.
  ::setenv("USER_OF", "nobody-there", 1);
  EXPECT_THROW(await("job-2", "reg-" + id(3)), SystemError);
  EXPECT_EQ(kept(), 1u);
}

TEST_F(ImageStoreTest, MakesRoomByWhatNoAttemptUses) {
  fs::create_directories(data() / "attempts/job-0");
  for (int i = 0; i < static_cast<int>(kImagesMax) + 2; ++i) {
    await("job-" + std::to_string(i), "reg-" + id(i));
  }
  EXPECT_EQ(kept(), kImagesMax);
  EXPECT_TRUE(fs::exists(data() / "images" / id(0)));   // an attempt has it
  EXPECT_FALSE(fs::exists(data() / "images" / id(1)));  // used least lately
}

}  // namespace
}  // namespace trainyard::compute
