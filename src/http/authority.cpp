#include "http/authority.hpp"

#include <cstdlib>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.hpp"
#include "base/log.hpp"

namespace trainyard::http {
namespace {

constexpr int kSerialBits = 127;
constexpr const char* kName = "Trainyard local authority";

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Extension = std::unique_ptr<X509_EXTENSION, Free>;
using Bio = std::unique_ptr<BIO, Free>;

[[noreturn]] void fail(const std::string& what) {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  throw SystemError("cannot " + what + ": " + text);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) fail("make a key");
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string pem_of(EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    fail("write a key");
  }
  return text_of(bio.get());
}

std::string pem_of(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) fail("write a certificate");
  return text_of(bio.get());
}

time_t seconds_of(Time time) { return static_cast<time_t>(to_millis(time) / 1000); }

/// In OpenSSL's configuration syntax: "permitted;DNS:amazonaws.com,…". No address is permitted.
std::string constraints_text(const std::vector<std::string>& domains) {
  std::string text = "critical";
  for (const std::string& domain : domains) text += ",permitted;DNS:" + domain;
  return text + ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0";
}

Extension extension(int kind, const std::string& value, X509* issuer, X509* subject) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  Extension made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (!made) fail("make a certificate's extension " + value);
  return made;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  Extension made = extension(kind, value, issuer, certificate);
  if (X509_add_ext(certificate, made.get(), -1) != 1) fail("extend a certificate");
}

/// Everything but extensions and signature.
Certificate new_certificate(EVP_PKEY* key, const std::string& name, int days, Time now) {
  Certificate made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  std::unique_ptr<BIGNUM, Free> serial(BN_new());
  BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
  time_t today = seconds_of(now);
  X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &today);
  X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &today);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  if (X509_set_pubkey(certificate, key) != 1) fail("make a certificate");
  return made;
}

Certificate make_authority(EVP_PKEY* key, const std::vector<std::string>& domains, Time now) {
  Certificate made = new_certificate(key, kName, kAuthorityDays, now);
  X509* certificate = made.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  add_extension(certificate, certificate, NID_name_constraints, constraints_text(domains));
  if (X509_sign(certificate, key, EVP_sha256()) == 0) fail("sign a certificate");
  return made;
}

/// Whether the certificate constrains itself to exactly these domains.
bool signs_for(X509* certificate, const std::vector<std::string>& domains) {
  int at = X509_get_ext_by_NID(certificate, NID_name_constraints, -1);
  if (at < 0) return false;
  Extension wanted =
      extension(NID_name_constraints, constraints_text(domains), certificate, certificate);
  return ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(certificate, at)),
                               X509_EXTENSION_get_data(wanted.get())) == 0;
}

bool lasts(X509* certificate, Time now) {
  time_t end = seconds_of(now) + static_cast<time_t>(kCertificateDays) * 86'400;
  return X509_cmp_time(X509_get0_notAfter(certificate), &end) > 0;
}

}  // namespace

struct Authority::Impl {
  Key key;
  Certificate certificate;

  /// What the folder holds; false when that is of no use.
  bool load(const fs::path& folder, const std::vector<std::string>& domains, Time now) {
    auto key_text = read_file_if_exists(folder / "key.pem");
    auto certificate_text = read_file_if_exists(folder / "ca.pem");
    if (!key_text || !certificate_text) return false;
    Bio key_bio(BIO_new_mem_buf(key_text->data(), static_cast<int>(key_text->size())));
    key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    Bio bio(BIO_new_mem_buf(certificate_text->data(), static_cast<int>(certificate_text->size())));
    certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    bool sound = key && certificate && X509_check_private_key(certificate.get(), key.get()) == 1 &&
                 signs_for(certificate.get(), domains) && lasts(certificate.get(), now);
    ERR_clear_error();
    if (!sound) log_warning("the authority in {} is replaced by a new one", folder.string());
    return sound;
  }
};

Authority::Authority(const fs::path& folder, const std::vector<std::string>& domains, Time now)
    : impl_(std::make_unique<Impl>()) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw SystemError("cannot create " + folder.string() + ": " + error.message());
  if (!impl_->load(folder, domains, now)) {
    impl_->key = new_key();
    impl_->certificate = make_authority(impl_->key.get(), domains, now);
    // The key first: a crash between the two leaves a pair that does not match, which is replaced.
    write_file_atomically(folder / "key.pem", pem_of(impl_->key.get()), 0600, "ca.key.rename");
    write_file_atomically(folder / "ca.pem", pem_of(impl_->certificate.get()), 0644,
                          "ca.certificate.rename");
  }
  certificate_pem_ = pem_of(impl_->certificate.get());
}

Authority::~Authority() = default;

std::shared_ptr<const TlsIdentity> Authority::issue(const std::vector<std::string>& names,
                                                    Time now) const {
  TRAINYARD_ASSERT(!names.empty());
  X509* issuer = impl_->certificate.get();
  Key key = new_key();
  // A common name takes 64 characters and means nothing beside the alternative names.
  Certificate made = new_certificate(key.get(), "Trainyard", kCertificateDays, now);
  X509* certificate = made.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  std::string alternatives;
  for (const std::string& name : names) {
    alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  }
  add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  add_extension(certificate, issuer, NID_subject_alt_name, alternatives);
  if (X509_sign(certificate, impl_->key.get(), EVP_sha256()) == 0) fail("sign a certificate");
  return std::make_shared<const TlsIdentity>(pem_of(certificate), pem_of(key.get()));
}

fs::path system_authorities() {
  const char* named = std::getenv("SSL_CERT_FILE");
  for (const char* path : {named, "/etc/ssl/certs/ca-certificates.crt",
                           X509_get_default_cert_file()}) {
    std::error_code error;
    if (path != nullptr && fs::is_regular_file(path, error)) return path;
  }
  return {};
}

}  // namespace trainyard::http
