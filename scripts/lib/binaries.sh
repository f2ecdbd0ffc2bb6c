# shellcheck shell=bash
# Packages of Debian that are unpacked into $PREFIX instead of being installed. Needs common.sh,
# versions.sh and apt.sh; used by scripts/deps.

# The pins of this machine's architecture, one a line.
binary_pins_here() {
  local architecture
  architecture="$(dpkg --print-architecture 2>/dev/null || true)"
  printf '%s\n' "${BINARY_PINS[@]}" | grep -F "|${architecture:-none}|" || true
}

deb_file() { # PIN: as apt names it
  local package version architecture
  IFS='|' read -r package version architecture _ <<<"$1"
  echo "${package}_${version}_${architecture}.deb"
}

fetch_debs() { # DIR PIN…: every package into DIR, verified
  local dir="$1" pin package version sha file
  shift
  mkdir -p "$dir"
  APT_PRIVATE=()
  SOURCE_SUITES=() private_apt_setup "$DEPS_DIR/apt-binary"
  echo "deb $(debian_mirror) $BINARY_SUITE main" >"$DEPS_DIR/apt-binary/sources.list"
  apt-get "${APT_PRIVATE[@]}" update || echo "apt-get update was not complete; going on"
  for pin in "$@"; do
    IFS='|' read -r package version _ sha <<<"$pin"
    file="$dir/$(deb_file "$pin")"
    sha256_is "$sha" "$file" && continue
    rm -f "$file"
    (cd "$dir" && apt-get "${APT_PRIVATE[@]}" download "$package=$version") ||
      echo "apt-get download $package=$version failed"
    sha256_is "$sha" "$file" || {
      rm -f "$file"
      echo "no package with sha256 $sha; put ${file##*/} into $dir by hand" >&2
      return 1
    }
  done
}

# Headers, libraries and CMake files, without the architecture in their paths.
unpack_debs() { # DIR PIN…
  local dir="$1" pin into="$DEPS_DIR/src/binaries"
  shift
  rm -rf "$into"
  mkdir -p "$into" "$PREFIX/include" "$PREFIX/lib"
  for pin in "$@"; do
    dpkg-deb -x "$dir/$(deb_file "$pin")" "$into"
  done
  cp -a "$into"/usr/include/. "$PREFIX/include/"
  cp -a "$into"/usr/lib/*-linux-gnu*/. "$PREFIX/lib/"
  rm -rf "$into"
}

# ensure_binaries STAMP: what BINARY_PINS names is in the prefix or installed.
ensure_binaries() {
  local stamp="$1" pins wanted
  [[ ! -e /usr/include/opentelemetry/version.h ]] || return 0
  mapfile -t pins < <(binary_pins_here)
  wanted="unpacked ${pins[*]}"
  [[ ! -s $stamp || $(<"$stamp") != "$wanted" ]] || return 0
  if have apt-cache && [[ -n $(apt-cache show opentelemetry-cpp-dev 2>/dev/null) ]]; then
    ensure_packages "tracing" opentelemetry-cpp-dev
    return 0
  fi
  if ((${#pins[@]} == 0)); then
    warn "no OpenTelemetry for this machine: the tracing module is not built"
    return 0
  fi
  # A suite keeps the newest revision alone: all but traces works without.
  if ! (step "fetch packages for tracing" fetch_debs "$DEPS_DIR/debs" "${pins[@]}"); then
    warn "the tracing module is not built"
    return 0
  fi
  step "unpack packages for tracing" unpack_debs "$DEPS_DIR/debs" "${pins[@]}"
  echo "$wanted" >"$stamp"
}
