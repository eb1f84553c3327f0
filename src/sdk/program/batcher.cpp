#include "sdk/program/batcher.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/log.hpp"

namespace trainyard::serving {
namespace {

using sdk::Tensor;

constexpr int kProofs = 3;  // joint batches that must be answered as their parts are

bool same_rows(const Tensor& a, const Tensor& b) {
  return a.type == b.type && !a.shape.empty() && a.shape.size() == b.shape.size() &&
         std::equal(a.shape.begin() + 1, a.shape.end(), b.shape.begin() + 1);
}

/// Up to what the order of additions changes.
bool equal_numbers(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape &&
         std::ranges::equal(a.values, b.values, [](double x, double y) {
           return x == y || (std::isnan(x) && std::isnan(y)) ||
                  std::abs(x - y) <= 1e-4 + 1e-3 * std::abs(x);
         });
}

void check_rows(const Tensor& output, std::size_t rows) {
  if (output.shape.empty() || output.shape[0] != rows) {
    throw SystemError("the model did not answer one row for each row of the input");
  }
}

}  // namespace

Batcher::Batcher(Predict predict, int workers, Joining joining)
    : predict_(std::move(predict)), joining_(joining) {
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

Batcher::~Batcher() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.notify_all();
  }
  for (std::thread& worker : workers_) worker.join();
}

Tensor Batcher::predict(const Tensor& input) {
  Job job{.input = &input};
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueMax || stopping_) {
      throw ApiError("ServiceUnavailable", 503, "Too many requests wait for the model");
    }
    queue_.push_back(&job);
  }
  waiting_.notify_one();
  job.done.acquire();
  if (job.failure) std::rethrow_exception(job.failure);
  return std::move(job.output);
}

/// With the lock held: the first that waits and those of its shape behind it.
std::vector<Batcher::Job*> Batcher::take() {
  std::vector<Job*> jobs{queue_.front()};
  queue_.pop_front();
  std::size_t values = jobs.front()->input->values.size();
  if (!joins(*jobs.front()->input)) return jobs;
  for (auto place = queue_.begin(); place != queue_.end() && jobs.size() < kBatchMax;) {
    const Tensor& input = *(*place)->input;
    if (same_rows(*jobs.front()->input, input) && values + input.values.size() <= kValuesMax) {
      values += input.values.size();
      jobs.push_back(*place);
      place = queue_.erase(place);
    } else {
      ++place;
    }
  }
  return jobs;
}

void Batcher::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    waiting_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::vector<Job*> jobs = take();
    lock.unlock();
    serve(jobs);
    // Without the lock: whoever is woken would only wait for it.
    for (Job* job : jobs) job->done.release();
    lock.lock();
  }
}

/// A vector may be one row, or many of one number: where nobody knows, it stays alone.
bool Batcher::joins(const Tensor& input) const {
  return joining_ == Joining::trusted || (!alone_ && input.shape.size() >= 2);
}

void Batcher::serve_alone(Job& job) {
  try {
    job.output = predict_(*job.input);
    if (joining_ == Joining::trusted && !job.input->shape.empty()) {
      check_rows(job.output, job.input->shape[0]);
    }
  } catch (...) {
    job.failure = std::current_exception();
  }
}

void Batcher::serve(const std::vector<Job*>& jobs) {
  if (jobs.size() == 1) return serve_alone(*jobs.front());
  if (joining_ == Joining::tried && proofs_ < kProofs) return compare(jobs);
  try {
    std::vector<Tensor> outputs = predict_together(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->output = std::move(outputs[i]);
  } catch (...) {
    for (Job* job : jobs) serve_alone(*job);  // to find whose fault it is
  }
}

std::vector<Tensor> Batcher::predict_together(const std::vector<Job*>& jobs) {
  Tensor joined{.shape = jobs.front()->input->shape, .type = jobs.front()->input->type};
  joined.shape[0] = 0;
  for (const Job* job : jobs) {
    joined.shape[0] += job->input->shape[0];
    joined.values.insert(joined.values.end(), job->input->values.begin(),
                         job->input->values.end());
  }
  const Tensor output = predict_(joined);
  check_rows(output, joined.shape[0]);
  const std::size_t row = output.row_size();
  std::vector<Tensor> outputs;
  auto begin = output.values.begin();
  for (const Job* job : jobs) {
    Tensor& part = outputs.emplace_back(Tensor{.shape = output.shape, .type = output.type});
    part.shape[0] = job->input->shape[0];
    const auto end = begin + static_cast<std::ptrdiff_t>(part.shape[0] * row);
    part.values.assign(begin, end);
    begin = end;
  }
  return outputs;
}

/// Each request is answered by itself; the joint answers are only looked at. Equal requests prove
/// nothing.
void Batcher::compare(const std::vector<Job*>& jobs) {
  for (Job* job : jobs) serve_alone(*job);
  const bool failed =
      std::ranges::any_of(jobs, [](const Job* job) { return job->failure != nullptr; });
  const bool differ = std::ranges::any_of(jobs, [&](const Job* job) {
    return job->input->values != jobs.front()->input->values;
  });
  if (failed || !differ) return;
  bool equal = false;
  try {
    const std::vector<Tensor> outputs = predict_together(jobs);
    equal = std::ranges::equal(jobs, outputs, [](const Job* job, const Tensor& output) {
      return equal_numbers(job->output, output);
    });
  } catch (const std::exception&) {
    // Alone they were answered, so it is their being together that the model does not take.
  }
  if (equal) {
    ++proofs_;
  } else if (!alone_.exchange(true)) {
    log_info("the model's answers depend on what it is asked with: requests stay alone");
  }
}

}  // namespace trainyard::serving
