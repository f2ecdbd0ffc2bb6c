# shellcheck shell=bash disable=SC2154  # check_dir: of the script
# Checks by running commands: each is a line "ok" or "FAILED" with the end of its output. Needs
# common.sh, and a directory $check_dir.

checks_passed=0 checks_failed=0
expect() { # WHAT COMMAND…
  local what="$1"
  shift
  if "$@" >"$check_dir/log" 2>&1; then
    checks_passed=$((checks_passed + 1))
    say "  ok: $what"
  else
    checks_failed=$((checks_failed + 1))
    say "  FAILED: $what"
    tail -n 15 "$check_dir/log" | cut -c1-200 | sed 's/^/      /' >&2
  fi
}

not() { ! "$@"; }

says() { # PATTERN COMMAND…: the command succeeds and its output has the pattern
  local pattern="$1" output
  shift
  output="$("$@" 2>&1)" || { echo "$output"; return 1; }
  echo "$output"
  grep -qE -- "$pattern" <<<"$output"
}

within() { # SECONDS COMMAND…: until it succeeds
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { "$@"; return; }
    sleep 0.2
  done
}

ends_with() { # CODE PROCESS [SIGNALLED]: a child of this shell, told to stop
  local status=0
  kill -TERM "${3:-$2}"
  wait "$2" || status=$?
  tail -n 5 "$check_dir/worker.log"
  echo "exit code $status"
  ((status == $1))
}

finish() { # the last line, and the exit code
  echo "$checks_passed passed, $checks_failed failed"
  ((checks_failed == 0))
}
