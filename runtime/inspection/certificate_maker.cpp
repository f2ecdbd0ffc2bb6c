#include "runtime/inspection/certificate_maker.hpp"

#include "runtime/inspection/openssl_handles.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace streamer {
namespace {

using namespace detail;
namespace fs = std::filesystem;

using extension_ptr = std::unique_ptr<X509_EXTENSION, openssl_free<X509_EXTENSION_free>>;

constexpr long minute = 60;
constexpr long lifetime = 10L * 365 * 24 * 3600;
constexpr std::chrono::hours least_left{7 * 24};
constexpr std::array file_names{"ca.pem", "worker.pem", "worker.key", "client.pem", "client.key"};

struct identity {
  key_ptr key;
  certificate_ptr certificate;
};

bool extend(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const extension_ptr made{X509V3_EXT_conf_nid(nullptr, &context, kind, value)};
  return made && X509_add_ext(&certificate, made.get(), -1) == 1;
}

bool set_random_serial(X509& certificate) {
  std::uint64_t serial = 0;
  return RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1U) == 1;
}

// A key and a certificate of it that has yet to be signed.
std::optional<identity> unsigned_identity(const char* name) {
  identity made{key_ptr{EVP_EC_gen("P-256")}, certificate_ptr{X509_new()}};
  if (!made.key || !made.certificate) {
    return std::nullopt;
  }
  auto& certificate = *made.certificate;
  // A clock that is a little behind is to find the certificate holding.
  const bool ok =
      X509_set_version(&certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
      X509_gmtime_adj(X509_getm_notBefore(&certificate), -10 * minute) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(&certificate), lifetime) != nullptr &&
      X509_set_pubkey(&certificate, made.key.get()) == 1 &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1;
  return ok ? std::optional{std::move(made)} : std::nullopt;
}

std::optional<identity> authority() {
  auto made = unsigned_identity("streamer inspection authority");
  if (!made) {
    return std::nullopt;
  }
  auto& own = *made->certificate;
  const bool ok = X509_set_issuer_name(&own, X509_get_subject_name(&own)) == 1 &&
                  extend(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                  extend(own, own, NID_key_usage, "critical,keyCertSign") &&
                  extend(own, own, NID_subject_key_identifier, "hash") &&
                  X509_sign(&own, made->key.get(), EVP_sha256()) > 0;
  return ok ? std::move(made) : std::nullopt;
}

// `usage` keeps a client's certificate from passing for a worker's.
std::optional<identity> issued(const identity& by, const char* name, const char* usage) {
  auto made = unsigned_identity(name);
  if (!made) {
    return std::nullopt;
  }
  auto& own = *made->certificate;
  auto& issuer = *by.certificate;
  const bool ok = X509_set_issuer_name(&own, X509_get_subject_name(&issuer)) == 1 &&
                  extend(own, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                  extend(own, issuer, NID_key_usage, "critical,digitalSignature") &&
                  extend(own, issuer, NID_ext_key_usage, usage) &&
                  X509_sign(&own, by.key.get(), EVP_sha256()) > 0;
  return ok ? std::move(made) : std::nullopt;
}

// Readable by this user alone from its first byte on.
template <class Write>
bool write_private(const fs::path& path, Write write) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return false;
  }
  const bio_ptr out{BIO_new_fd(fd, BIO_CLOSE)};
  return out && write(out.get()) && ::fsync(fd) == 0;
}

bool write_certificate(const fs::path& path, const identity& who) {
  return write_private(path,
                       [&](BIO* out) { return PEM_write_bio_X509(out, who.certificate.get()); });
}

bool write_identity(const fs::path& folder, const std::string& name, const identity& who) {
  return write_certificate(folder / (name + ".pem"), who) &&
         write_private(folder / (name + ".key"), [&](BIO* out) {
           return PEM_write_bio_PKCS8PrivateKey(out, who.key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
         });
}

bool write_all(const fs::path& folder) {
  const auto by = authority();
  if (!by) {
    return false;
  }
  const auto worker = issued(*by, "streamer worker", "serverAuth");
  const auto client = issued(*by, "streamer inspect", "clientAuth");
  return worker && client && write_certificate(folder / "ca.pem", *by) &&
         write_identity(folder, "worker", *worker) && write_identity(folder, "client", *client);
}

bool complete(const fs::path& folder) {
  return std::ranges::all_of(file_names, [&](const char* name) {
    const std::string file{name};
    std::error_code error;
    return fs::exists(folder / file, error) &&
           (!file.ends_with(".pem") || remaining_validity(folder / file) > least_left);
  });
}

std::string failure(const std::string& what, const fs::path& where, int code) {
  return "runtime.state_dir: " + what + " " + where.string() + ": " +
         std::generic_category().message(code) +
         "; name a folder that this user can write, or set inspect.certificate, .key and .ca";
}

} // namespace

fs::path own_certificates(const fs::path& state_dir) { return state_dir / "inspect"; }

std::optional<std::string> make_certificates(const fs::path& state_dir) {
  const auto folder = own_certificates(state_dir);
  if (complete(folder)) {
    return std::nullopt;
  }
  std::error_code error;
  if (!fs::is_directory(state_dir, error)) {
    fs::create_directories(state_dir, error);
    if (error) {
      return failure("cannot make", state_dir, error.value());
    }
    fs::permissions(state_dir, fs::perms::owner_all, error);
  }
  // Made beside and renamed, so that nobody ever sees half of them.
  std::string fresh = (state_dir / "inspect.XXXXXX").string();
  if (::mkdtemp(fresh.data()) == nullptr) {
    return failure("cannot make", fresh, errno);
  }
  if (!write_all(fresh)) {
    const int code = errno;
    ERR_clear_error();
    fs::remove_all(fresh, error);
    return failure("cannot write certificates into", fresh, code);
  }
  if (::rename(fresh.c_str(), folder.c_str()) == 0) {
    return std::nullopt;
  }
  // Another process was faster; or old ones are in the way.
  if (!complete(folder)) {
    const std::string old = fresh + ".old";
    if (::rename(folder.c_str(), old.c_str()) != 0 ||
        ::rename(fresh.c_str(), folder.c_str()) != 0) {
      const int code = errno;
      if (!complete(folder)) {
        fs::remove_all(fresh, error);
        return failure("cannot replace", folder, code);
      }
    }
    fs::remove_all(old, error);
  }
  fs::remove_all(fresh, error);
  return std::nullopt;
}

} // namespace streamer
