// What `streamer doctor` says of one thing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// How bad it is. A problem stops the work or loses something; a warning will do so one day, or
/// could not be looked at.
enum class severity : std::uint8_t { ok, warning, problem };

/// ok, warning, problem.
[[nodiscard]] std::string_view to_string(severity s);

/// One thing that was looked at.
struct finding {
  severity how = severity::ok;
  std::string id;      ///< stable, snake_case: what was looked at
  std::string subject; ///< for example `topic events.dlq`
  std::string what;
  std::string remedy; ///< empty if all is well

  bool operator==(const finding&) const = default;
};

using findings = std::vector<finding>;

/// The worst of all; ok for none.
[[nodiscard]] severity worst_of(const findings& all);

/// Collects findings about one subject.
class finding_list {
 public:
  finding_list(findings& all, std::string subject) : all_{all}, subject_{std::move(subject)} {}

  void ok(std::string id, std::string what) {
    all_.push_back({severity::ok, std::move(id), subject_, std::move(what), {}});
  }
  void warn(std::string id, std::string what, std::string remedy) {
    add(severity::warning, std::move(id), std::move(what), std::move(remedy));
  }
  void problem(std::string id, std::string what, std::string remedy) {
    add(severity::problem, std::move(id), std::move(what), std::move(remedy));
  }
  void add(severity how, std::string id, std::string what, std::string remedy) {
    all_.push_back({how, std::move(id), subject_, std::move(what), std::move(remedy)});
  }

 private:
  findings& all_;
  std::string subject_;
};

} // namespace streamer
