// Certificates for tests, made on the spot: authorities, servers, clients, expired ones.
#pragma once

#include "tests/support/common.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace streamer::test {

/// When a certificate holds, relative to now.
struct validity {
  std::chrono::seconds from{-3600};
  std::chrono::seconds until{24 * 3600};
};

/// A certificate and its key, as PEM files.
struct key_pair {
  std::filesystem::path certificate;
  std::filesystem::path key;  ///< PKCS#8
  std::filesystem::path both; ///< key and certificate in one, as brokers take it
};

/// A private authority. Keys are P-256. Every failure fails the test.
class certificate_authority {
 public:
  /// Files go to `directory` and begin with `name`.
  certificate_authority(std::filesystem::path directory, std::string name, validity holds = {});
  certificate_authority(const certificate_authority&) = delete;
  certificate_authority& operator=(const certificate_authority&) = delete;
  ~certificate_authority();

  /// Its own certificate (PEM).
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  /// This authority once more: the same key and name, in another certificate.
  [[nodiscard]] std::filesystem::path reissued(const std::string& name, validity holds);

  /// Issues a certificate for `names`: "IP:127.0.0.1", "DNS:localhost"; none for a client. The key
  /// is encrypted if there is a password. Files of an earlier call with this `name` are replaced.
  [[nodiscard]] key_pair issue(const std::string& name, const std::vector<std::string>& names = {},
                               validity holds = {}, const std::string& password = {});

 private:
  struct identity;
  void certify_itself(identity& own, const std::filesystem::path& file, validity holds);
  std::filesystem::path directory_;
  std::string name_;
  std::filesystem::path file_;
  std::unique_ptr<identity> own_;
  long serial_ = 1;
};

} // namespace streamer::test
