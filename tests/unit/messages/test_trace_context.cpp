#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "messages/trace_context.hpp"

using namespace streamer;

namespace {

constexpr std::string_view usual = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string with(std::size_t at, std::string_view text) {
  return std::string{usual}.replace(at, text.size(), text);
}

} // namespace

TEST_CASE("A traceparent is read and written as the standard has it") {
  const auto context = parse_traceparent(usual);
  REQUIRE(context);
  CHECK(context->trace.front() == 0x0A);
  CHECK(context->trace.back() == 0x9C);
  CHECK(context->span.front() == 0xB7);
  CHECK(context->span.back() == 0x31);
  CHECK(context->sampled);
  CHECK(to_traceparent(*context) == usual);

  const auto unsampled = parse_traceparent(with(53, "00"));
  REQUIRE(unsampled);
  CHECK_FALSE(unsampled->sampled);
  CHECK(to_traceparent(*unsampled) == with(53, "00"));
}

TEST_CASE("Of the flags only the one that is known counts") {
  CHECK(parse_traceparent(with(53, "ff"))->sampled);
  CHECK_FALSE(parse_traceparent(with(53, "fe"))->sampled);
  CHECK(to_traceparent(*parse_traceparent(with(53, "ff"))) == usual);
}

TEST_CASE("A later version is read as far as it is known") {
  CHECK(parse_traceparent(with(0, "cc")));
  CHECK(parse_traceparent(with(0, "cc") + "-what-comes-later"));
  CHECK_FALSE(parse_traceparent(with(0, "cc") + ".what-comes-later"));
}

TEST_CASE("A traceparent that is none begins nothing") {
  const std::array<std::string, 16> wrong{"",
                                          "-",
                                          "00",
                                          std::string{usual.substr(0, 54)},
                                          std::string{usual} + "-",
                                          std::string{usual} + "0",
                                          with(0, "ff"),
                                          with(0, "0g"),
                                          with(2, "_"),
                                          with(3, "0A"), // upper case
                                          with(3, std::string(32, '0')),
                                          with(36, std::string(16, '0')),
                                          with(35, "_"),
                                          with(52, "_"),
                                          with(53, "0x"),
                                          std::string(10'000, '0')};
  for (const auto& text : wrong) {
    INFO(text.substr(0, 80));
    CHECK_FALSE(parse_traceparent(text));
  }
  CHECK_FALSE(parse_traceparent(std::string(55, '\0')));
}

TEST_CASE("A tracestate is handed on if it has the standard's form") {
  for (const auto* text : {"a=b", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "fw529a3039@dt=x y",
                           "a=b , c=d,,", "1a-_*/=!~"}) {
    INFO(text);
    CHECK(is_tracestate(text));
  }
  for (const auto* text :
       {"", ",", "a", "=b", "a=", "A=b", "a=b=c", "a=\xff", "a=b\n", "a b=c", "-a=b"}) {
    INFO(text);
    CHECK_FALSE(is_tracestate(text));
  }
}

TEST_CASE("A tracestate has bounds") {
  std::string members;
  for (int i = 0; i < 32; ++i) {
    members += (i > 0 ? ",m" : "m") + std::to_string(i) + "=v";
  }
  CHECK(is_tracestate(members));
  CHECK_FALSE(is_tracestate(members + ",n=v"));
  CHECK(is_tracestate("a=" + std::string(256, 'v')));
  CHECK_FALSE(is_tracestate("a=" + std::string(257, 'v')));
  CHECK_FALSE(is_tracestate(std::string(257, 'a') + "=v"));
  CHECK_FALSE(is_tracestate("a=" + std::string(256, 'v') + ",b=" + std::string(256, 'v')));
}
