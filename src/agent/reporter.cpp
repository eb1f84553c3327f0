#include "agent/reporter.hpp"

#include "base/log.hpp"

namespace trainyard::agent {

Reporter::Reporter(DaemonLink& link, StopSignal& stop, Clock& clock)
    : link_(link), stop_(stop), clock_(clock), thread_([this] { run(); }) {}

Reporter::~Reporter() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  give_up_.trigger();
  thread_.join();
}

void Reporter::phase(const std::string& name) {
  log_info("phase {}", name);
  add({{"phase", name}, {"at", to_millis(clock_.now())}});
}

void Reporter::ended(const json::object& receipt, std::chrono::milliseconds wait) {
  add({{"phase", "Ended"}, {"at", to_millis(clock_.now())}, {"receipt", receipt}});
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  if (!done_.wait_for(wait)) log_warning("the daemon is away; it will find the receipt");
}

void Reporter::add(json::object report) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(report));
  changed_.notify_all();
}

void Reporter::run() {
  for (;;) {
    json::object report;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) break;
      report = std::move(waiting_.front());
      waiting_.pop_front();
    }
    try {
      send(report);
    } catch (const Stopped&) {
      break;
    } catch (const std::exception& error) {
      log_error("a report was not heard: {}", error.what());
    }
  }
  done_.trigger();
}

void Reporter::send(const json::object& report) {
  Answer answer = link_.post("report", dump(report), Patience(kDaemonAwayMax, &give_up_));
  if (answer.status >= 300) {
    log_error("the daemon refuses a report: {} {}", answer.status, answer.body);
    return;
  }
  auto body = parse_json(answer.body);
  if (body && body->is_object() && find_string(body->get_object(), "command") == "stop") {
    stop_.trigger();
  }
}

}  // namespace trainyard::agent
