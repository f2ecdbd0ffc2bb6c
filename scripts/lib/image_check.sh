# shellcheck shell=bash
# Runs the image as its users do, against a real broker. Needs common.sh, expect.sh and image.sh; part of
# scripts/image.

IMAGE_LIMIT_BYTES=120000000

in_image() { # ARGUMENT…: one command, without a volume
  (image_run "$check_root" -- "$@")
}


# The process that the container began with: what a container engine signals.
first_process() {
  local children
  read -r children <"/proc/$1/task/$1/children"
  echo "${children%% *}"
}

start_worker() { # [-v DIR:PATH]: sets worker
  (image_run "$check_root" "$@" -- process start) >"$check_dir/worker.log" 2>&1 &
  worker=$!
}

worker_user_is() { # UID: and no capability
  local process
  process="$(first_process "$worker")"
  grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' "/proc/$process/status"
  [[ "$(awk '/^Uid:/ { print $2 $3 }' "/proc/$process/status")" == "$1$1" ]] &&
    [[ "$(awk '/^Cap(Eff|Prm|Bnd):/ { print $2 }' "/proc/$process/status" | sort -u)" =~ ^0+$ ]]
}

check_image() { # TAG
  local container line bytes
  check_tag="$1"
  ((EUID == 0)) || die "--check makes namespaces and has to be root"
  check_dir="$(mktemp -d -t streamer-image.XXXXXX)"
  container="$(in_storage from --pull=never "$check_tag")"
  # shellcheck disable=SC2064  # as it is now
  trap "stop_check '$container'" EXIT
  load_image "$check_tag"
  check_root="$(in_storage mount "$container")"

  say "check the image $check_tag …"
  bytes="$(du -sb "$check_root" | cut -f1)"
  expect "$((bytes / 1000000)) MB, of at most $((IMAGE_LIMIT_BYTES / 1000000))" \
    test "$bytes" -lt "$IMAGE_LIMIT_BYTES"
  expect "a numeric user" says '^[1-9][0-9]*:[1-9][0-9]*$' echo "$IMAGE_USER"
  expect "a health check by streamer health" says 'streamer health' \
    image_field "$check_tag" .Docker.Config.Healthcheck.Test
  export IMAGE_ENV=""
  expect "--version names CAF and librdkafka" says 'CAF .*librdkafka ' in_image --version
  expect "/metrics is for others too" \
    says 'metrics_addr +"0\.0\.0\.0:9090"' in_image config show

  line="$("$ROOT/scripts/kafka" start --port 0 --dir "$check_dir/kafka" 6>&-)"
  # shellcheck source=kafka.sh
  source "$ROOT/scripts/lib/kafka.sh"
  IMAGE_ENV="KAFKA_KAFKA__BOOTSTRAP_SERVERS=${line#bootstrap=}"
  IMAGE_ENV+=" KAFKA_OBSERVABILITY__METRICS_ADDR=0.0.0.0:$(free_port) KAFKA_ADMIN__ADDR=127.0.0.1:0"

  expect "topics create" in_image topics create
  expect "ingest users --count 100" says 100 in_image ingest users --count 100
  expect "health without a worker: 1" not in_image health
  mkdir "$check_dir/state"
  chown 65532:65532 "$check_dir/state"
  start_worker -v "$check_dir/state:/var/lib/streamer"
  expect "process start: healthy" within 30 in_image health
  expect "it writes to its volume" says . ls "$check_dir/state"
  expect "it is the image's user, without a capability" worker_user_is 65532
  expect "all 100 are processed and committed" within 30 \
    says 'kafka_consumer_messages_consumed_total.* 100$|consumed.* 100' in_image process metrics
  expect "SIGTERM: exit code 0" ends_with 0 "$worker" "$(first_process "$worker")"
  expect "nothing is left" says '(^| )0( |$)' in_image process lag
  start_worker
  expect "without a volume too" within 30 in_image health
  expect "SIGTERM: exit code 0" ends_with 0 "$worker" "$(first_process "$worker")"
  finish
}

stop_check() { # CONTAINER
  [[ -z ${worker:-} ]] || kill -KILL "$(first_process "$worker" 2>/dev/null)" 2>/dev/null || true
  [[ ! -e $check_dir/kafka/cluster ]] ||
    "$ROOT/scripts/kafka" stop --kill --dir "$check_dir/kafka" >/dev/null 2>&1 || true
  in_storage rm "$1" >/dev/null 2>&1 || true
  rm -rf "$check_dir"
}
