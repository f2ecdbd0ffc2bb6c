#pragma once

#include "actors/consumer/quarantine.hpp"
#include "config/settings.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/system/crash_signals.hpp"
#include "runtime/system/journal_file.hpp"
#include "runtime/system/suspect_keeper.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <memory>
#include <vector>

namespace streamer {

/// What a worker has to find the records that kill a process: the crash journal, what an unclean
/// end left behind, and the keeper of suspects. Without them where the cluster is embedded, for its
/// records end with the process.
class worker_quarantine {
 public:
  /// Opens the journal and takes over those of processes that ended uncleanly. A folder that cannot
  /// be written is no failure: it is named, and the worker goes on without.
  worker_quarantine(const settings& config, bool embedded, std::shared_ptr<telemetry> metrics,
                    const log_handle& log);

  [[nodiscard]] const std::shared_ptr<suspect_board>& board() const { return board_; }
  [[nodiscard]] std::shared_ptr<suspect_store> store() const { return keeper_; }
  [[nodiscard]] const std::shared_ptr<handler_calls>& calls() const { return calls_; }
  [[nodiscard]] quarantine_context context() const;

  /// Makes suspects of what an unclean end left; to be called before the group is joined. Blocks,
  /// for ten seconds at most.
  void publish_suspects();
  void refresh_metrics() const;
  /// Nothing is to be found by whoever starts next.
  void ended_cleanly() const;

 private:
  void open_journal(const settings& config);

  std::shared_ptr<telemetry> metrics_;
  log_handle log_;
  std::string process_;
  quarantine_limits limits_;
  std::shared_ptr<suspect_board> board_ = std::make_shared<suspect_board>();
  std::shared_ptr<journal_file> journal_;
  std::shared_ptr<handler_calls> calls_;
  std::unique_ptr<crash_signals> signals_; // ends before the journal
  std::vector<left_journal> left_;
  std::uint64_t left_out_ = 0;
  std::shared_ptr<suspect_keeper> keeper_;
};

} // namespace streamer
