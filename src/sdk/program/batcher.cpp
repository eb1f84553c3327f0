#include "sdk/program/batcher.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace trainyard::serving {
namespace {

using sdk::Tensor;

bool same_rows(const Tensor& a, const Tensor& b) {
  return !a.shape.empty() && !b.shape.empty() && a.shape.size() == b.shape.size() &&
         std::equal(a.shape.begin() + 1, a.shape.end(), b.shape.begin() + 1);
}

void check_rows(const Tensor& output, std::size_t rows) {
  if (output.shape.empty() || output.shape[0] != rows) {
    throw SystemError("the model did not answer one row for each row of the input");
  }
}

}  // namespace

Batcher::Batcher(Predict predict, int workers) : predict_(std::move(predict)) {
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

void Batcher::serve_alone(Job& job) {
  try {
    job.output = predict_(*job.input);
    if (!job.input->shape.empty()) check_rows(job.output, job.input->shape[0]);
  } catch (...) {
    job.failure = std::current_exception();
  }
}

void Batcher::serve(const std::vector<Job*>& jobs) {
  if (jobs.size() == 1) return serve_alone(*jobs.front());
  Tensor joined;
  joined.shape = jobs.front()->input->shape;
  joined.shape[0] = 0;
  for (const Job* job : jobs) {
    joined.shape[0] += job->input->shape[0];
    joined.values.insert(joined.values.end(), job->input->values.begin(),
                         job->input->values.end());
  }
  try {
    Tensor output = predict_(joined);
    check_rows(output, joined.shape[0]);
    const std::size_t row = output.row_size();
    auto begin = output.values.begin();
    for (Job* job : jobs) {
      const std::size_t rows = job->input->shape[0];
      job->output.shape = output.shape;
      job->output.shape[0] = rows;
      auto end = begin + static_cast<std::ptrdiff_t>(rows * row);
      job->output.values.assign(begin, end);
      begin = end;
    }
  } catch (...) {
    for (Job* job : jobs) serve_alone(*job);  // to find whose fault it is
  }
}

}  // namespace trainyard::serving
