// The lines that a worker and its child processes exchange: docs/handlers.md, "subprocess".
#pragma once

#include "messages/event.hpp"
#include "messages/handler.hpp"
#include "messages/outcome.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace streamer {

/// An event of an answer. Without a key of its own it gets the key of the record.
struct emitted_event {
  outbound_event event;
  bool key_of_record = true;
};

/// What a child says of one record.
struct child_answer {
  std::uint64_t id = 0;
  outcome result;
  std::vector<emitted_event> events;
};

/// Why a line is no answer: one line without any of its content but names of the protocol. `id` is
/// there if the line has one, so that its record need not wait for a timeout.
struct bad_answer {
  std::optional<std::uint64_t> id;
  std::string problem;
};

/// Appends the request for a record: one line of JSON and its end.
void append_request(std::string& out, std::uint64_t id, const record_view& record);

/// Reads an answer, a line without its end. Never throws for what is in it.
[[nodiscard]] std::variant<child_answer, bad_answer> read_answer(std::string_view line);

} // namespace streamer
