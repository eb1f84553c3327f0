// TLS over sockets. No other layer sees OpenSSL's sessions.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "http/channel.hpp"

struct ssl_ctx_st;

namespace trainyard::http {

/// Who a server is: a certificate and its key. TLS 1.2 or later; of the protocols that a client
/// offers (ALPN) only http/1.1 is taken, and a client that offers others only is refused.
class TlsIdentity {
 public:
  /// SystemError when the two cannot be read or do not belong together.
  TlsIdentity(std::string_view certificate_pem, std::string_view key_pem);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;
  ssl_ctx_st* context() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

/// TLS as a server on a connected socket, which must outlive the channel. `early` is what has been
/// read from it already. SystemError when the handshake fails or takes longer than `timeout`.
std::unique_ptr<Channel> tls_server_channel(int fd, const TlsIdentity& identity, std::string early,
                                            std::chrono::milliseconds timeout);

/// TLS as a client: verifies the peer's chain and name against `ca_file` ("": the system's store).
/// SystemError when the handshake or the verification fails.
std::unique_ptr<Channel> tls_client_channel(Fd socket, const std::string& host,
                                            const std::string& ca_file,
                                            std::chrono::milliseconds timeout);

}  // namespace trainyard::http
