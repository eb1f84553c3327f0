#include "agent/log_queue.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"

namespace trainyard::agent {
namespace {

constexpr std::size_t kSpoolWriteBytes = 256 * 1024;

struct Record {
  int64_t at_ms;
  uint64_t size;
};

void read_at(int fd, char* data, std::size_t size, uint64_t offset) {
  while (size > 0) {
    ssize_t count = ::pread(fd, data, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("cannot read the log spool");
    if (count == 0) throw SystemError("the log spool is shorter than it was");
    data += count;
    size -= static_cast<std::size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
}

/// False with errno when it was not all written.
bool write_at(int fd, std::string_view data, uint64_t offset) {
  while (!data.empty()) {
    ssize_t count = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    data.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return true;
}

}  // namespace

LogQueue::LogQueue(fs::path spool, LogQueueLimits limits)
    : path_(std::move(spool)), limits_(limits) {}

LogQueue::~LogQueue() {
  if (file_) ::unlink(path_.c_str());
}

void LogQueue::push(std::vector<LogEvent> events) {
  std::lock_guard lock(mutex_);
  for (LogEvent& event : events) keep(std::move(event));
  changed_.notify_one();
}

void LogQueue::keep(LogEvent event) {
  last_at_ms_ = event.at_ms;
  // Once there is a spool everything goes through it, so that the order is kept.
  if (spooled_ == 0 && memory_cost_ + cost(event) <= limits_.memory_bytes) {
    if (dropped_ > 0) tell_dropped(event.at_ms);
    memory_cost_ += cost(event);
    memory_.push_back(std::move(event));
  } else if (spooled_ + cost(event) > limits_.spool_bytes) {
    ++dropped_;
    dropped_why_ = "the daemon was away for too long";
  } else {
    if (dropped_ > 0) tell_dropped(event.at_ms);
    spool(event, 1);
  }
}

void LogQueue::tell_dropped(int64_t at_ms) {
  LogEvent event{at_ms, "[trainyard] " + std::to_string(dropped_) +
                            " lines are missing here: " + dropped_why_};
  const uint64_t lines = std::exchange(dropped_, 0);
  if (spooled_ > 0) {
    spool(event, lines);
  } else {
    memory_cost_ += cost(event);
    memory_.push_back(std::move(event));
  }
}

void LogQueue::spool(const LogEvent& event, uint64_t lines) {
  Record record{event.at_ms, event.text.size()};
  unwritten_.append(reinterpret_cast<const char*>(&record), sizeof record);
  unwritten_ += event.text;
  unwritten_lines_ += lines;
  spooled_ += sizeof record + event.text.size();
  if (unwritten_.size() >= kSpoolWriteBytes) flush_spool();
}

bool LogQueue::open_spool() {
  if (!file_) file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return static_cast<bool>(file_);
}

/// A write that fails half way leaves nothing: the next one begins at the same place.
void LogQueue::flush_spool() {
  if (open_spool() && write_at(file_.get(), unwritten_, written_)) {
    written_ += unwritten_.size();
  } else {
    dropped_why_ = std::string("the log spool cannot be written: ") + std::strerror(errno);
    dropped_ += unwritten_lines_;
    spooled_ -= unwritten_.size();
  }
  unwritten_.clear();
  unwritten_lines_ = 0;
}

/// From the spool to memory, about a batch.
void LogQueue::refill() {
  if (read_ == written_) flush_spool();
  std::size_t taken = 0;
  while (taken < limits_.batch_bytes && read_ < written_) {
    Record record{};
    read_at(file_.get(), reinterpret_cast<char*>(&record), sizeof record, read_);
    LogEvent event{record.at_ms, std::string(record.size, '\0')};
    read_at(file_.get(), event.text.data(), record.size, read_ + sizeof record);
    read_ += sizeof record + record.size;
    spooled_ -= sizeof record + record.size;
    taken += cost(event);
    memory_cost_ += cost(event);
    memory_.push_back(std::move(event));
  }
  if (spooled_ > 0 || written_ == 0) return;
  if (::ftruncate(file_.get(), 0) != 0) {
    throw_errno("cannot empty the log spool " + path_.string());
  }
  written_ = read_ = 0;
}

void LogQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

std::vector<LogEvent> LogQueue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || memory_cost_ + spooled_ > 0; });
  changed_.wait_for(lock, limits_.gather, [&] { return closed_ || full_batch(); });
  if (memory_.empty() && spooled_ > 0) refill();
  if (memory_.empty() && dropped_ > 0) tell_dropped(last_at_ms_);
  std::vector<LogEvent> batch;
  std::size_t bytes = 0;
  while (!memory_.empty() && batch.size() < limits_.batch_events && bytes < limits_.batch_bytes) {
    bytes += cost(memory_.front());
    memory_cost_ -= cost(memory_.front());
    batch.push_back(std::move(memory_.front()));
    memory_.pop_front();
  }
  return batch;
}

}  // namespace trainyard::agent
