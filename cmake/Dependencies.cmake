# Everything from outside, as imported targets:
#   CAF::core CAF::io CAF::openssl            RdKafka::rdkafka          hdr_histogram
#   spdlog::spdlog                            nlohmann_json::nlohmann_json
#   prometheus-cpp::core                      CLI11::CLI11              tomlplusplus::tomlplusplus
#   curl
#   microhttpd                                OpenSSL::Crypto           ZLIB::ZLIB
#   streamer_allocator (mimalloc, where it is found)
#   Catch2::Catch2WithMain (with STREAMER_TESTS)
#   opentelemetry_otlp_http, where it is found
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

# What the binaries allocate with. What librdkafka's threads allocate others free, which is what
# glibc's allocator is slow at; that one is used all the same where mimalloc is not found. The library
# does without: its users choose for themselves. The sanitizers have one of their own.
add_library(streamer_allocator INTERFACE)
find_package(mimalloc 2.0 CONFIG QUIET)
if(mimalloc_FOUND AND NOT STREAMER_SANITIZE)
  target_link_libraries(streamer_allocator INTERFACE mimalloc)
endif()

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

# OpenTelemetry: of Debian's package, not through its CMake files, which ask for gRPC too. Without it
# everything is built but the module that a worker needs to trace.
set(OPENTELEMETRY_LIBRARIES)
find_path(opentelemetry_INCLUDE opentelemetry/exporters/otlp/otlp_http_exporter_factory.h)
find_file(opentelemetry_TARGETS opentelemetry-cpp-target.cmake
          PATH_SUFFIXES lib/cmake/opentelemetry-cpp
                        lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/opentelemetry-cpp)
foreach(part IN ITEMS exporter_otlp_http exporter_otlp_http_client http_client_curl otlp_recordable
                      proto trace logs resources common)
  find_library(opentelemetry_${part} opentelemetry_${part})
  list(APPEND OPENTELEMETRY_LIBRARIES "${opentelemetry_${part}}")
endforeach()
set(opentelemetry_VERSION "none")
if(opentelemetry_INCLUDE AND opentelemetry_TARGETS AND NOT OPENTELEMETRY_LIBRARIES MATCHES NOTFOUND)
  file(STRINGS "${opentelemetry_INCLUDE}/opentelemetry/version.h" opentelemetry_VERSION
       REGEX "OPENTELEMETRY_VERSION \"")
  string(REGEX REPLACE ".*\"(.*)\"" "\\1" opentelemetry_VERSION "${opentelemetry_VERSION}")
  add_library(opentelemetry_otlp_http INTERFACE IMPORTED)
  target_include_directories(opentelemetry_otlp_http SYSTEM INTERFACE "${opentelemetry_INCLUDE}")
  target_link_libraries(opentelemetry_otlp_http INTERFACE ${OPENTELEMETRY_LIBRARIES})
  # Its types are those of Abseil or its own, as it was built.
  file(STRINGS "${opentelemetry_TARGETS}" abseil REGEX HAVE_ABSEIL)
  if(abseil)
    find_library(absl_bad_variant_access absl_bad_variant_access REQUIRED)
    target_compile_definitions(opentelemetry_otlp_http INTERFACE HAVE_ABSEIL)
    target_link_libraries(opentelemetry_otlp_http INTERFACE "${absl_bad_variant_access}")
  endif()
  cmake_path(IS_PREFIX PROJECT_SOURCE_DIR "${opentelemetry_INCLUDE}" OPENTELEMETRY_PRIVATE)
endif()

message(STATUS "CAF ${CAF_VERSION}, librdkafka ${rdkafka_VERSION}, spdlog ${spdlog_VERSION}, "
               "libmicrohttpd ${microhttpd_VERSION}, mimalloc ${mimalloc_VERSION}, "
               "opentelemetry-cpp ${opentelemetry_VERSION}")
