#include "messages/outcome.hpp"

namespace streamer {

std::string_view to_string(failure_class c) {
  switch (c) {
    case failure_class::none: return "none";
    case failure_class::handler: return "handler";
    case failure_class::exception: return "exception";
    case failure_class::timeout: return "timeout";
    case failure_class::output_refused: return "output_refused";
    case failure_class::abandoned: return "abandoned";
    case failure_class::handler_restart: return "handler_restart";
    case failure_class::unmatched: return "unmatched";
    case failure_class::undecodable: return "undecodable";
    case failure_class::overflow: return "overflow";
    case failure_class::quarantined: return "quarantined";
  }
  return "none";
}

std::string_view to_string(dead_letter_reason r) {
  switch (r) {
    case dead_letter_reason::handler_rejected: return "handler_rejected";
    case dead_letter_reason::retries_exhausted: return "retries_exhausted";
    case dead_letter_reason::overflow: return "overflow";
    case dead_letter_reason::timeout: return "timeout";
    case dead_letter_reason::crash: return "crash";
    case dead_letter_reason::undecodable: return "undecodable";
    case dead_letter_reason::unmatched: return "unmatched";
    case dead_letter_reason::too_large: return "too_large";
  }
  return "handler_rejected";
}

} // namespace streamer
