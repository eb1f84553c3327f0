#include "server/console/raw.hpp"

#include "base/text.hpp"
#include "server/console/replies.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server::console {
namespace {

void disarm(http::Response& response, bool attached) {
  http::Headers& headers = response.headers;
  keep_from_other_pages(headers);
  headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  // Whatever the object was stored with: after the session nothing of it is left.
  headers.set("Cache-Control", "private, no-cache");
  const std::string stored = headers.get("Content-Disposition");
  if (attached && !to_lower(stored).starts_with("attachment")) {
    headers.set("Content-Disposition", "attachment");
  }
}

/// A response that is awaited, disarmed when it comes.
class DisarmedLater final : public http::PendingResponse {
 public:
  explicit DisarmedLater(std::unique_ptr<http::PendingResponse> inner) : inner_(std::move(inner)) {}

  Progress progress() override { return inner_->progress(); }
  int fd() const override { return inner_->fd(); }
  bool calls() const override { return inner_->calls(); }
  void call(std::function<void()> ready) override { inner_->call(std::move(ready)); }
  int64_t deadline() const override { return inner_->deadline(); }
  http::Response finish() override {
    http::Response response = inner_->finish();
    disarm(response, false);
    return response;
  }

 private:
  std::unique_ptr<http::PendingResponse> inner_;
};

}  // namespace

http::Response pass_raw(Pipeline& pipeline, const Caller& caller, std::string_view service,
                        std::string_view target, http::Request& request) {
  request.target = std::string(target);  // of which it may be a part
  for (const char* own : {"Cookie", "Authorization"}) request.headers.remove(own);
  const bool attached = service == "s3" && (request.method == "GET" || request.method == "HEAD");
  http::Response response = pipeline.handle_as(caller, service, request);
  if (response.pending) {
    response.pending = std::make_unique<DisarmedLater>(std::move(response.pending));
  } else {
    disarm(response, attached);
  }
  return response;
}

}  // namespace trainyard::server::console
