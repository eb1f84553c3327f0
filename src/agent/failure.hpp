// Why an instance fails, in SageMaker's three kinds (DescribeTrainingJob, FailureReason).
#pragma once

#include <exception>
#include <string>

namespace trainyard::agent {

inline constexpr const char* kAlgorithmError = "AlgorithmError";
inline constexpr const char* kClientError = "ClientError";
inline constexpr const char* kInternalError = "InternalServerError";

class JobFailure : public std::exception {
 public:
  JobFailure(std::string kind, std::string reason)
      : kind_(std::move(kind)), reason_(std::move(reason)) {}
  const std::string& kind() const { return kind_; }
  const std::string& reason() const { return reason_; }
  const char* what() const noexcept override { return reason_.c_str(); }

 private:
  std::string kind_, reason_;
};

/// Thrown out of work that a stop cuts short before the program runs.
class Stopped : public std::exception {};

}  // namespace trainyard::agent
