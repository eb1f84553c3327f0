// TLS over a socket, with the same timeouts: OpenSSL talks to a BIO of ours that polls.
#include <map>
#include <mutex>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/error.hpp"
#include "http/channel.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

/// What the BIO needs to know of the transfer that OpenSSL runs on top of it.
struct Transfer {
  int fd = -1;
  milliseconds timeout{0};
  IoStatus last = IoStatus::ok;
};

int bio_write(BIO* bio, const char* data, int size) {
  auto* transfer = static_cast<Transfer*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  IoResult result = socket_write(transfer->fd, {data, static_cast<std::size_t>(size)}, {},
                                 transfer->timeout);
  transfer->last = result.status;
  return result.status == IoStatus::ok ? size : -1;
}

int bio_read(BIO* bio, char* data, int size) {
  auto* transfer = static_cast<Transfer*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  IoResult result =
      socket_read(transfer->fd, data, static_cast<std::size_t>(size), transfer->timeout);
  transfer->last = result.status;
  if (result.status == IoStatus::ok) return static_cast<int>(result.size);
  return result.status == IoStatus::closed ? 0 : -1;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* bio_method() {
  static BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "polled socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

std::string tls_error() {
  unsigned long code = ERR_get_error();
  if (code == 0) return "the peer broke off";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

struct ContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

/// One context a CA file for the whole process: loading the system's store takes milliseconds.
SSL_CTX* client_context(const std::string& ca_file) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<SSL_CTX, ContextFree>> contexts;
  std::lock_guard lock(mutex);
  auto& context = contexts[ca_file];
  if (context) return context.get();
  std::unique_ptr<SSL_CTX, ContextFree> made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(made.get(), SSL_MODE_AUTO_RETRY);
  int loaded = ca_file.empty()
                   ? SSL_CTX_set_default_verify_paths(made.get())
                   : SSL_CTX_load_verify_locations(made.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) throw SystemError("cannot load certificates from " + ca_file);
  context = std::move(made);
  return context.get();
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(Fd socket, const std::string& host, const std::string& ca_file, milliseconds timeout)
      : socket_(std::move(socket)) {
    transfer_.fd = socket_.get();
    transfer_.timeout = timeout;
    ssl_.reset(SSL_new(client_context(ca_file)));
    BIO* bio = BIO_new(bio_method());
    BIO_set_data(bio, &transfer_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl_.get());
    unsigned char address[sizeof(in6_addr)];
    if (::inet_pton(AF_INET, host.c_str(), address) == 1 ||
        ::inet_pton(AF_INET6, host.c_str(), address) == 1) {
      X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
      X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
    }
    ERR_clear_error();
    if (SSL_connect(ssl_.get()) == 1) return;
    long verdict = SSL_get_verify_result(ssl_.get());
    std::string reason = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                         : transfer_.last == IoStatus::timed_out ? "timed out"
                                                                 : tls_error();
    throw SystemError("TLS handshake with " + host + " failed: " + reason);
  }
  ~TlsChannel() override {
    transfer_.timeout = milliseconds(0);
    if (sound_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  IoResult read(char* data, std::size_t size, milliseconds timeout) override {
    transfer_.timeout = timeout;
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), data, size, &count) == 1) return {IoStatus::ok, count};
    return failure(0);
  }

  IoResult write(std::string_view head, std::string_view body, milliseconds timeout) override {
    transfer_.timeout = timeout;
    std::size_t written = 0;
    for (std::string_view part : {head, body}) {
      if (part.empty()) continue;
      ERR_clear_error();
      std::size_t count = 0;
      if (SSL_write_ex(ssl_.get(), part.data(), part.size(), &count) != 1) return failure(written);
      written += count;
    }
    return {IoStatus::ok, written};
  }

  bool readable() override { return SSL_pending(ssl_.get()) > 0 || socket_readable(fd()); }
  int fd() const override { return socket_.get(); }

 private:
  IoResult failure(std::size_t written) {
    sound_ = false;
    if (transfer_.last == IoStatus::timed_out) return {IoStatus::timed_out, written};
    bool ended = SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN;
    return {ended ? IoStatus::closed : IoStatus::failed, written};
  }

  struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Fd socket_;
  Transfer transfer_;
  std::unique_ptr<SSL, SslFree> ssl_;
  bool sound_ = true;
};

}  // namespace

std::unique_ptr<Channel> tls_client_channel(Fd socket, const std::string& host,
                                            const std::string& ca_file, milliseconds timeout) {
  return std::make_unique<TlsChannel>(std::move(socket), host, ca_file, timeout);
}

}  // namespace trainyard::http
