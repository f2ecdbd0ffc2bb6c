#include "runtime/inspection/tls_files.hpp"

#include "runtime/inspection/certificate_maker.hpp"
#include "runtime/inspection/openssl_handles.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <filesystem>

namespace streamer {
namespace {

using namespace detail;

using store_ptr = std::unique_ptr<X509_STORE, openssl_free<X509_STORE_free>>;
using store_context_ptr = std::unique_ptr<X509_STORE_CTX, openssl_free<X509_STORE_CTX_free>>;

std::string at(const char* key, const std::filesystem::path& file) {
  return std::string{key} + " = \"" + file.string() + "\" ";
}

// Never asks anybody.
int no_password(char*, int, int, void*) { return -1; }

certificate_ptr read_certificate(const std::filesystem::path& file) {
  const bio_ptr in{BIO_new_file(file.c_str(), "r")};
  return certificate_ptr{in ? PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr) : nullptr};
}

key_ptr read_key(const std::filesystem::path& file) {
  const bio_ptr in{BIO_new_file(file.c_str(), "r")};
  return key_ptr{in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr) : nullptr};
}

// Intermediate certificates follow the first in its file.
struct chain {
  STACK_OF(X509) * certificates = sk_X509_new_null();
  explicit chain(const std::filesystem::path& file) {
    const bio_ptr in{BIO_new_file(file.c_str(), "r")};
    while (X509* next = in ? PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr) : nullptr) {
      sk_X509_push(certificates, next);
    }
    ERR_clear_error();
  }
  chain(const chain&) = delete;
  chain& operator=(const chain&) = delete;
  ~chain() { sk_X509_pop_free(certificates, X509_free); }
};

// Why the certificate does not come from the authority; empty: it does, and holds now.
std::string refusal_of(X509& certificate, const tls_files& files, inspection_side side) {
  const store_ptr store{X509_STORE_new()};
  const store_context_ptr context{X509_STORE_CTX_new()};
  const chain between{files.certificate};
  if (!store || !context || X509_STORE_load_file(store.get(), files.ca.c_str()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), &certificate, between.certificates) != 1) {
    return openssl_complaint();
  }
  X509_STORE_CTX_set_purpose(context.get(), side == inspection_side::worker
                                                ? X509_PURPOSE_SSL_SERVER
                                                : X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(context.get()) == 1) {
    return {};
  }
  ERR_clear_error();
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

} // namespace

tls_files tls_files_for(const settings& config, inspection_side side) {
  const auto& inspect = config.inspect;
  if (!inspect.certificate.empty()) {
    return {inspect.certificate, inspect.key, inspect.ca, false};
  }
  const auto folder = own_certificates(config.runtime.state_dir);
  const std::string name = side == inspection_side::worker ? "worker" : "client";
  return {folder / (name + ".pem"), folder / (name + ".key"), folder / "ca.pem", true};
}

std::optional<std::string> check_tls_files(const tls_files& files, inspection_side side) {
  ERR_clear_error();
  const auto certificate = read_certificate(files.certificate);
  if (!certificate) {
    return at("inspect.certificate", files.certificate) +
           "is no certificate in PEM that can be read (" + openssl_complaint() + ")";
  }
  const auto key = read_key(files.key);
  if (!key) {
    return at("inspect.key", files.key) + "is no key in PEM without a password that can be read (" +
           openssl_complaint() + ")";
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return at("inspect.key", files.key) + "is not the key of inspect.certificate";
  }
  if (!read_certificate(files.ca)) {
    return at("inspect.ca", files.ca) + "is no certificate in PEM that can be read (" +
           openssl_complaint() + ")";
  }
  if (const auto why = refusal_of(*certificate, files, side); !why.empty()) {
    return at("inspect.certificate", files.certificate) + "is refused by inspect.ca (" + why + ")";
  }
  return std::nullopt;
}

std::chrono::seconds remaining_validity(const std::filesystem::path& file) {
  const auto certificate = read_certificate(file);
  int days = 0;
  int seconds = 0;
  if (!certificate ||
      ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1) {
    ERR_clear_error();
    return std::chrono::seconds{-1};
  }
  return std::chrono::hours{24} * days + std::chrono::seconds{seconds};
}

} // namespace streamer
