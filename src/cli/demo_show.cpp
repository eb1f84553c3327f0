#include "cli/demo_show.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/process.hpp"
#include "base/utf8.hpp"
#include "cli/process.hpp"

namespace trainyard::cli {
namespace {

constexpr int kMargin = 4;  // pixels around MNIST's digits that are always empty
constexpr int kInk = 96;    // of 255: from here on a pixel is drawn

}  // namespace

bool TrainingProgress::read(const std::string& line) {
  int at = 0;
  int number = 0;
  int done = 0;
  int total = 0;
  double value = 0;
  if (std::sscanf(line.c_str(), "Train Epoch: %d [%d/%d (%d%%)] Loss: %lf", &number, &done, &total,
                  &at, &value) == 5) {
    epoch = number;
    percent = at;
    loss = value;
    return true;
  }
  int correct = 0;
  if (std::sscanf(line.c_str(), "Test set: Average loss: %lf, Accuracy: %d/%d", &value, &correct,
                  &total) == 3 &&
      total > 0) {
    test_loss = value;
    accuracy = 100.0 * correct / total;
    percent = 100;
    return true;
  }
  return false;
}

std::string how_to_end(const fs::path& data, const std::string& endpoint) {
  if (data.empty()) {
    if (endpoint.empty()) return "";
    return fmt::format("the endpoint stays up; end it with: aws sagemaker delete-endpoint "
                       "--endpoint-name {}", endpoint);
  }
  return fmt::format("{}; end {} with: {} stop --data '{}'",
                     endpoint.empty() ? "the daemon stays up" : "daemon and endpoint stay up",
                     endpoint.empty() ? "it" : "them", own_program().string(), data.string());
}

std::string bar(double fraction, int columns) {
  const double clamped = std::clamp(fraction, 0.0, 1.0);
  const int inner = std::max(columns - 7, 1);
  const int full = static_cast<int>(clamped * inner);
  std::string text = "[";
  for (int i = 0; i < inner; ++i) text += i < full ? "█" : "░";
  return text + fmt::format("] {:3.0f}%", clamped * 100);
}

std::string describe(const std::map<std::string, TrainingProgress>& hosts) {
  std::string text;
  for (const auto& [host, progress] : hosts) {
    if (!text.empty()) text += "   ";
    text += fmt::format("{} epoch {} {:3}% loss {:.3f}", host, progress.epoch, progress.percent,
                        progress.loss);
    if (progress.accuracy >= 0) text += fmt::format(" accuracy {:.1f}%", progress.accuracy);
  }
  return text;
}

std::string draw_digits(const Digits& digits, const std::vector<std::size_t>& indices,
                        const std::vector<std::size_t>& predictions) {
  constexpr int kSide = kDigitSide - 2 * kMargin;
  std::string text;
  auto inked = [&](std::size_t index, int row, int column) {
    return digits.image(index)[(row + kMargin) * kDigitSide + column + kMargin] >= kInk;
  };
  for (int row = 0; row < kSide; row += 2) {
    std::string line;
    for (const std::size_t index : indices) {
      for (int column = 0; column < kSide; ++column) {
        const bool upper = inked(index, row, column);
        const bool lower = inked(index, row + 1, column);
        line += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
      }
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  std::string captions;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int label = digits.labels[indices[i]];
    std::string caption = fmt::format("taken for {}", predictions[i]);
    const bool right = predictions[i] == static_cast<std::size_t>(label);
    caption += right ? " ✓" : fmt::format(" ✗ ({})", label);
    const std::size_t used = std::min<std::size_t>(count_characters(caption), kSide);
    captions += caption + std::string(kSide + 2 - used, ' ');
  }
  captions.erase(captions.find_last_not_of(' ') + 1);
  return text + captions + "\n";
}

}  // namespace trainyard::cli
