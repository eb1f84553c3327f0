#include "store/notices.hpp"

#include <utility>

namespace trainyard {

Notices::Place::Place(Notices& notices, std::string topic, std::function<void()> called)
    : notices_(notices), topic_(std::move(topic)), called_(std::move(called)) {
  {
    std::lock_guard lock(notices_.mutex_);
    ++notices_.topics_[topic_].places;
  }
  line_up();
}

Notices::Place::~Place() {
  std::lock_guard lock(notices_.mutex_);
  auto found = notices_.topics_.find(topic_);
  Topic& topic = found->second;
  std::erase(topic.line, this);
  if (!lined_up_) notices_.call_first(topic);
  if (--topic.places == 0) notices_.topics_.erase(found);
}

void Notices::Place::line_up() {
  std::lock_guard lock(notices_.mutex_);
  if (std::exchange(lined_up_, true)) return;
  notices_.topics_[topic_].line.push_back(this);
}

void Notices::tell(const std::string& topic) {
  std::lock_guard lock(mutex_);
  auto found = topics_.find(topic);
  if (found != topics_.end()) call_first(found->second);
}

std::size_t Notices::places(const std::string& topic) {
  std::lock_guard lock(mutex_);
  auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second.places;
}

/// With the lock held, so that a place that is gone is never called.
void Notices::call_first(Topic& topic) {
  if (topic.line.empty()) return;
  Place* first = topic.line.front();
  topic.line.pop_front();
  first->lined_up_ = false;
  first->called_();
}

}  // namespace trainyard
