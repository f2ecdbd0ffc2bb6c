# Functions that give one target its warnings, hardening and instrumentation.

function(streamer_warnings target)
  target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align
      -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wnull-dereference
      -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Wunused
      $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wmissing-declarations>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's flow analysis cries wolf inside inlined library headers when it optimises (-Wrestrict:
    # its bug 105651, on string concatenation).
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-null-dereference>
                                             $<$<CONFIG:Release>:-Wno-restrict>)
    if(STREAMER_SANITIZE OR STREAMER_COVERAGE)
      target_compile_options(${target} PRIVATE -Wno-null-dereference -Wno-maybe-uninitialized
                                               -Wno-restrict)
    endif()
  endif()
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Warns of what a joined file keeps to itself as if a header said it.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  if(STREAMER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# What the compiler and the linker can do against a memory error that is there after all.
# tests/mock/tools/test_hardening.cpp looks for it in the binary.
function(streamer_hardening target)
  # The standard library's checks of indices and empty containers, in Release too.
  target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
  target_compile_options(${target} PRIVATE -fstack-protector-strong)
  # Jumps and returns go where the compiler meant them to, on processors that check it.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${target} PRIVATE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(${target} PRIVATE -mbranch-protection=standard)
  endif()
  # Fortified headers need an optimising build, and hide errors from the sanitizers.
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT STREAMER_SANITIZE)
    set(level 3)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
      set(level 2)
    endif()
    target_compile_options(${target} PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level}
                                             -fstack-clash-protection)
  endif()
  get_target_property(type ${target} TYPE)
  if(type MATCHES "^(EXECUTABLE|MODULE_LIBRARY)$")
    target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now -Wl,-z,noexecstack
                                          -Wl,-z,separate-code)
  endif()
endfunction()

function(streamer_sanitize target)
  if(NOT STREAMER_SANITIZE)
    return()
  endif()
  set(flags -fsanitize=${STREAMER_SANITIZE} -fno-omit-frame-pointer)
  if(STREAMER_SANITIZE MATCHES "undefined")
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  if(STREAMER_FUZZ)
    # What is covered is what guides a fuzzer.
    list(APPEND flags -fsanitize=fuzzer-no-link)
  endif()
  target_compile_options(${target} PRIVATE ${flags})
  target_link_options(${target} PRIVATE -fsanitize=${STREAMER_SANITIZE})
endfunction()

function(streamer_coverage target)
  if(STREAMER_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -fprofile-abs-path -fprofile-update=atomic)
    target_link_options(${target} PRIVATE --coverage)
  endif()
endfunction()

# Test cases run once: optimising them well takes longer than that. (Not at all is too little: the
# oracle of a long run would be busy for minutes with the inline functions of theirs.) Joined files may
# have a local by the name of another file's helper.
function(streamer_test_cases target)
  target_compile_options(${target} PRIVATE -Wno-shadow)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O1 -g0)
  endif()
endfunction()

function(streamer_target_defaults target)
  get_target_property(type ${target} TYPE)
  if(NOT type MATCHES "^(STATIC_LIBRARY|SHARED_LIBRARY|MODULE_LIBRARY|OBJECT_LIBRARY|EXECUTABLE)$")
    return()
  endif()
  streamer_warnings(${target})
  streamer_hardening(${target})
  streamer_sanitize(${target})
  streamer_coverage(${target})
  get_target_property(cases ${target} STREAMER_TEST_CASES)
  if(cases)
    streamer_test_cases(${target})
  endif()
endfunction()

# Every target defined in the directory and below.
function(streamer_apply_target_defaults directory)
  get_directory_property(targets DIRECTORY "${directory}" BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    streamer_target_defaults(${target})
  endforeach()
  get_directory_property(subdirectories DIRECTORY "${directory}" SUBDIRECTORIES)
  foreach(subdirectory IN LISTS subdirectories)
    streamer_apply_target_defaults("${subdirectory}")
  endforeach()
endfunction()
