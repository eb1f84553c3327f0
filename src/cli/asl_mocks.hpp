// Answers of tasks that are not made, from a file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/asl_run.hpp"

namespace trainyard::cli {

/// How one call of a task ends.
struct MockAnswer {
  asl::TaskResult result;
  Duration after{0};
};

/// Reads `{"State": {"result": …}, "Other": [{"error": "E", "cause": "c"}, {"result": …}]}`: the
/// answers of a state's calls in their order, the last of which stays. Retries and loops are calls,
/// too; each iteration of a Map counts its own, and "State (Each[2])" has those of one of them.
/// `seconds` is how long a call takes. SystemError, beginning with `name`, for anything else, and
/// for a state that is no Task of the machine.
using Mocks = std::map<std::string, std::vector<MockAnswer>, std::less<>>;
Mocks parse_mocks(const std::string& name, const std::string& text, const asl::Machine& machine);

/// Answers from mocks; what has none is for `others`, which must outlive it.
class MockTasks final : public TaskRunner {
 public:
  MockTasks(Mocks mocks, TaskRunner& others) : mocks_(std::move(mocks)), others_(others) {}

  std::vector<Reaction> call(const Subject& subject, const asl::CallTask& call) override;
  void cancel(const asl::CancelTask& task) override { others_.cancel(task); }
  bool is_busy() const override { return others_.is_busy(); }
  std::vector<asl::Event> poll() override { return others_.poll(); }

 private:
  Mocks mocks_;
  std::map<Subject, std::size_t> calls_;  // so far
  TaskRunner& others_;
};

/// Does no task at all.
class NoTasks final : public TaskRunner {
 public:
  std::vector<Reaction> call(const Subject& subject, const asl::CallTask& call) override;
};

}  // namespace trainyard::cli
