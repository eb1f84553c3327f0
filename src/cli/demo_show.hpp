// What the demonstration shows: progress, the state of both hosts, digits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo_data.hpp"

namespace trainyard::cli {

/// What a training program says in its log of how far it is.
struct TrainingProgress {
  int epoch = 0;        // that runs, counted from 1; 0 before the first
  int percent = 0;      // of the epoch
  double loss = 0;      // of the last batch that was reported
  double accuracy = -1;  // in percent, on the test set, after the last whole epoch
  double test_loss = 0;

  /// Takes over what `line` says; false when it says nothing of that kind.
  bool read(const std::string& line);
};

/// How to end what stays up: the daemon on `data` ("" for one that is somebody else's) with the
/// endpoint ("" for none), or the endpoint alone. "" when nothing is ours to end.
std::string how_to_end(const fs::path& data, const std::string& endpoint);

/// "[██████░░░░]  60%" of `columns` columns.
std::string bar(double fraction, int columns);

/// "algo-1 epoch 2 43% loss 0.31 accuracy 96.2%   algo-2 …"
std::string describe(const std::map<std::string, TrainingProgress>& hosts);

/// Images side by side in half blocks, and below each what it was taken for.
std::string draw_digits(const Digits& digits, const std::vector<std::size_t>& indices,
                        const std::vector<std::size_t>& predictions);

}  // namespace trainyard::cli
