# shellcheck shell=bash disable=SC2154  # cxx, base, tests: of scripts/lint
# clang-tidy over all compiled files, in parallel, remembering what was clean. Part of scripts/lint.

tidy_one() { # FILE KEY: prints findings; remembers a clean file by its key
  local output status=0
  # The compile commands name warnings that only GCC knows, and with -Werror that would be an error.
  # A joined file includes .cpp files, which are then headers to clang-tidy: these count, too; and a
  # parameter may have the name of something in the file before.
  if output="$(clang-tidy -p "$TIDY_BUILD" --quiet \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-shadow \
    --checks=-bugprone-suspicious-include \
    --header-filter='/(messages|actors|config|runtime|library|tools)/.*\.[ch]pp$' "$1" 2>/dev/null)"; then
    : >"$TIDY_CACHE/$2"
  else
    printf '%s\n' "$output"
    status=1
  fi
  # what show_progress reads
  echo "[$(($(wc -l <"$TIDY_PROGRESS") + 1))/$TIDY_COUNT] $1" >>"$TIDY_PROGRESS"
  return "$status"
}

# What is compiled, named from the root: one line a compiler run, "FILE SOURCE…"; a joined file has
# several sources, any other is its own.
compiler_runs() {
  local file
  grep -oE '"file": "[^"]*"' "$1" | cut -d'"' -f4 | sed "s#^$ROOT/##" | sort -u |
    while IFS= read -r file; do
      if [[ $file == */Unity/* ]]; then
        echo "$file $(sed -n "s#^\#include \"$ROOT/\(.*\)\"#\1#p" "$file" | paste -sd ' ')"
      else
        echo "$file $file"
      fi
    done
}

# "FILE KEY" of each of the compiler runs on stdin; the key covers all that can change what
# clang-tidy says of it, but for the system's headers.
tidy_keys() { # GRAPH DATABASE
  local file common sources
  common="$(clang-tidy --version; cat .clang-tidy scripts/lib/tidy.sh
    basename "$(readlink -f .deps/prefix)")"
  while read -r file sources; do
    # shellcheck disable=SC2086  # names without blanks
    printf '%s %s\n' "$file" "$({
      printf '%s\n' "$common"
      # the compile command, but not where this tree happens to be
      grep -F "/$file\"" "$2" -B 1 | grep -F '"command"' | sed "s#$ROOT/##g" || true
      awk -F'\t' -v files="$sources" '
        BEGIN { split(files, names, " "); for (i in names) wanted[names[i]] = 1 }
        $1 in wanted && $2 !~ /^</ { print $2 }' "$1" | sort -u | xargs -r cat 2>/dev/null || true
      cat $sources
    } | sha256sum | cut -c1-32)"
  done
}

# All: several files a run, as the release build compiles them, which is four times as quick. Some, or
# the tests: each by itself.
check_tidy() {
  local graph runs todo changed ticker database skip='^tests/| tests/' status=0
  [[ $tests == no ]] || skip='^$'
  export TIDY_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/streamer/tidy"
  export TIDY_BUILD="build/release"
  [[ -z $base && $tests == no ]] || TIDY_BUILD="build/debug"
  database="$TIDY_BUILD/compile_commands.json"
  mkdir -p "$TIDY_CACHE"
  runs="$(compiler_runs "$database" | grep -vE "$skip")"
  graph="$(mktemp)"
  awk -f "$ROOT/scripts/lib/includes.awk" "${cxx[@]}" >"$graph"
  if [[ -n $base ]]; then
    changed="$(git diff --name-only "$base" -- '*.cpp' '*.hpp'
      git ls-files -o --exclude-standard -- '*.cpp' '*.hpp')"
    runs="$({
      printf '%s\n' "$changed"
      awk -F'\t' 'NR == FNR { changed[$1] = 1; next } $2 in changed { print $1 }' \
        <(printf '%s\n' "$changed") "$graph"
    } | sort -u | awk 'NR == FNR { wanted[$1] = 1; next } $1 in wanted' - <(printf '%s\n' "$runs"))"
  fi
  todo="$(grep . <<<"$runs" | tidy_keys "$graph" "$database" | while read -r file key; do
    [[ -e $TIDY_CACHE/$key ]] || echo "$file $key"
  done)"
  rm -f "$graph"
  TIDY_COUNT="$(grep -c . <<<"$todo" || true)"
  say "clang-tidy: $TIDY_COUNT of $(grep -c . <<<"$runs" || true) to look at"
  [[ -n $todo ]] || return 0
  TIDY_PROGRESS="$(mktemp)"
  export TIDY_COUNT TIDY_PROGRESS
  export -f tidy_one
  show_progress "clang-tidy" "$TIDY_PROGRESS" &
  ticker=$!
  # shellcheck disable=SC2016  # the inner shell expands them
  xargs -P "$(jobs)" -n 2 nice bash -c 'tidy_one "$0" "$1"' <<<"$todo" || status=1
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  rm -f "$TIDY_PROGRESS"
  return "$status"
}
