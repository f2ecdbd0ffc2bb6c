# shellcheck shell=bash
# Kafka for tests and local use: its jars, and broker processes. Needs common.sh, versions.sh and
# apt.sh.

KAFKA_HOME="$DEPS_DIR/kafka-$KAFKA_VERSION"
# shellcheck disable=SC2034  # used by those who source this file
KAFKA_DATA="$ROOT/.kafka"
# Small: three of them, the worker and the compiler share one machine.
KAFKA_HEAP="${STREAMER_KAFKA_HEAP:-256m}"

java_is_new_enough() {
  have java || return 1
  local version
  version="$(java -version 2>&1 | sed -n '1s/[^"]*"\([0-9]*\).*/\1/p')"
  ((${version:-0} >= 17))
}

fetch_kafka_jars() {
  local staging="$KAFKA_HOME.new"
  rm -rf "$staging"
  mkdir -p "$staging"
  # -C: a jar whose checksum differs from Maven's fails. The pinned sha256 follow.
  mvn -B -q -C -f "$ROOT/scripts/lib/kafka-pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$staging/libs" -DincludeScope=runtime
  (cd "$staging/libs" && sha256sum --check --strict --quiet "$ROOT/scripts/lib/kafka-jars.sha256")
  [[ "$(find "$staging/libs" -name '*.jar' | wc -l)" == \
    "$(wc -l <"$ROOT/scripts/lib/kafka-jars.sha256")" ]] || {
    echo "there are jars that kafka-jars.sha256 does not list" >&2
    return 1
  }
  # Formatting storage costs 2 s of CPU a broker, and its result is the same for every broker but
  # for the ids, which are text: it is done once, here.
  cat >"$staging/format.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
log.dirs=$staging/format
EOF
  java -Xmx256m -cp "$staging/libs/*" kafka.tools.StorageTool format \
    -t AAAAAAAAAAAAAAAAAAAAAA -c "$staging/format.properties"
  [[ -s $staging/format/bootstrap.checkpoint ]]
  rm -rf "$KAFKA_HOME"
  mv "$staging" "$KAFKA_HOME"
}

# Safe to call from several processes at once, as test fixtures do.
ensure_kafka() {
  [[ ! -s $KAFKA_HOME/format/bootstrap.checkpoint ]] || return 0
  mkdir -p "$DEPS_DIR"
  exec 8>"$DEPS_DIR/kafka.lock"
  flock 8
  if [[ ! -s $KAFKA_HOME/format/bootstrap.checkpoint ]]; then
    java_is_new_enough || ensure_packages "Kafka" default-jre-headless
    have mvn || ensure_packages "Kafka" maven
    step "fetch Kafka $KAFKA_VERSION" fetch_kafka_jars
  fi
  exec 8>&-
}

random_uuid() { # as Kafka writes them: 16 bytes, base64url, never a leading dash
  local id=-
  while [[ $id == -* ]]; do
    id="$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')"
  done
  echo "$id"
}

# A port nobody listens on, below the range that outgoing connections take theirs from and below that
# of the tests' workers, for a broker takes seconds until it listens. A rare clash with another one
# shows when the broker starts, and start_cluster then takes new ones.
free_port() {
  local port hex
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 6000))
    hex="$(printf ':%04X ' "$port")"
    grep -qs -- "$hex" /proc/net/tcp /proc/net/tcp6 || break
  done
  echo "$port"
}

# --- one broker: DIR/broker-N.properties, .log, .pid and DIR/data-N ---

start_time() { # of a process, in ticks since boot; tells it from a later one with the same id
  local line fields
  { line="$(<"/proc/$1/stat")"; } 2>/dev/null || return 1
  # the command, in parentheses, may hold blanks
  read -ra fields <<<"${line##*) }"
  # a zombie has ended; where process 1 reaps nobody, it stays for ever
  [[ ${fields[0]} != [ZX] ]] || return 1
  echo "${fields[19]}"
}

broker_pid() { # prints the id if that very process still runs
  local pid started
  [[ -s $1/broker-$2.pid ]] || return 1
  read -r pid started <"$1/broker-$2.pid"
  [[ "$(start_time "$pid")" == "$started" ]] || return 1
  echo "$pid"
}

broker_launch() {
  local dir="$1" id="$2" pid
  local log="$dir/broker-$id.log"
  # Where this start begins in the log; an earlier "started" must not count.
  stat -c %s "$log" 2>/dev/null >"$dir/broker-$id.start" || echo 0 >"$dir/broker-$id.start"
  # Its own session: a Ctrl-C meant for the caller is not meant for the broker. No inherited
  # descriptors: a caller who reads our output until its end would wait for the broker's.
  # G1 by name: the JVM takes the serial collector on a machine that it thinks small.
  (
    cd "$dir" || exit 1
    exec setsid java "-Xmx$KAFKA_HEAP" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
      -Dlog4j2.configurationFile="$ROOT/scripts/lib/kafka-log4j2.properties" \
      -cp "$KAFKA_HOME/libs/*" kafka.Kafka "$dir/broker-$id.properties"
  ) >>"$log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
  pid=$!
  disown "$pid"
  echo "$pid $(start_time "$pid")" >"$dir/broker-$id.pid"
}

broker_wait() { # until it serves; 1: it died or took too long
  local dir="$1" id="$2" deadline offset
  offset="$(<"$dir/broker-$id.start")"
  deadline=$((SECONDS + ${3:-60}))
  until tail -c "+$((offset + 1))" "$dir/broker-$id.log" | grep -q 'Kafka Server started'; do
    broker_pid "$dir" "$id" >/dev/null || return 1
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

broker_signal() { # DIR ID SIGNAL: waits until it is gone, 30 s at most, then kills it
  local dir="$1" id="$2" signal="$3" pid i
  pid="$(broker_pid "$dir" "$id")" || {
    rm -f "$dir/broker-$id.pid"
    return 0
  }
  kill -s "$signal" "$pid" 2>/dev/null || true
  for ((i = 0; i < 300; i++)); do
    broker_pid "$dir" "$id" >/dev/null || break
    sleep 0.1
  done
  if broker_pid "$dir" "$id" >/dev/null; then
    warn "broker $id (process $pid) did not stop in 30 s: killed"
    kill -s KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$dir/broker-$id.pid"
}
