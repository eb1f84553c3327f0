#include "sdk/program/serve.hpp"

#include <atomic>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sdk/program/batcher.hpp"
#include "sdk/program/content.hpp"

namespace trainyard::serving {
namespace {

using http::text_response;

constexpr std::chrono::seconds kStopGrace{25};  // SIGKILL follows SIGTERM after 30 s
constexpr int kWarmUps = 3;

}  // namespace

struct ModelServer::Impl {
  const Program& program;
  ServeOptions options;
  Model model;
  std::atomic<Batcher*> ready{nullptr};
  std::unique_ptr<Batcher> batcher;
  std::unique_ptr<http::Server> server;
  int port = 0;

  http::Response handle(http::Request& request) {
    std::string_view path = request.path();
    if (path == "/ping") return text_response(ready.load() != nullptr ? 200 : 503, "");
    if (path == "/execution-parameters" && request.method == "GET") {
      http::Response response = text_response(
          200, fmt::format(R"({{"MaxConcurrentTransforms":{},"BatchStrategy":"MULTI_RECORD",)"
                           R"("MaxPayloadInMB":6}})",
                           std::max(1, options.workers)));
      response.headers.set("Content-Type", "application/json");
      return response;
    }
    if (path != "/invocations") return text_response(404, "Not found\n");
    if (request.method != "POST") return text_response(405, "Method not allowed\n");
    return invoke(request);
  }

  /// A status of 400 and more says whose fault it was; the toolkit has but one for clients'.
  http::Response refusal(int status, const std::string& why) const {
    if (options.as_inference_toolkit && status < 500) status = 500;
    return text_response(status, why + "\n");
  }

  http::Response invoke(http::Request& request) {
    try {
      Batcher* model_queue = ready.load();
      if (model_queue == nullptr) {
        throw ApiError("ServiceUnavailable", 503, "The model is still being loaded");
      }
      ContentType reply_type =
          accepted_type(request.headers.get("accept"), options.default_accept);
      ContentType type = content_type_of(request.headers.get("content-type"));
      Tensor input = decode(type, http::read_all(*request.body, kPayloadBytesMax));
      if (type == ContentType::csv && options.as_inference_toolkit) {
        std::erase(input.shape, std::size_t{1});
      }
      http::Response response;
      response.headers.add("Content-Type", std::string(name_of(reply_type)));
      response.body = encode(reply_type, model_queue->predict(input));
      return response;
    } catch (const ApiError& error) {
      return refusal(error.http_status(), error.message());
    } catch (const BadInput& error) {
      return refusal(400, error.what());
    } catch (const std::exception& error) {
      log_error("prediction failed: {}", error.what());
      return text_response(500, std::string(error.what()) + "\n");
    }
  }
};

ModelServer::ModelServer(const Program& program, const ServeOptions& options)
    : impl_(new Impl{.program = program, .options = options}) {
  Impl& impl = *impl_;
  impl.server = std::make_unique<http::Server>(
      http::ServerOptions{}, [&impl](http::Request& request) { return impl.handle(request); });
  impl.port = impl.server->listen_tcp(options.host, options.port);
  impl.model = program.model_fn(options.model_dir);
  impl.batcher = std::make_unique<Batcher>(
      [&impl](const Tensor& input) { return impl.program.predict_fn(impl.model, input); },
      std::max(1, options.workers), program.joining);
  for (int i = 0; i < kWarmUps && program.example; ++i) impl.batcher->predict(*program.example);
  impl.ready = impl.batcher.get();
}

ModelServer::~ModelServer() { stop(); }

int ModelServer::port() const { return impl_->port; }

void ModelServer::stop() { impl_->server->stop(kStopGrace); }

}  // namespace trainyard::serving
