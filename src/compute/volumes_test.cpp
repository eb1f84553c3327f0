// What attempts keep: volumes, and whose they are.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "compute/local_executor_testing.hpp"

namespace trainyard::compute {
namespace {

AttemptSpec on_volume(const std::string& id, const std::string& volume) {
  AttemptSpec spec = spec_of(id, {"algo-1"});
  spec.volume = volume;
  return spec;
}

class VolumesTest : public LocalExecutorTest {
 protected:
  fs::path volume(const std::string& id) const { return data_ / "volumes" / id; }
  static uid_t owner(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_uid;
  }
  /// Submits, waits until its agent runs and returns the agent's user.
  uid_t start(const AttemptSpec& spec) {
    executor_->submit(spec);
    const fs::path host = host_folder(spec.id, "algo-1");
    EXPECT_EQ(await_file(host / "starts"), "started\n");
    return static_cast<uid_t>(std::stoul(read_file(host / "uid")));
  }
};

TEST_F(VolumesTest, AttemptsOneAfterTheOtherFindWhatWasThere) {
  const uid_t first = start(on_volume("nb-1", "vol-1"));
  EXPECT_EQ(read_file(host_folder("nb-1", "algo-1") / "volume-owners"),
            std::to_string(first) + "\n");
  executor_->forget("nb-1");
  // A user whose attempts are all gone, but not its volume, is nobody else's.
  const uid_t other = start(on_volume("nb-2", "vol-2"));
  const uid_t job = start(spec_of("job-1", {"algo-1"}));
  const uid_t second = start(on_volume("nb-3", "vol-1"));
  EXPECT_EQ(read_file(volume("vol-1") / "visits"), "nb-1\nnb-3\n");
  EXPECT_EQ(second, first);
  EXPECT_EQ(owner(volume("vol-1")), first);
  if (first == ::geteuid()) return;  // an ordinary user's attempts have no users of their own
  EXPECT_NE(other, first);
  EXPECT_NE(job, first);
  EXPECT_NE(job, other);
  struct stat status {};
  ASSERT_EQ(::stat(volume("vol-1").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(VolumesTest, AreRemovedOnceAndForAll) {
  start(on_volume("nb-1", "vol-1"));
  start(on_volume("nb-2", "vol-2"));
  executor_->forget("nb-1");
  EXPECT_TRUE(fs::exists(volume("vol-1") / "visits"));
  executor_->remove_volume("vol-1");
  executor_->remove_volume("vol-1");
  executor_->remove_volume("never-heard-of");
  EXPECT_FALSE(fs::exists(volume("vol-1")));
  EXPECT_TRUE(fs::exists(volume("vol-2") / "visits"));
  executor_->forget("nb-2");
  executor_->remove_volume("vol-2");
  EXPECT_TRUE(fs::is_empty(data_ / "volumes"));
  for (const char* id : {"", "..", "a/b", "../attempts", ".hidden", "vol-1.removed"}) {
    EXPECT_THROW(executor_->remove_volume(id), SystemError) << id;
  }
  for (const char* id : {"..", "a/b", "vol-1.removed"}) {
    EXPECT_THROW(executor_->submit(on_volume("nb-3", id)), SystemError) << id;
  }
  EXPECT_FALSE(fs::exists(data_ / "attempts/nb-3"));
}

TEST_F(VolumesTest, WhatLiesInAVolumeComesToItsUser) {
  // Made when the daemon was one that cannot change users.
  fs::create_directories(volume("vol-1") / "folder");
  write_file_atomically(volume("vol-1") / "folder/file", "x");
  fs::create_symlink("/etc/passwd", volume("vol-1") / "link");
  const uid_t user = start(on_volume("nb-1", "vol-1"));
  for (const char* name : {"", "folder", "folder/file", "link"}) {
    EXPECT_EQ(owner(volume("vol-1") / name), user) << name;
  }
  EXPECT_EQ(owner("/etc/passwd"), 0u);
}

/// Made by a daemon of that person's own: no attempt runs as a person of this machine for it.
TEST_F(VolumesTest, AVolumeOfAPersonIsGivenToAUserOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr uid_t kPerson = 1000;
  fs::create_directories(volume("vol-1"));
  write_file_atomically(volume("vol-1") / "kept", "x");
  for (const fs::path& path : {volume("vol-1") / "kept", volume("vol-1")}) {
    ASSERT_EQ(::chown(path.c_str(), kPerson, kPerson), 0);
  }
  const uid_t user = start(on_volume("nb-1", "vol-1"));
  EXPECT_NE(user, kPerson);
  EXPECT_EQ(owner(volume("vol-1")), user);
  EXPECT_EQ(owner(volume("vol-1") / "kept"), user);
}

/// The parts of the next tests that a crash ends, in processes of their own.
TEST(VolumesCrash, Submits) {
  const char* folder = std::getenv("TRAINYARD_TEST_FOLDER");
  if (folder == nullptr) return;
  const fs::path base = folder;
  LocalExecutor(base / "data", base / "programs", SandboxMode::bwrap, some_egress)
      .submit(on_volume("nb-1", "vol-1"));
}
TEST(VolumesCrash, Removes) {
  const char* folder = std::getenv("TRAINYARD_TEST_FOLDER");
  if (folder == nullptr) return;
  const fs::path base = folder;
  LocalExecutor(base / "data", base / "programs", SandboxMode::bwrap).remove_volume("vol-1");
}

TEST_F(VolumesTest, ACrashWhileOneIsMadeIsHarmless) {
  for (const char* point : {"volume.folder:1", "attempt.folder:1", "plan.rename:1"}) {
    EXPECT_TRUE(crashes(point, "VolumesCrash.Submits")) << point;
    const uid_t user = start(on_volume("nb-1", "vol-1"));
    EXPECT_EQ(owner(volume("vol-1")), user) << point;
    EXPECT_EQ(owner(data_ / "attempts/nb-1"), user) << point;
    EXPECT_EQ(read_file(volume("vol-1") / "visits"), "nb-1\n") << point;
    executor_->forget("nb-1");
    executor_->remove_volume("vol-1");
  }
}

TEST_F(VolumesTest, ACrashWhileOneIsRemovedLeavesNoHalfOfIt) {
  start(on_volume("nb-1", "vol-1"));
  executor_->forget("nb-1");
  EXPECT_TRUE(crashes("volume.rename:1", "VolumesCrash.Removes"));
  EXPECT_FALSE(fs::exists(volume("vol-1")));
  // Submitted before the removal is repeated, it is a new one.
  start(on_volume("nb-2", "vol-1"));
  EXPECT_EQ(read_file(volume("vol-1") / "visits"), "nb-2\n");
  executor_->forget("nb-2");
  executor_->remove_volume("vol-1");
  EXPECT_TRUE(fs::is_empty(data_ / "volumes"));
}

}  // namespace
}  // namespace trainyard::compute
