// From an operation's table row to its handler. The rows are generated, so that an operation that
// is listed without a handler is a link error.
#pragma once

#include <memory>
#include <span>

#include "services/call.hpp"
#include "wire/shape.hpp"

namespace trainyard {

/// Later<Output> with the output's type erased: `finish` fills it.
struct LaterOutput {
  std::shared_ptr<http::Wait> wait;
  std::function<void(void* output)> finish;
  std::function<void(bool sent)> over;
};

struct OperationDispatch {
  void (*run)(Call&, const void* input, void* output);               // modes write and read
  void (*run_stream)(StreamCall&, const void* input, void* output);  // mode stream
  LaterOutput (*run_later)(StreamCall&, const void* input);          // mode later
};

struct ServiceDispatch {
  const wire::Service* service;
  std::span<const OperationDispatch> operations;  // in the order of service->operations
};

/// Every service of this daemon.
std::span<const ServiceDispatch* const> all_services();

template <class Input, class Output, Output (*Handler)(Call&, const Input&)>
constexpr OperationDispatch dispatch() {
  return {[](Call& call, const void* input, void* output) {
            *static_cast<Output*>(output) = Handler(call, *static_cast<const Input*>(input));
          },
          nullptr, nullptr};
}

template <class Input, class Output, Output (*Handler)(StreamCall&, const Input&)>
constexpr OperationDispatch stream_dispatch() {
  return {nullptr,
          [](StreamCall& call, const void* input, void* output) {
            *static_cast<Output*>(output) = Handler(call, *static_cast<const Input*>(input));
          },
          nullptr};
}

template <class Input, class Output, Later<Output> (*Handler)(StreamCall&, const Input&)>
constexpr OperationDispatch later_dispatch() {
  return {nullptr, nullptr,
          [](StreamCall& call, const void* input) {
            Later<Output> later = Handler(call, *static_cast<const Input*>(input));
            return LaterOutput{std::move(later.wait),
                               [finish = std::move(later.finish)](void* output) {
                                 *static_cast<Output*>(output) = finish();
                               },
                               std::move(later.over)};
          }};
}

}  // namespace trainyard
