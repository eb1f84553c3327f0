// Micro-batching: a worker takes what waits, up to a limit, and never waits for more. One request
// alone is served at once; under load the batch grows by itself.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "sdk/program/program.hpp"

namespace trainyard::serving {

inline constexpr std::size_t kBatchMax = 32;        // requests
inline constexpr std::size_t kValuesMax = 1 << 20;  // numbers in a batch that was joined
inline constexpr std::size_t kQueueMax = 1024;      // requests waiting; more are refused

class Batcher {
 public:
  /// `predict` is called from `workers` threads.
  using Predict = std::function<sdk::Tensor(const sdk::Tensor&)>;
  Batcher(Predict predict, int workers, Joining joining = Joining::trusted);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// Rows in, rows out. Throws what `predict` throws for these rows, ApiError 503 when too many
  /// wait. Requests of one row shape and type are joined; one that fails does not fail its
  /// neighbours.
  sdk::Tensor predict(const sdk::Tensor& input);

 private:
  struct Job {
    const sdk::Tensor* input;
    sdk::Tensor output;
    std::exception_ptr failure;
    std::binary_semaphore done{0};
  };

  void work();
  std::vector<Job*> take();
  bool joins(const sdk::Tensor& input) const;
  void serve(const std::vector<Job*>& jobs);
  void serve_alone(Job& job);
  std::vector<sdk::Tensor> predict_together(const std::vector<Job*>& jobs);
  void compare(const std::vector<Job*>& jobs);

  Predict predict_;
  const Joining joining_;
  std::atomic<int> proofs_{0};       // joint batches that were answered as their parts are
  std::atomic<bool> alone_{false};   // one was not
  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<Job*> queue_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace trainyard::serving
