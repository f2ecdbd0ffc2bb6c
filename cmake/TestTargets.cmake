# streamer_tests(NAME tier SOURCES file… [LIBRARIES target…] [TIMEOUT seconds] [SPEC tags] [ALONE])
#
# One Catch2 binary whose test cases ctest sees one by one, with the tier as their label: unit,
# actor, mock, kafka or chaos. A case that calls SKIP() is reported as skipped. Every case has a
# hard timeout, so a hang fails by name. SPEC leaves the other cases to those who start the binary.
# All of a tier are built by the target tests_TIER.
# ALONE: there are cases tagged [alone], which measure a time or a memory; no other runs beside them.
include(Catch)

set(STREAMER_TIMEOUT_unit 120)
set(STREAMER_TIMEOUT_actor 60)
set(STREAMER_TIMEOUT_mock 120)
set(STREAMER_TIMEOUT_kafka 300)
set(STREAMER_TIMEOUT_chaos 600)

function(streamer_tests name tier)
  cmake_parse_arguments(PARSE_ARGV 2 arg "ALONE" "TIMEOUT;SPEC" "SOURCES;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT DEFINED STREAMER_TIMEOUT_${tier})
    message(FATAL_ERROR "streamer_tests(${name} ${tier} …): unknown tier or argument "
                        "${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${STREAMER_TIMEOUT_${tier}})
  endif()
  if(STREAMER_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")
  endif()
  add_executable(${name} ${arg_SOURCES})
  if(NOT TARGET tests_${tier})
    add_custom_target(tests_${tier})
  endif()
  add_dependencies(tests_${tier} ${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} Catch2::Catch2WithMain)
  set_target_properties(${name} PROPERTIES STREAMER_TEST_CASES ON)
  set(properties LABELS ${tier} TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 4)
  set(discovery TEST_PREFIX "${tier}: " DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
  if(arg_ALONE)
    catch_discover_tests(${name} TEST_SPEC "${arg_SPEC}[alone]" ${discovery} RUN_SERIAL TRUE)
    catch_discover_tests(${name} TEST_SPEC "${arg_SPEC}~[alone]" ${discovery})
  else()
    catch_discover_tests(${name} TEST_SPEC ${arg_SPEC} ${discovery})
  endif()
endfunction()
