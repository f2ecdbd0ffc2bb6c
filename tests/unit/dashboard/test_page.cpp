#include "runtime/dashboard/page.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

namespace streamer {
namespace {

std::string header_of(const http_response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::size_t times(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

} // namespace

TEST_CASE("The page is one piece, small, and refers to nothing outside itself") {
  const auto page = dashboard_html();
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.ends_with("</html>\n"));
  CHECK(page.size() < 200'000);
  CHECK(times(page, "<style>") == 1);
  CHECK(times(page, "<script>") == 1);
  for (const auto* outside : {"src=", "@import", "url(", "<link rel=\"stylesheet", "https://"}) {
    CAPTURE(outside);
    CHECK(page.find(outside) == std::string_view::npos);
  }
  // The name of SVG, which nobody fetches.
  CHECK(times(page, "http://") == times(page, "http://www.w3.org/2000/svg"));
}

TEST_CASE("Nothing in the page makes markup of text, or code") {
  const auto page = dashboard_html();
  for (const auto* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                          "new Function", "DOMParser", "createContextualFragment", "srcdoc",
                          "localStorage", "sessionStorage", "document.cookie"}) {
    CAPTURE(way);
    CHECK(page.find(way) == std::string_view::npos);
  }
}

TEST_CASE("The policy lets the page's own style and script run, and nothing else") {
  const auto response = dashboard_response(200);
  CHECK(response.content_type == "text/html; charset=utf-8");
  const auto policy = header_of(response, "Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'; "));
  CHECK(policy.find("script-src " + hash_source(dashboard_html(), "script")) != std::string::npos);
  CHECK(policy.find("style-src " + hash_source(dashboard_html(), "style")) != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(header_of(response, "WWW-Authenticate").empty());
}

TEST_CASE("A hash is that of the text between the tags") {
  // echo -n 'let a = 1;' | openssl dgst -sha256 -binary | base64
  CHECK(hash_source("<p><script>let a = 1;</script>", "script") ==
        "'sha256-xY6QKfH9PRsQnLz56nj6MBwiK5oHg+im1Jkpdp1x/Ck='");
}

TEST_CASE("Without a token the page is the same, with status 401") {
  const auto response = dashboard_response(401);
  CHECK(response.status == 401);
  CHECK(header_of(response, "WWW-Authenticate") == "Bearer");
  CHECK(response.body == dashboard_response(200).body);
}

} // namespace streamer
