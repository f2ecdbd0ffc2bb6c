# shellcheck shell=bash disable=SC2154  # cxx, database: of scripts/lint
# The layering rules: who may see what. Needs common.sh; part of scripts/lint.
#
# Linking holds most of them too, but headers of the dependencies share one include folder, so an
# include that should not be possible can be.

# what is included (a regular expression), then the folders that may
LAYER_RULES=(
  '[<"](librdkafka/)?rdkafka runtime/kafka runtime/embedded tests bench tools/bench'
  '[<"]prometheus/ runtime/telemetry tests'
  '[<"]microhttpd runtime/http tests'
  '[<"]caf/(io|openssl)/ runtime/inspection runtime/system tests'
  '[<"]curl/ runtime/http runtime/handlers/http examples tests'
  '[<"]opentelemetry/ runtime/tracing/otlp'
  '[<"]caf/all\.hpp'
)
# Targets that decide or describe: no actor, no broker.
PURE_TARGETS='streamer_(rules|messages|config|checks)'

check_direct_includes() {
  local rule words pattern allowed found
  for rule in "${LAYER_RULES[@]}"; do
    read -ra words <<<"$rule"
    pattern="^[[:space:]]*#[[:space:]]*include[[:space:]]*${words[0]}"
    allowed="${words[*]:1}"
    found="$(grep -nE "$pattern" "$@" | grep -vE "^(${allowed// /|})/" || true)"
    [[ -z $found ]] || printf '%s\n    (only in: %s)\n' "$found" "${allowed:-no place}"
  done
}

# $1: what includes.awk prints, $2: compile_commands.json
check_pure_targets() {
  local source
  grep -oE " -o [^ ]*CMakeFiles/$PURE_TARGETS\.dir/[^ ]*" "$2" |
    sed -E 's# -o ##; s#CMakeFiles/[^/]*\.dir/##; s#\.o$##' |
    while IFS= read -r source; do
      awk -F'\t' -v file="$source" '
        $1 == file && $2 ~ /^<(caf\/|librdkafka\/|rdkafka)/ {
          print file ": a pure target sees " $2
        }' "$1"
    done
}

# An actor's room may use another's rules and interfaces, never its actor: no header that knows CAF.
# actors/supervision is open both ways: it makes all actors, and has what every actor is made with.
check_rooms() {
  awk -F'\t' '
    $2 ~ /^<caf\// { knows_caf[$1] = 1 }
    $3 == "direct" { edge[NR] = $0 }
    END {
      for (i in edge) {
        split(edge[i], e, "\t"); split(e[1], from, "/"); split(e[2], to, "/")
        if (from[1] != "actors" || to[1] != "actors" || from[2] == to[2]) continue
        if (from[2] == "supervision" || to[2] == "supervision") continue
        if (e[2] in knows_caf) print e[1] ": reaches into the room of another actor, " e[2]
      }
    }' "$1"
}

check_layers() {
  local graph offences
  graph="$(mktemp)"
  awk -f "$ROOT/scripts/lib/includes.awk" "${cxx[@]}" >"$graph"
  offences="$(
    check_direct_includes "${cxx[@]}"
    check_pure_targets "$graph" "$database"
    check_rooms "$graph"
  )"
  rm -f "$graph"
  [[ -z $offences ]] || {
    printf '%s\n' "$offences"
    return 1
  }
}
