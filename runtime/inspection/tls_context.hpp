// For this room only.
#pragma once

#include "runtime/inspection/openssl_handles.hpp"
#include "runtime/inspection/tls_files.hpp"

#include <string>

namespace streamer::detail {

/// What all connections of one end share: both ends show a certificate of the authority, or none
/// of them is talked to. Null, with one line in `problem`, if a file cannot be used.
[[nodiscard]] ssl_context_ptr make_tls_context(const tls_files& files, inspection_side side,
                                               std::string& problem);

} // namespace streamer::detail
