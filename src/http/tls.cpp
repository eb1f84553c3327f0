// TLS over a socket, with the same timeouts: OpenSSL talks to a BIO of ours that polls.
#include "http/tls.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/channel.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

/// What the BIO needs to know of the transfer that OpenSSL runs on top of it.
struct Transfer {
  int fd = -1;
  std::string early;          // came with what stood before the handshake
  milliseconds timeout{0};    // of one write
  int64_t read_deadline = 0;  // of all reads together (monotonic nanoseconds)
  IoStatus last = IoStatus::ok;

  /// A record that trickles in has stopped too: its time does not begin anew with each byte.
  void begin(milliseconds time) {
    timeout = time;
    read_deadline = monotonic_nanos() + std::chrono::nanoseconds(time).count();
  }
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
  if (!transfer->early.empty()) {
    std::size_t count = std::min(transfer->early.size(), static_cast<std::size_t>(size));
    std::memcpy(data, transfer->early.data(), count);
    transfer->early.erase(0, count);
    return static_cast<int>(count);
  }
  const int64_t left = std::max<int64_t>(0, transfer->read_deadline - monotonic_nanos());
  IoResult result = socket_read(transfer->fd, data, static_cast<std::size_t>(size),
                                milliseconds((left + 999'999) / 1'000'000));
  transfer->last = result.status;
  if (result.status == IoStatus::ok) return static_cast<int>(result.size);
  if (result.status == IoStatus::timed_out) BIO_set_retry_read(bio);  // a later read goes on
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

/// What happened to the session so far: for messages.
std::string handshake_failure(SSL* ssl, const Transfer& transfer) {
  long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
  return transfer.last == IoStatus::timed_out ? "timed out" : tls_error();
}

class TlsChannel : public Channel {
 public:
  TlsChannel(int fd, SSL_CTX* context, std::string early) {
    transfer_.fd = fd;
    transfer_.early = std::move(early);
    ssl_.reset(SSL_new(context));
    BIO* bio = BIO_new(bio_method());
    BIO_set_data(bio, &transfer_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
  }
  ~TlsChannel() override {
    transfer_.begin(milliseconds(0));
    if (sound_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  IoResult read(char* data, std::size_t size, milliseconds timeout) override {
    transfer_.begin(timeout);
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), data, size, &count) == 1) return {IoStatus::ok, count};
    if (transfer_.last == IoStatus::timed_out) return {IoStatus::timed_out};
    return failure(0);
  }

  IoResult write(std::string_view head, std::string_view body, milliseconds timeout) override {
    transfer_.begin(timeout);
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

  bool readable() override {
    return SSL_pending(ssl_.get()) > 0 || !transfer_.early.empty() || socket_readable(fd());
  }
  int fd() const override { return transfer_.fd; }

 protected:
  SSL* ssl() { return ssl_.get(); }
  Transfer& transfer() { return transfer_; }

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
  Transfer transfer_;
  std::unique_ptr<SSL, SslFree> ssl_;
  bool sound_ = true;
};

class TlsClient final : public TlsChannel {
 public:
  TlsClient(Fd socket, const std::string& host, const std::string& ca_file, milliseconds timeout)
      : TlsChannel(socket.get(), client_context(ca_file), ""), socket_(std::move(socket)) {
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl());
    unsigned char address[sizeof(in6_addr)];
    if (::inet_pton(AF_INET, host.c_str(), address) == 1 ||
        ::inet_pton(AF_INET6, host.c_str(), address) == 1) {
      X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl(), host.c_str());
      X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
    }
    transfer().begin(timeout);
    ERR_clear_error();
    if (SSL_connect(ssl()) == 1) return;
    throw SystemError("TLS handshake with " + host +
                      " failed: " + handshake_failure(ssl(), transfer()));
  }

 private:
  Fd socket_;
};

class TlsServer final : public TlsChannel {
 public:
  TlsServer(int fd, const TlsIdentity& identity, std::string early, milliseconds timeout)
      : TlsChannel(fd, identity.context(), std::move(early)) {
    transfer().begin(timeout);
    ERR_clear_error();
    if (SSL_accept(ssl()) == 1) return;
    throw SystemError("TLS handshake failed: " + handshake_failure(ssl(), transfer()));
  }
};

constexpr unsigned char kProtocols[] = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  int found = SSL_select_next_proto(&chosen, out_size, kProtocols, sizeof kProtocols - 1, offered,
                                    offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
std::unique_ptr<BIO, BioFree> text_bio(std::string_view text) {
  return std::unique_ptr<BIO, BioFree>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

TlsIdentity::TlsIdentity(std::string_view certificate_pem, std::string_view key_pem)
    : context_(SSL_CTX_new(TLS_server_method())) {
  auto certificate_bio = text_bio(certificate_pem);
  X509* certificate = PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr);
  auto key_bio = text_bio(key_pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
  bool sound = certificate != nullptr && key != nullptr &&
               SSL_CTX_use_certificate(context_, certificate) == 1 &&
               SSL_CTX_use_PrivateKey(context_, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!sound) {
    SSL_CTX_free(context_);
    throw SystemError("a certificate cannot be used: " + tls_error());
  }
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_mode(context_, SSL_MODE_AUTO_RETRY);
  // Connections are kept alive, so nothing is resumed.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_alpn_select_cb(context_, choose_protocol, nullptr);
}

TlsIdentity::~TlsIdentity() { SSL_CTX_free(context_); }

std::unique_ptr<Channel> tls_server_channel(int fd, const TlsIdentity& identity, std::string early,
                                            milliseconds timeout) {
  return std::make_unique<TlsServer>(fd, identity, std::move(early), timeout);
}

std::unique_ptr<Channel> tls_client_channel(Fd socket, const std::string& host,
                                            const std::string& ca_file, milliseconds timeout) {
  return std::make_unique<TlsClient>(std::move(socket), host, ca_file, timeout);
}

}  // namespace trainyard::http
