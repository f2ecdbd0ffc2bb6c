# shellcheck shell=bash
# Sourced by every script: where things are, one line a step, failures that say where they happened.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
DEPS_DIR="$ROOT/.deps"
LOG_DIR="$DEPS_DIR/log"
SCRIPT_NAME="$(basename "${0}")"

now_ms() { date +%s%3N; }
START_MS="${START_MS:-$(now_ms)}"

# seconds since START, one decimal
elapsed() {
  local ms=$(($(now_ms) - ${1:-$START_MS}))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# Progress goes to stderr: stdout is for what a caller may want to read.
say() { printf '[%6ss] %s\n' "$(elapsed)" "$*" >&2; }
warn() { printf '[%6ss] warning: %s\n' "$(elapsed)" "$*" >&2; }
die() {
  printf '%s: %s\n' "$SCRIPT_NAME" "$*" >&2
  exit 1
}

# step TITLE COMMAND…: runs the command with its output in a log; a step that takes long shows every
# 20 s how far it is. On failure says which step, why (the end of the log) and where the log is.
step() {
  local title="$1" begun log status ticker
  shift
  mkdir -p "$LOG_DIR"
  log="$LOG_DIR/$(tr -cs 'A-Za-z0-9._' '-' <<<"$title" | sed 's/-*$//').log"
  begun="$(now_ms)"
  say "$title …"
  show_progress "$title" "$log" &
  ticker=$!
  # A subshell with its own errexit: a function called on the left of || would lose it.
  set +e
  (
    set -euo pipefail
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if ((status != 0)); then
    {
      printf '%s: step "%s" failed with exit code %d after %s s. The end of its log:\n' \
        "$SCRIPT_NAME" "$title" "$status" "$(elapsed "$begun")"
      tail -n 25 "$log" | sed 's/^/    /'
      printf 'The whole log: %s\n' "$log"
    } >&2
    exit 1
  fi
  say "$title: done in $(elapsed "$begun") s"
}

show_progress() {
  local line
  # Waits without a child: a sleep would outlive the ticker and hold the caller's output open.
  exec 6<> <(:)
  while ! read -rt 20 -u 6; do
    # ninja's [12/345] if there is one, or whatever stands last in the log
    line="$(tail -n 500 "$2" 2>/dev/null | grep -aE '^\[[0-9]+/[0-9]+\]' | tail -n 1 ||
      tail -n 1 "$2" 2>/dev/null)"
    say "  … $(tr -cd '[:print:]' <<<"${line:-$1}" | cut -c1-90)"
  done
}

# As many as there are cores, but no more than fit into the memory: a file that includes CAF takes
# about a gigabyte to compile.
jobs() {
  local cores fit
  cores="$(nproc 2>/dev/null || echo 2)"
  fit="$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo 2)"
  ((fit >= 1)) || fit=1
  echo "${STREAMER_JOBS:-$((cores < fit ? cores : fit))}"
}
have() { command -v "$1" >/dev/null 2>&1; }
