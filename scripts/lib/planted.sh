# shellcheck shell=bash disable=SC2154  # run and bin are set by scripts/chaos
# Tests of the tests: each bug of tests/chaos/planted_bugs.list is made alive in a build of its own,
# and the scenario that it names has to find it. Part of scripts/chaos, which has started the broker
# and set $run and $bin.

# One scenario against the planted build; prints the result's name and what failed first.
planted_run() {
  local bug="$1" scenario="$2" where="$run/planted/$1-$2" status=0
  mkdir -p "$where/results"
  TMPDIR="$where" STREAMER_PLANTED_BUG="$bug" STREAMER_CHAOS_RESULTS="$where/results" \
    STREAMER_BINARY="$ROOT/build/planted/bin/streamer" \
    "$bin/test_chaos" "[$scenario]" >"$where/log" 2>&1 || status=$?
  if ((status == 0)); then
    echo "held"
  elif grep -qs '"result": "violated"' "$where"/results/*.json; then
    echo "violated"
    # The oracle's line names the invariant; otherwise the first assertion has to do.
    { grep -aoE 'I[1-5] [a-z ]+: [0-9]+[^;]*' "$where/log" || sed -n '/FAILED:/{n;p;}' "$where/log"; } |
      head -n 1 | sed 's/^ *//' | cut -c1-70
  else
    echo "broken"
  fi
}

# run_planted [BUG …]: all of the list, or these.
run_planted() {
  local bug scenario what result caught=0 missed=0 controls=" " wanted=" $* "
  for bug in "$@"; do
    grep -q "^$bug|" "$ROOT/tests/chaos/planted_bugs.list" ||
      die "no planted bug '$bug' (see tests/chaos/planted_bugs.list)"
  done
  printf '\n%-26s %-4s %s\n' "planted bug" "by" "result"
  while IFS='|' read -r bug scenario what; do
    [[ -n $bug && $bug != \#* ]] || continue
    (($# == 0)) || [[ $wanted == *" $bug "* ]] || continue
    if ! grep -rqs "planted(\"$bug\")" "$ROOT/actors" "$ROOT/runtime" "$ROOT/messages"; then
      printf '%-26s %-4s is nowhere in the code\n' "$bug" "$scenario"
      missed=$((missed + 1))
      continue
    fi
    if [[ -z "$("$bin/test_chaos" "[$scenario]" --list-tests --verbosity quiet)" ]]; then
      printf '%-26s %-4s there is no such scenario\n' "$bug" "$scenario"
      missed=$((missed + 1))
      continue
    fi
    # A scenario that fails without the bug proves nothing.
    if [[ $controls != *" $scenario "* ]]; then
      controls+="$scenario "
      mapfile -t result < <(planted_run none "$scenario")
      if [[ ${result[0]} != held ]]; then
        printf '%-26s %-4s fails without any bug: %s\n' "(none)" "$scenario" "${result[1]:-}"
        missed=$((missed + 1))
      fi
    fi
    mapfile -t result < <(planted_run "$bug" "$scenario")
    if [[ ${result[0]} == violated ]]; then
      caught=$((caught + 1))
      printf '%-26s %-4s caught: %s\n' "$bug" "$scenario" "${result[1]:-}"
    else
      missed=$((missed + 1))
      printf '%-26s %-4s NOT CAUGHT (%s): %s\n' "$bug" "$scenario" "${result[0]}" "$what"
    fi
  done <"$ROOT/tests/chaos/planted_bugs.list"
  echo "$caught caught, $missed missed; logs in ${run#"$ROOT"/}/planted"
  ((missed == 0 && caught > 0))
}
