#include "http/amend.hpp"

namespace trainyard::http {
namespace {

class Amended final : public PendingResponse {
 public:
  Amended(std::unique_ptr<PendingResponse> inner, Amendment amend)
      : inner_(std::move(inner)), amend_(std::move(amend)) {}

  Progress progress() override { return inner_->progress(); }
  int fd() const override { return inner_->fd(); }
  bool calls() const override { return inner_->calls(); }
  void call(std::function<void()> ready) override { inner_->call(std::move(ready)); }
  int64_t deadline() const override { return inner_->deadline(); }
  Response finish() override { return amended(inner_->finish(), std::move(amend_)); }

 private:
  std::unique_ptr<PendingResponse> inner_;
  Amendment amend_;
};

}  // namespace

Response amended(Response response, Amendment amend) {
  if (response.pending) {
    response.pending = std::make_unique<Amended>(std::move(response.pending), std::move(amend));
  } else {
    amend(response);
  }
  return response;
}

}  // namespace trainyard::http
