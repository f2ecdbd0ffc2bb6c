# shellcheck shell=bash
# The image: its base where no registry is reached, its build, and running it without a container
# engine. Needs common.sh, versions.sh and apt.sh.

# Base and layers outlive the tree: the base takes a minute to make.
IMAGE_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/streamer/image"

in_storage() { # COMMAND ARGUMENT…: buildah with a storage of our own, which needs no kernel support
  local command="$1"
  shift
  buildah --root "$IMAGE_CACHE/storage" --runroot "$IMAGE_CACHE/run" --storage-driver vfs \
    "$command" "$@"
}

# What Debian's slim images leave out.
SLIM_PATHS=(/usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian)

slim_tree() { # DIR
  local path
  for path in "${SLIM_PATHS[@]}"; do
    # Licences stay.
    find "$1$path" ! -type d ! -name copyright -delete 2>/dev/null || true
    echo "path-exclude $path/*" >>"$1/etc/dpkg/dpkg.cfg.d/slim"
  done
  echo 'path-include /usr/share/doc/*/copyright' >>"$1/etc/dpkg/dpkg.cfg.d/slim"
  find "$1/usr/share" -type d -empty -delete
  rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/cache/debconf/* "$1"/var/log/*
}

# The archives that this machine takes its own packages from, updates and security included.
base_sources() { # CODENAME
  # $(…) is apt's own placeholder syntax.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v code="$1" '$3 == "main" && ($2 == code || index($2, code "-") == 1) && $2 !~ /backports/ {
      print "deb", $1, $2, "main" }' | sort -u
}

make_base() { # NAME CODENAME
  local tree="$IMAGE_CACHE/base.$$" mirror container
  mirror="$(debian_mirror)"
  [[ -n $mirror ]] || {
    echo "no Debian archive in this machine's apt sources: give a base image with --base" >&2
    return 1
  }
  rm -rf "$tree"
  debootstrap --variant=minbase --include=ca-certificates "$2" "$tree" "$mirror"
  base_sources "$2" >"$tree/etc/apt/sources.list"
  slim_tree "$tree"
  container="$(in_storage from scratch)"
  in_storage copy -q "$container" "$tree" /
  in_storage config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "$container"
  in_storage commit -q --rm "$container" "$1"
  rm -rf "$tree"
}

# Prints the name of a base image that is there: Debian 12 of this machine's own archive.
ensure_base() {
  local name codename key
  # shellcheck source=/dev/null
  codename="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
  key="$({ echo "$codename"; declare -f make_base slim_tree base_sources; } | sha256sum | cut -c1-12)"
  name="localhost/streamer-base:$key"
  if ! in_storage images -q "$name" >/dev/null 2>&1; then
    step "make a base image of Debian $codename" make_base "$name" "$codename" >&2
  fi
  echo "$name"
}

# shellcheck disable=SC2153  # ROOT: of common.sh
build_image() { # TAG BASE built|local
  in_storage bud --isolation chroot --format docker --layers --pull=never \
    -f "$ROOT/docker/Dockerfile" --build-arg "BASE=$2" --build-arg "BINARY=$3" -t "$1" "$ROOT"
}

image_field() { # IMAGE TEMPLATE: of the image's configuration
  in_storage inspect --type image --format "{{$2}}" "$1"
}

# Reads what image_run needs of an image's configuration; once, since each question takes a while.
# Sets IMAGE_ENTRY (an array), IMAGE_USER and IMAGE_WORK.
load_image() { # IMAGE
  read -ra IMAGE_ENTRY <<<"$(image_field "$1" 'range .Docker.Config.Entrypoint}}{{.}} {{end')"
  IMAGE_USER="$(image_field "$1" .Docker.Config.User)"
  IMAGE_WORK="$(image_field "$1" .Docker.Config.WorkingDir)"
}

# image_run ROOT [-v DIR:PATH]… -- ARGUMENT…: the entry point of the loaded image as `docker run
# --read-only --cap-drop ALL --security-opt no-new-privileges --network host` runs it: process 1 of
# a process namespace, mounts of its own. ROOT is a mounted copy of the image. Volumes that are not
# given are read-only too. IMAGE_ENV holds NAME=VALUE words of its environment.
image_run() {
  local root="$1" volumes=()
  shift
  while [[ $1 == -v ]]; do volumes+=("$2"); shift 2; done
  [[ $1 == -- ]] && shift
  # What unshare runs sees neither functions nor variables of this shell.
  # shellcheck disable=SC2016
  exec unshare --mount --pid --fork --kill-child=KILL bash -euc '
    root="$1" user="$2" work="$3" count="$4"
    shift 4
    mount --make-rprivate /
    mount --bind "$root" "$root"
    for ((; count > 0; count--)); do mount --bind "${1%%:*}" "$root${1#*:}"; shift; done
    mount -t proc proc "$root/proc"
    mount -o remount,bind,ro "$root"
    cd /
    PATH="/usr/sbin:$PATH" exec env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin ${IMAGE_ENV:-} \
      chroot "$root" bash -c "cd \"\$0\" && exec \"\$@\"" "$work" \
      setpriv --reuid "${user%%:*}" --regid "${user##*:}" --clear-groups --bounding-set=-all \
        --inh-caps=-all --ambient-caps=-all --no-new-privs "$@"
  ' image "$root" "$IMAGE_USER" "$IMAGE_WORK" "${#volumes[@]}" "${volumes[@]}" \
    "${IMAGE_ENTRY[@]}" "$@"
}
