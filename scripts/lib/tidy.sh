# shellcheck shell=bash disable=SC2154  # cxx, database, preset, base, tests: of scripts/lint
# clang-tidy over all compiled files, in parallel, remembering what was clean. Part of scripts/lint.

tidy_one() { # FILE KEY: prints findings; remembers a clean file by its key
  local output status=0
  # The compile commands name warnings that only GCC knows, and with -Werror that would be an error.
  if output="$(clang-tidy -p "$TIDY_BUILD" --quiet \
    --extra-arg=-Wno-unknown-warning-option "$1" 2>/dev/null)"; then
    : >"$TIDY_CACHE/$2"
  else
    printf '%s\n' "$output"
    status=1
  fi
  # what show_progress reads
  echo "[$(($(wc -l <"$TIDY_PROGRESS") + 1))/$TIDY_COUNT] $1" >>"$TIDY_PROGRESS"
  return "$status"
}

# "FILE KEY" of every compiled file; the key covers all that can change what clang-tidy says of it,
# but for the system's headers.
tidy_keys() {
  local file common graph="$1"
  common="$(clang-tidy --version; cat .clang-tidy; basename "$(readlink -f .deps/prefix)")"
  for file in "${sources[@]}"; do
    printf '%s %s\n' "$file" "$({
      printf '%s\n' "$common"
      # the compile command, but not where this tree happens to be
      grep -F "/$file\"" "$database" -B 1 | grep -F '"command"' | sed "s#$ROOT/##g" || true
      awk -F'\t' -v file="$file" '$1 == file && $2 !~ /^</ { print $2 }' "$graph" | sort |
        xargs -r cat 2>/dev/null || true
      cat "$file"
    } | sha256sum | cut -c1-32)"
  done
}

check_tidy() {
  local graph todo changed ticker skip='^tests/' status=0 sources=()
  [[ $tests == no ]] || skip='^$'
  export TIDY_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/streamer/tidy"
  export TIDY_BUILD="build/$preset"
  mkdir -p "$TIDY_CACHE"
  mapfile -t sources < <(grep -oE '"file": "[^"]*"' "$database" | cut -d'"' -f4 |
    sed "s#^$ROOT/##" | grep -v "$skip" | sort -u)
  graph="$(mktemp)"
  awk -f "$ROOT/scripts/lib/includes.awk" "${cxx[@]}" >"$graph"
  if [[ -n $base ]]; then
    changed="$(git diff --name-only "$base" -- '*.cpp' '*.hpp'
      git ls-files -o --exclude-standard -- '*.cpp' '*.hpp')"
    mapfile -t sources < <({
      printf '%s\n' "$changed"
      awk -F'\t' 'NR == FNR { changed[$1] = 1; next } $2 in changed { print $1 }' \
        <(printf '%s\n' "$changed") "$graph"
    } | sort -u | grep -Fxf <(printf '%s\n' "${sources[@]}") || true)
  fi
  todo="$(tidy_keys "$graph" | while read -r file key; do
    [[ -e $TIDY_CACHE/$key ]] || echo "$file $key"
  done)"
  rm -f "$graph"
  TIDY_COUNT="$(grep -c . <<<"$todo" || true)"
  say "clang-tidy: $TIDY_COUNT of ${#sources[@]} files to look at"
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
