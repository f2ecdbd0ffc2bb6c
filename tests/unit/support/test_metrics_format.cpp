#include "tests/support/metrics_page.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace streamer::test;

TEST_CASE("A page as Prometheus wants it has no faults") {
  CHECK(faults_of_metrics_page("# HELP a_total What it \\ counts.\n"
                               "# TYPE a_total counter\n"
                               "a_total{tenant=\"x\\\"y\\\\z\\n\"} 1\n"
                               "a_total{tenant=\"\xc3\xa4\"} 2.5e3\n"
                               "# HELP h Time.\n"
                               "# TYPE h histogram\n"
                               "h_bucket{le=\"0.1\"} 1\n"
                               "h_bucket{le=\"+Inf\"} 2\n"
                               "h_sum 0.3\n"
                               "h_count 2\n"
                               "# TYPE g gauge\n"
                               "g NaN\n")
            .empty());
}

TEST_CASE("What is not well formed is found") {
  const std::string page =
      GENERATE("# TYPE a counter\na 1", "a 1\n", "# TYPE a counter\na{x=\"1\" 1\n",
               "# TYPE a counter\na{x=\"\\q\"} 1\n", "# TYPE a counter\na{x=\"1\"} one\n",
               "# TYPE a counter\na 1\na 2\n", "# TYPE a counter\na{x=\"1\",x=\"2\"} 1\n",
               "# TYPE a counter\na{x=\"\xff\"} 1\n", "# TYPE a counter\na{x=\"\x1b\"} 1\n",
               "# TYPE a counter\n# TYPE a counter\na 1\n", "# TYPE a number\na 1\n",
               "# TYPE a counter\n# TYPE b counter\na 1\nb 1\na{x=\"1\"} 2\n",
               "# TYPE a counter\na{x=\"line\nend\"} 1\n");
  CAPTURE(page);
  CHECK_FALSE(faults_of_metrics_page(page).empty());
}
