// What a generated client calls through: something that carries one operation to its service.
#pragma once

#include "wire/shape.hpp"

namespace trainyard::wire {

class Invoker {
 public:
  virtual ~Invoker() = default;
  /// `input` and `output` are the operation's generated structs. What the service answers as an
  /// error is thrown as ApiError.
  virtual void invoke(const Service& service, const Operation& operation, const void* input,
                      void* output) = 0;
};

}  // namespace trainyard::wire
