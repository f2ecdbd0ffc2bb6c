#include "tests/support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdio>

namespace streamer::test {
namespace {

template <auto Free>
struct free_with {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using evp_key = std::unique_ptr<EVP_PKEY, free_with<EVP_PKEY_free>>;
using x509 = std::unique_ptr<X509, free_with<X509_free>>;
using extension = std::unique_ptr<X509_EXTENSION, free_with<X509_EXTENSION_free>>;

struct close_file {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// Writes beside the file and renames, so that a reader never sees half of it.
template <class Write>
void write_pem(const std::filesystem::path& path, Write write) {
  const std::filesystem::path fresh{path.string() + ".new"};
  {
    const std::unique_ptr<std::FILE, close_file> file{std::fopen(fresh.c_str(), "w")};
    REQUIRE(file != nullptr);
    write(file.get());
  }
  std::filesystem::rename(fresh, path);
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const extension made{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  REQUIRE(made != nullptr);
  REQUIRE(X509_add_ext(&certificate, made.get(), -1) == 1);
}

x509 unsigned_certificate(EVP_PKEY& key, const std::string& name, long serial, validity holds) {
  x509 made{X509_new()};
  REQUIRE(made != nullptr);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), static_cast<long>(holds.from.count()));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(holds.until.count()));
  X509_set_pubkey(made.get(), &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return made;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    text += (text.empty() ? "" : ",") + part;
  }
  return text;
}

void write_key(std::FILE* file, EVP_PKEY& key, const std::string& password) {
  const auto* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
  REQUIRE(PEM_write_PKCS8PrivateKey(file, &key, cipher,
                                    password.empty() ? nullptr : password.c_str(),
                                    static_cast<int>(password.size()), nullptr, nullptr) == 1);
}

} // namespace

struct certificate_authority::identity {
  evp_key key;
  x509 certificate;
};

certificate_authority::certificate_authority(std::filesystem::path directory, std::string name,
                                             validity holds)
    : directory_{std::move(directory)},
      name_{std::move(name)},
      file_{directory_ / (name_ + ".pem")},
      own_{std::make_unique<identity>()} {
  own_->key.reset(EVP_EC_gen("P-256"));
  REQUIRE(own_->key != nullptr);
  certify_itself(*own_, file_, holds);
}

void certificate_authority::certify_itself(identity& own, const std::filesystem::path& path,
                                           validity holds) {
  own.certificate = unsigned_certificate(*own.key, name_, serial_++, holds);
  auto& certificate = *own.certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  REQUIRE(X509_sign(&certificate, own.key.get(), EVP_sha256()) > 0);
  write_pem(path, [&](std::FILE* file) { REQUIRE(PEM_write_X509(file, &certificate) == 1); });
}

std::filesystem::path certificate_authority::reissued(const std::string& name, validity holds) {
  identity again;
  EVP_PKEY_up_ref(own_->key.get());
  again.key.reset(own_->key.get());
  const auto path = directory_ / (name + ".pem");
  certify_itself(again, path, holds);
  return path;
}

certificate_authority::~certificate_authority() = default;

key_pair certificate_authority::issue(const std::string& name,
                                      const std::vector<std::string>& names, validity holds,
                                      const std::string& password) {
  const evp_key key{EVP_EC_gen("P-256")};
  REQUIRE(key != nullptr);
  const auto made = unsigned_certificate(*key, name, serial_++, holds);
  X509_set_issuer_name(made.get(), X509_get_subject_name(own_->certificate.get()));
  add_extension(*made, *own_->certificate, NID_basic_constraints, "CA:FALSE");
  add_extension(*made, *own_->certificate, NID_ext_key_usage,
                names.empty() ? "clientAuth" : "serverAuth");
  if (!names.empty()) {
    add_extension(*made, *own_->certificate, NID_subject_alt_name, joined(names));
  }
  REQUIRE(X509_sign(made.get(), own_->key.get(), EVP_sha256()) > 0);

  const key_pair files{directory_ / (name + ".pem"), directory_ / (name + ".key"),
                       directory_ / (name + ".both.pem")};
  write_pem(files.key, [&](std::FILE* file) { write_key(file, *key, password); });
  write_pem(files.certificate,
            [&](std::FILE* file) { REQUIRE(PEM_write_X509(file, made.get()) == 1); });
  write_pem(files.both, [&](std::FILE* file) {
    write_key(file, *key, password);
    REQUIRE(PEM_write_X509(file, made.get()) == 1);
    REQUIRE(PEM_write_X509(file, own_->certificate.get()) == 1);
  });
  return files;
}

} // namespace streamer::test
