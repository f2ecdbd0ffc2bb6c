# Everything from outside, as imported targets:
#   CAF::core CAF::io CAF::openssl            RdKafka::rdkafka          hdr_histogram
#   spdlog::spdlog                            nlohmann_json::nlohmann_json
#   prometheus-cpp::core                      CLI11::CLI11              tomlplusplus::tomlplusplus
#   curl
#   microhttpd                                OpenSSL::Crypto           ZLIB::ZLIB
#   Catch2::Catch2WithMain (with STREAMER_TESTS)
#
# scripts/deps builds or installs them all into .deps/prefix, which the presets put on
# CMAKE_PREFIX_PATH; without a preset it is looked at here all the same.
if(STREAMER_SANITIZE MATCHES "thread" AND EXISTS "${PROJECT_SOURCE_DIR}/.deps/prefix-tsan")
  list(APPEND CMAKE_PREFIX_PATH "${PROJECT_SOURCE_DIR}/.deps/prefix-tsan")
elseif(EXISTS "${PROJECT_SOURCE_DIR}/.deps/prefix")
  list(APPEND CMAKE_PREFIX_PATH "${PROJECT_SOURCE_DIR}/.deps/prefix")
endif()

# A plain "not found" from CMake does not say what to do.
macro(streamer_find name)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} (${ARGN}) was not found. Run scripts/deps first: it installs or "
                        "builds every dependency into .deps/prefix.")
  endif()
endmacro()

streamer_find(Threads)
streamer_find(PkgConfig)
streamer_find(OpenSSL)
streamer_find(ZLIB)

# No version in the call: CAF's own version file accepts nothing but an exact match.
streamer_find(CAF CONFIG COMPONENTS core io openssl)
if(CAF_VERSION VERSION_LESS 0.18.7 OR CAF_VERSION VERSION_GREATER_EQUAL 0.19)
  message(FATAL_ERROR "CAF ${CAF_VERSION} was found; 0.18.7 is needed. Run scripts/deps.")
endif()

streamer_find(spdlog CONFIG)
streamer_find(nlohmann_json CONFIG)
streamer_find(prometheus-cpp CONFIG)
streamer_find(CLI11 CONFIG)
streamer_find(tomlplusplus CONFIG)
streamer_find(hdr_histogram 0.11 CONFIG)
if(STREAMER_TESTS)
  streamer_find(Catch2 3.4 CONFIG)
endif()

if(NOT TARGET hdr_histogram)
  add_library(hdr_histogram INTERFACE IMPORTED)
  if(TARGET hdr_histogram::hdr_histogram_static)
    target_link_libraries(hdr_histogram INTERFACE hdr_histogram::hdr_histogram_static)
  else()
    target_link_libraries(hdr_histogram INTERFACE hdr_histogram::hdr_histogram)
  endif()
endif()

pkg_check_modules(microhttpd REQUIRED QUIET IMPORTED_TARGET libmicrohttpd)
add_library(microhttpd INTERFACE IMPORTED)
target_link_libraries(microhttpd INTERFACE PkgConfig::microhttpd)

pkg_check_modules(libcurl REQUIRED QUIET IMPORTED_TARGET libcurl>=7.85)
add_library(curl INTERFACE IMPORTED)
target_link_libraries(curl INTERFACE PkgConfig::libcurl)

# librdkafka: the static one of the prefix brings its private libraries, an installed shared one
# knows its own.
pkg_check_modules(rdkafka REQUIRED QUIET IMPORTED_TARGET rdkafka>=2.8)
if(rdkafka_VERSION VERSION_EQUAL 2.10.0)
  message(FATAL_ERROR "librdkafka 2.10.0 loses messages. Run scripts/deps for another.")
endif()
add_library(RdKafka::rdkafka INTERFACE IMPORTED)
if(EXISTS "${rdkafka_LIBDIR}/librdkafka.a" AND NOT EXISTS "${rdkafka_LIBDIR}/librdkafka.so")
  pkg_check_modules(rdkafka_private REQUIRED QUIET IMPORTED_TARGET libzstd liblz4 libcurl)
  target_include_directories(RdKafka::rdkafka SYSTEM INTERFACE "${rdkafka_INCLUDEDIR}")
  target_link_libraries(RdKafka::rdkafka INTERFACE
      "${rdkafka_LIBDIR}/librdkafka.a" PkgConfig::rdkafka_private OpenSSL::SSL OpenSSL::Crypto
      ZLIB::ZLIB Threads::Threads ${CMAKE_DL_LIBS} m rt)
else()
  target_link_libraries(RdKafka::rdkafka INTERFACE PkgConfig::rdkafka)
endif()

message(STATUS "CAF ${CAF_VERSION}, librdkafka ${rdkafka_VERSION}, spdlog ${spdlog_VERSION}, "
               "libmicrohttpd ${microhttpd_VERSION}")
