// Sending a load test's events, and saying what came of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tools/command_tree.hpp"
#include "tools/event_session.hpp"
#include "tools/load_book.hpp"
#include "tools/load_test/load_options.hpp"
#include "tools/load_test/load_report.hpp"
#include "tools/stop_signal.hpp"

namespace streamer::tools {

/// Adds the flags of a load test to a command.
void add_load_flags(CLI::App& app, load_options& options);

/// A line if the report that `options` ask for could not be written: better said before the load
/// than after it. Creates the files.
[[nodiscard]] std::optional<std::string> problem_of_report(const load_options& options);

/// Sends the load until its time is over or a stop is requested, with live progress on a terminal;
/// then waits for the answers as long as producer.delivery_timeout_ms. `book` has been given to
/// whoever receives, before.
[[nodiscard]] load_report send_load(event_session& session, const stop_signal& stop,
                                    const load_options& options,
                                    const std::shared_ptr<load_book>& book);

/// Prints the report, and writes it to `options.report` if that is set. The exit code: 4 for an
/// unclean verdict, 1 for events that were not delivered or a report that cannot be written.
[[nodiscard]] int finish_load_test(load_report report);

} // namespace streamer::tools
