#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "generated/logs/client.hpp"
#include "generated/logs/types.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/sagemaker/types.hpp"
#include "sdk/poll.hpp"
#include "sdk/session.hpp"
#include "wire/json.hpp"

namespace trainyard::sdk {
namespace {

constexpr const char* kGroup = "/aws/sagemaker/TrainingJobs";
constexpr int kStreamsMax = 50;  // DescribeLogStreams gives no more at once

// "algo-1" of "<job>/algo-1-1574293123".
std::string host_of(const std::string& stream) {
  const std::size_t slash = stream.rfind('/');
  const std::string last = slash == std::string::npos ? stream : stream.substr(slash + 1);
  return last.substr(0, last.rfind('-'));
}

bool ended(const std::string& status) {
  return status == "Completed" || status == "Failed" || status == "Stopped";
}

// Prints the transitions that have not been printed yet; returns how many there are by now.
std::size_t print_transitions(const json::object& job, std::size_t printed, std::ostream& out) {
  const json::array* transitions = find_array(job, "SecondaryStatusTransitions");
  if (transitions == nullptr) return printed;
  for (; printed < transitions->size(); ++printed) {
    const json::object& transition = transitions->at(printed).as_object();
    const json::value* start = find(transition, "StartTime");
    const Time time = start != nullptr && start->is_number()
                          ? from_epoch_seconds(start->to_number<double>())
                          : Time{};
    out << format_utc(time, "%Y-%m-%d %H:%M:%S") << " "
        << find_string(transition, "Status").value_or("") << " - "
        << find_string(transition, "StatusMessage").value_or("") << "\n";
  }
  return printed;
}

void print_times(const json::object& job, int instances, std::ostream& out) {
  const auto training = find_integer(job, "TrainingTimeInSeconds");
  const auto billable = find_integer(job, "BillableTimeInSeconds");
  if (training) out << "Training seconds: " << *training * instances << "\n";
  if (billable) out << "Billable seconds: " << *billable * instances << "\n";
}

}  // namespace

JobLogs::JobLogs(Session& session, std::string job_name, int instance_count)
    : session_(session), job_name_(std::move(job_name)), instance_count_(instance_count) {}

void JobLogs::find_streams() {
  trainyard::logs::DescribeLogStreamsInput input;
  input.log_group_name = kGroup;
  input.log_stream_name_prefix = job_name_ + "/";
  input.order_by = "LogStreamName";
  input.limit = std::min(instance_count_, kStreamsMax);
  try {
    const json::object found = wire::to_json(session_.logs().describe_log_streams(input));
    const json::array* streams = find_array(found, "logStreams");
    if (streams == nullptr) return;
    for (const json::value& stream : *streams) {
      const auto name = find_string(stream.as_object(), "logStreamName");
      if (name && streams_.count(*name) == 0) streams_[*name] = {host_of(*name), ""};
    }
  } catch (const ApiError& error) {
    // The group is made with the first line of the first job.
    if (error.code() != "ResourceNotFoundException") throw;
  }
}

std::vector<LogLine> JobLogs::poll() {
  if (static_cast<int>(streams_.size()) < std::min(instance_count_, kStreamsMax)) find_streams();
  std::vector<LogLine> lines;
  for (auto& [name, stream] : streams_) {
    while (true) {
      trainyard::logs::GetLogEventsInput input;
      input.log_group_name = kGroup;
      input.log_stream_name = name;
      input.start_from_head = true;
      if (!stream.token.empty()) input.next_token = stream.token;
      const json::object page = wire::to_json(session_.logs().get_log_events(input));
      stream.token = find_string(page, "nextForwardToken").value_or(stream.token);
      const json::array* events = find_array(page, "events");
      if (events == nullptr || events->empty()) break;
      for (const json::value& event : *events) {
        const json::object& entry = event.as_object();
        lines.push_back({stream.host, from_millis(find_integer(entry, "timestamp").value_or(0)),
                         find_string(entry, "message").value_or("")});
      }
    }
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const LogLine& a, const LogLine& b) { return a.time < b.time; });
  return lines;
}

void Session::logs_for_job(const std::string& job_name, bool wait, std::ostream& out) {
  auto describe = [&] {
    return wire::to_json(sagemaker().describe_training_job({.training_job_name = job_name}));
  };
  json::object job = describe();
  const json::object* resources = find_object(job, "ResourceConfig");
  const int instances = static_cast<int>(
      resources == nullptr ? 1 : find_integer(*resources, "InstanceCount").value_or(1));
  JobLogs logs(*this, job_name, instances);
  std::size_t printed = 0;
  Poll poll(std::chrono::seconds(2));
  while (true) {
    const std::string status = find_string(job, "TrainingJobStatus").value_or("");
    // The lines are asked for after the status: what the job printed before its end is there.
    const std::vector<LogLine> lines = logs.poll();
    for (const LogLine& line : lines) {
      if (instances > 1) out << line.host << " | ";
      out << line.text << "\n";
    }
    printed = print_transitions(job, printed, out);
    out.flush();
    if (ended(status)) {
      print_times(job, instances, out);
      if (status == "Completed") return;
      throw SystemError(fmt::format("training job {}: {}. Reason: {}", job_name, status,
                                    find_string(job, "FailureReason").value_or("none was given")));
    }
    if (!wait) return;
    poll.pause();
    job = describe();
  }
}

}  // namespace trainyard::sdk
