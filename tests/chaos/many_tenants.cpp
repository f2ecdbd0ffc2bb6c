// E4: far more tenants than anybody would name, some of them with names that nobody should choose.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/http_probe.hpp"
#include "tests/support/metrics_page.hpp"

using namespace streamer::test;

namespace {

constexpr int all_tenants = 100'000;

// Every tenth has an id that text formats and logs do not like.
std::string tenant(int n) {
  const auto number = std::to_string(n);
  switch (n % 60) {
    case 0: return "quoted\"" + number + "\"";
    case 10: return "back\\slash\\" + number;
    case 20: return "line\nend\r\n" + number;
    case 30: return "\xff\xfe\x80 no UTF-8 " + number;
    case 40: return std::string{"nul\0and\x1b[31m", 12} + number;
    case 50: return std::string(2'000, 'x') + number;
    default: return "tenant-" + number;
  }
}

} // namespace

TEST_CASE("E4: 100,000 tenants, some with hostile names", "[E4]") {
  chaos_report report{"E4", "100,000 tenants, some with hostile names"};
  const double rate = 4'000;
  report.rate(rate);
  report.needs("tenants", all_tenants);
  const scenario s{shared_broker(), {.partitions = 6}};
  auto config = brisk(s.forward());
  config.value("tenants.max_labels", "100");
  fleet workers{s, config, report};
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  const auto began = std::chrono::steady_clock::now();
  std::size_t largest_page = 0;
  for (int n = 0; n < all_tenants; ++n) {
    load.send(load.maker().make(tenant(n), "k" + std::to_string(n), 50));
    if (n % 100 == 99) {
      std::this_thread::sleep_until(began +
                                    std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                        std::chrono::duration<double>((n + 1) / rate)));
    }
    if (n % 20'000 == 19'999) {
      const auto page = http_get(workers.at(0).metrics_port(), "/metrics");
      CHECK(page.status == 200);
      largest_page = std::max(largest_page, page.body.size());
    }
  }
  load.flush();
  report.fault("tenants", all_tenants);
  s.wait_until_drained(180s);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto page = http_get(workers.at(0).metrics_port(), "/metrics");
  CHECK(page.status == 200);
  largest_page = std::max(largest_page, page.body.size());
  CHECK(largest_page <= 1'000'000);
  const auto problems = faults_of_metrics_page(page.body);
  for (const auto& p : problems) {
    FAIL_CHECK(p);
  }
  std::set<std::string> labels;
  for (const auto& one : parse_metrics(page.body)) {
    if (const auto label = one.labels.find("tenant"); label != one.labels.end()) {
      labels.insert(label->second);
    }
  }
  CHECK(labels.size() <= 101);
  CHECK(labels.contains("other"));
  // The actors of tenants that are gone go too.
  const auto handlers = [&] {
    const auto status =
        nlohmann::json::parse(http_get(workers.at(0).admin_port(), "/status").body, nullptr, false);
    return status.contains("tenants") ? status["tenants"].size() : std::size_t{all_tenants};
  };
  CHECK(wait_until([&] { return handlers() <= 6'000; }, 30s));
  CHECK(wait_until([&] { return handlers() == 0; }, 90s, 1s));
  report.figure("seconds until drained", took.count());
  report.figure("largest scrape, bytes", static_cast<double>(largest_page));
  report.figure("tenant labels", static_cast<double>(labels.size()));
  workers.stop_all();
  report.require_invariants(s, s.collect(load.sent()), {});
}
