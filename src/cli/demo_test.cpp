#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "cli/demo_data.hpp"
#include "cli/demo_show.hpp"
#include "cli/paths.hpp"
#include "cli/process.hpp"

namespace trainyard::cli {
namespace {

using ::testing::HasSubstr;

TEST(Progress, ReadsTheTutorialsLines) {
  TrainingProgress progress;
  EXPECT_TRUE(progress.read("Train Epoch: 2 [6400/30000 (21%)] Loss: 2.287161"));
  EXPECT_EQ(progress.epoch, 2);
  EXPECT_EQ(progress.percent, 21);
  EXPECT_DOUBLE_EQ(progress.loss, 2.287161);
  EXPECT_EQ(progress.accuracy, -1);
  EXPECT_TRUE(progress.read("Test set: Average loss: 0.2164, Accuracy: 9350/10000 (94%)"));
  EXPECT_DOUBLE_EQ(progress.accuracy, 93.5);
  EXPECT_FALSE(progress.read("Saving the model."));
  EXPECT_FALSE(progress.read("Test set: Average loss: 0.2, Accuracy: 0/0 (0%)"));
  EXPECT_EQ(describe({{"algo-1", progress}}), "algo-1 epoch 2 100% loss 2.287 accuracy 93.5%");
}

TEST(Show, SaysHowToEndWhatStaysUp) {
  EXPECT_EQ(how_to_end("", ""), "");
  EXPECT_EQ(how_to_end("", "e"), "the endpoint stays up; end it with: aws sagemaker "
                                 "delete-endpoint --endpoint-name e");
  EXPECT_THAT(how_to_end("/d", ""), HasSubstr("the daemon stays up; end it with: "));
  EXPECT_THAT(how_to_end("/d", "e"), HasSubstr("daemon and endpoint stay up; end them with: "));
  EXPECT_THAT(how_to_end("/d", "e"), HasSubstr("cli_test stop --data '/d'"));
}

TEST(Paths, WhoRunsIsToldWithoutTakingTheLock) {
  TempDir folder;
  EXPECT_EQ(running_pid(folder.path()), 0);
  const fs::path path = folder.path() / "lock";
  write_file_atomically(path, std::to_string(own_pid()) + "\n");
  EXPECT_EQ(running_pid(folder.path()), 0);  // a daemon that has gone, its pid used again
  auto lock = try_lock_file(path);
  EXPECT_EQ(running_pid(folder.path()), own_pid());
  lock.reset();
  Fd open(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // a lock would be free
  EXPECT_EQ(running_pid(folder.path()), own_pid());
}

TEST(Show, DrawsBars) {
  EXPECT_EQ(bar(0, 11), "[░░░░]   0%");
  EXPECT_EQ(bar(0.5, 11), "[██░░]  50%");
  EXPECT_EQ(bar(2, 11), "[████] 100%");
}

TEST(Show, DrawsDigitsWithWhatTheyWereTakenFor) {
  Digits digits;
  digits.pixels.assign(2 * kDigitSide * kDigitSide, 0);
  digits.labels = {1, 7};
  digits.pixels[4 * kDigitSide + 4] = 255;  // the upper left corner of the first
  const std::string drawn = draw_digits(digits, {0, 1}, {1, 2});
  EXPECT_TRUE(drawn.starts_with("▀\n"));
  EXPECT_THAT(drawn, HasSubstr("taken for 1 ✓         taken for 2 ✗ (7)\n"));
}

std::string idx(std::uint8_t kind, std::uint32_t count, const std::string& rest) {
  std::string text("\0\0\x08", 3);
  text += static_cast<char>(kind);
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(count >> shift);
  return text + rest;
}

TEST(Data, ReadsIdxFiles) {
  const std::string sides("\0\0\0\x1c\0\0\0\x1c", 8);
  const std::string images = idx(3, 1, sides + std::string(784, '\x05'));
  const std::string labels = idx(1, 1, "\x03");
  const Digits digits = parse_idx(images, labels);
  ASSERT_EQ(digits.count(), 1u);
  EXPECT_EQ(digits.labels[0], 3);
  EXPECT_EQ(digits.image(0)[783], 5);
  const sdk::Tensor tensor = normalised(digits, 0, 1);
  EXPECT_EQ(tensor.shape, (std::vector<std::size_t>{1, 1, 28, 28}));
  EXPECT_NEAR(tensor.values[0], (5 / 255.0 - 0.1307) / 0.3081, 1e-12);
  EXPECT_THROW(parse_idx(images.substr(0, 700), labels), SystemError);
  EXPECT_THROW(parse_idx(images, idx(1, 2, "\x03\x04")), SystemError);
  EXPECT_THROW(parse_idx(labels, images), SystemError);
  EXPECT_THROW(parse_idx("", ""), SystemError);
}

TEST(Process, ReportsHowProgramsEnd) {
  const TempDir folder;
  const fs::path log = folder.path() / "log";
  EXPECT_EQ(run_program({"sh", "-c", "echo said; exit 3"}, folder.path(), log), 3);
  EXPECT_EQ(read_file(log), "said\n");
  EXPECT_EQ(run_program({"no-such-program-here"}, folder.path(), log), kProgramNotFound);
  EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}, folder.path(), log), 128 + 9);
  EXPECT_EQ(last_line("a\nb \n\n"), "b");
}

TEST(Process, DetachedProgramsMustSayTheyAreReady) {
  const TempDir folder;
  const fs::path log = folder.path() / "log";
  std::string line;
  start_detached({"sh", "-c", "echo ready now"}, log, line);
  EXPECT_EQ(line, "ready now");
  try {
    start_detached({"sh", "-c", "echo no room >&2; exit 4"}, log, line);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("ended with code 4: no room"));
  }
}

}  // namespace
}  // namespace trainyard::cli
