#include "http/parser.hpp"

#include <cstring>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"

namespace trainyard::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using BeastError = beast::http::error;

constexpr std::size_t kFieldsMax = 512;

/// Where the callbacks of a running put() leave what they find.
struct Sink {
  Head* head = nullptr;
  bool in_trailer = false;
  std::size_t fields = 0;
  char* out = nullptr;
  std::size_t space = 0;
  std::size_t produced = 0;
};

template <bool is_request>
class Engine final : public beast::http::basic_parser<is_request> {
  using Base = beast::http::basic_parser<is_request>;

 public:
  Engine(Sink& sink, std::size_t head_bytes_max) : sink_(sink) {
    this->header_limit(static_cast<std::uint32_t>(head_bytes_max));
    this->body_limit(boost::none);
  }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    sink_.head->method.assign(method.data(), method.size());
    sink_.head->target.assign(target.data(), target.size());
    sink_.head->http_1_0 = version == 10;
  }
  void on_response_impl(int status, beast::string_view, int version, error_code&) override {
    sink_.head->status = status;
    sink_.head->http_1_0 = version == 10;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& error) override {
    if (++sink_.fields > kFieldsMax) {
      error = BeastError::header_limit;
      return;
    }
    if (sink_.in_trailer) return;
    sink_.head->headers.add(std::string(name.data(), name.size()),
                            std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                 error_code& error) override {
    std::size_t count = std::min(body.size(), sink_.space - sink_.produced);
    std::memcpy(sink_.out + sink_.produced, body.data(), count);
    sink_.produced += count;
    if (count < body.size()) error = BeastError::need_buffer;
    return count;
  }
  void on_finish_impl(error_code&) override {}

  Sink& sink_;
};

}  // namespace

struct Parser::Impl {
  Kind kind;
  std::size_t head_bytes_max;
  Sink sink;
  std::optional<Engine<true>> request;
  std::optional<Engine<false>> response;
  std::string what;

  template <class Action>
  auto with_engine(Action action) {
    return kind == Kind::request ? action(*request) : action(*response);
  }

  void judge(const error_code& error, ParseStatus& status) {
    if (error == BeastError::need_more) {
      status = ParseStatus::need_more;
    } else if (error == BeastError::header_limit) {
      status = ParseStatus::too_large;
      what = "The header fields are too large";
    } else {
      status = ParseStatus::malformed;
      what = error.message();
    }
  }

  /// Framing that RFC 9112 (6.1, 6.3) forbids and that Beast lets through.
  bool framing_is_sound(const Head& head, bool chunked) {
    if (head.headers.has("transfer-encoding") && (!chunked || head.http_1_0)) {
      what = "unsupported Transfer-Encoding";
      return false;
    }
    if (kind == Kind::request) {
      std::size_t hosts = head.headers.all("host").size();
      if (hosts > 1 || (hosts == 0 && !head.http_1_0)) {
        what = "exactly one Host header is required";
        return false;
      }
    }
    return true;
  }
};

Parser::Parser(Kind kind, std::size_t head_bytes_max) : impl_(std::make_unique<Impl>()) {
  impl_->kind = kind;
  impl_->head_bytes_max = head_bytes_max;
}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

void Parser::start(Head& head, bool no_body) {
  head = Head{};
  impl_->sink = Sink{.head = &head};
  if (impl_->kind == Kind::request) {
    impl_->request.emplace(impl_->sink, impl_->head_bytes_max);
  } else {
    impl_->response.emplace(impl_->sink, impl_->head_bytes_max);
    impl_->response->skip(no_body);
  }
}

std::size_t Parser::head(std::string_view data, ParseStatus& status) {
  return impl_->with_engine([&](auto& engine) {
    std::size_t used = 0;
    while (!engine.is_header_done()) {
      error_code error;
      used += engine.put(boost::asio::const_buffer(data.data() + used, data.size() - used), error);
      if (error) {
        impl_->judge(error, status);
        return used;
      }
    }
    Head& head = *impl_->sink.head;
    head.keep_alive = engine.keep_alive();
    head.chunked = engine.chunked() && !engine.is_done();
    if (auto length = engine.content_length()) head.length = *length;
    if (impl_->kind == Kind::response) {
      head.until_close = engine.need_eof();
      if (head.until_close) head.keep_alive = false;
    }
    status = impl_->framing_is_sound(head, engine.chunked()) ? ParseStatus::complete
                                                            : ParseStatus::malformed;
    impl_->sink.in_trailer = true;
    engine.eager(true);
    return used;
  });
}

std::size_t Parser::chunks(std::string_view data, char* out, std::size_t size,
                           std::size_t& produced, ParseStatus& status) {
  Sink& sink = impl_->sink;
  sink.out = out;
  sink.space = size;
  sink.produced = 0;
  return impl_->with_engine([&](auto& engine) {
    error_code error;
    std::size_t used = engine.put(boost::asio::const_buffer(data.data(), data.size()), error);
    produced = sink.produced;
    if (engine.is_done()) {
      status = ParseStatus::complete;
    } else if (!error || error == BeastError::need_buffer) {
      status = ParseStatus::need_more;
    } else {
      impl_->judge(error, status);
    }
    return used;
  });
}

const std::string& Parser::what() const { return impl_->what; }

}  // namespace trainyard::http
