#pragma once

#include <vector>

#include "config/problem.hpp"
#include "config/settings.hpp"

namespace streamer {

/// Checks keys against each other. Pure: `where` gives positions, and tells a value that a person
/// set from a default.
[[nodiscard]] std::vector<problem> validate(const settings& values, const provenance& where);

/// Checks that the files that the configuration names can be read.
[[nodiscard]] std::vector<problem> check_files(const settings& values, const provenance& where);

/// What is allowed and yet probably not meant.
[[nodiscard]] std::vector<problem> doubtful(const settings& values, const provenance& where);

} // namespace streamer
