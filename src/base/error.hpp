// What ends a request is thrown as ApiError and caught once, in the request pipeline (or at a
// program's main). What our logic branches on is returned instead.
#pragma once

#include <exception>
#include <map>
#include <string>

namespace trainyard {

/// An error that a client of an AWS service sees: AWS's code, HTTP status and one line of text.
/// Services make them through named functions in their errors.hpp, so that each code is spelt once.
class ApiError : public std::exception {
 public:
  ApiError(std::string code, int http_status, std::string message)
      : code_(std::move(code)), http_status_(http_status), message_(std::move(message)) {}

  const std::string& code() const { return code_; }
  int http_status() const { return http_status_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

  /// Members that an error shape has beside its message (e.g. ModelError's OriginalStatusCode).
  std::map<std::string, std::string>& fields() { return fields_; }
  const std::map<std::string, std::string>& fields() const { return fields_; }

 private:
  std::string code_;
  int http_status_;
  std::string message_;
  std::map<std::string, std::string> fields_;
};

/// A fault of the machine or the setup (disk full, port taken): no AWS code; main prints it in one
/// line and exits non-zero; the pipeline answers InternalFailure 500 and logs it.
class SystemError : public std::exception {
 public:
  explicit SystemError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// SystemError with strerror(errno) appended: "cannot open X: No such file or directory".
[[noreturn]] void throw_errno(const std::string& what);

/// A broken invariant ends the process, in release builds too.
[[noreturn]] void invariant_failed(const char* expression, const char* file, int line);

}  // namespace trainyard

#define TRAINYARD_ASSERT(expression) \
  ((expression) ? void(0) : ::trainyard::invariant_failed(#expression, __FILE__, __LINE__))
