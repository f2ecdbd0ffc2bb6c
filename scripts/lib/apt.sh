# shellcheck shell=bash
# Debian packages and Debian source tarballs. Needs common.sh and versions.sh.

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n -- "$@" || sudo -- "$@"; fi
}

# Names of those packages that are not installed.
missing_packages() {
  local installed name
  installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for name in "$@"; do
    [[ $installed == *" $name:installed "* ]] || printf '%s\n' "$name"
  done
}

# In a shell of its own, so that the lock is let go of at its end: who goes on to build for minutes
# would keep every other script from installing.
apt_install() (
  export DEBIAN_FRONTEND=noninteractive
  # Another script's apt would fail at the lists' lock, for which apt does not wait.
  mkdir -p "$DEPS_DIR"
  exec 5>"$DEPS_DIR/apt.lock"
  flock 5
  # A lock held by another apt (an unattended upgrade) is waited for.
  local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -o Acquire::Retries=3 ||
    echo "apt-get update failed; going on with the lists that are there"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
  # apt can fail and look fine: ask dpkg.
  local left
  left="$(missing_packages "$@")"
  [[ -z $left ]] || {
    echo "still not installed: $left" >&2
    return 1
  }
)

# ensure_packages WHAT NAME…: installs those that are missing.
ensure_packages() {
  local what="$1" missing
  shift
  if ! have apt-get || ! have dpkg-query; then
    say "no apt here: taking $what from what is installed ($*)"
    return 0
  fi
  missing="$(missing_packages "$@" | tr '\n' ' ')"
  [[ -n ${missing// /} ]] || return 0
  ((EUID == 0)) || have sudo ||
    die "these packages are missing and need root or sudo to install: $missing"
  say "missing for $what: $missing"
  # shellcheck disable=SC2086  # one word a package
  step "install $what" apt_install $missing
}

# The archive that this machine takes its own packages from, so that no mirror is named here.
debian_mirror() {
  local codename
  # shellcheck source=/dev/null
  codename="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
  # indextargets reads one-line and deb822 sources alike, and works before any apt-get update.
  # $(…) is apt's own placeholder syntax.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' -v code="$codename" '
      $3 != "main" || $2 ~ /security|updates|backports/ { next }
      $2 == code || $2 == "stable" || $2 == "testing" || $2 == "unstable" { print $1; exit }'
}

# A private apt: its own sources, lists and cache, so that nothing of the machine changes.
# Sets APT_PRIVATE (options) for private_apt below.
private_apt_setup() {
  local dir="$1" mirror suite
  mirror="$(debian_mirror)"
  [[ -n $mirror ]] || {
    echo "no Debian archive in this machine's apt sources: cannot tell where to fetch from" >&2
    return 1
  }
  mkdir -p "$dir"/{lists/partial,cache/archives/partial,empty.d}
  local signed=""
  [[ ! -r /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
    signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
  for suite in "${SOURCE_SUITES[@]}"; do
    echo "deb-src ${signed}${mirror} ${suite} main"
  done >"$dir/sources.list"
  APT_PRIVATE=(
    -o "Dir::Etc::sourcelist=$dir/sources.list" -o "Dir::Etc::sourceparts=$dir/empty.d"
    -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache"
    # A mirror may be old or this machine's clock off: what is fetched is checked by its sha256.
    -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3
  )
}

sha256_is() { [[ -s $2 && $(sha256sum <"$2") == "$1  -" ]]; }

# The Debian version whose source has a file of that sha256.
version_with_sha256() {
  apt-cache "${APT_PRIVATE[@]}" showsrc "$1" | awk -v sha="$2" '
    /^Version:/ { version = $2 }
    $1 == sha { print version; exit }'
}

# fetch_one DIR PIN: the tarball into DIR, from apt or from upstream, verified.
fetch_one() {
  local dir="$1" name version package sha url file debian_version
  IFS='|' read -r name version package sha url <<<"$2"
  file="$dir/${package}_${version}.orig.tar.gz"
  sha256_is "$sha" "$file" && return 0
  rm -f "$file"
  if ((${#APT_PRIVATE[@]})); then
    debian_version="$(version_with_sha256 "$package" "$sha")"
    if [[ -n $debian_version ]]; then
      (cd "$dir" && apt-get "${APT_PRIVATE[@]}" source --tar-only --download-only \
        "$package=$debian_version") || echo "apt-get source $package=$debian_version failed"
    else
      echo "no suite has $package with the pinned tarball"
    fi
  fi
  # apt can fail and look fine, so the file itself is looked at.
  if ! sha256_is "$sha" "$file"; then
    echo "trying the upstream archive $url"
    if have curl; then
      curl -fsSL --connect-timeout 10 --max-time 120 -o "$file" "$url" || true
    elif have wget; then
      wget -q --timeout=10 --tries=1 -O "$file" "$url" || true
    fi
  fi
  if ! sha256_is "$sha" "$file"; then
    rm -f "$file"
    echo "$name $version: no source with sha256 $sha; put ${file##*/} into $dir by hand" >&2
    return 1
  fi
  echo "$name $version: ${file##*/} verified"
}

# fetch_sources DIR PIN…: every pinned tarball into DIR; fails on the first that cannot be had.
fetch_sources() {
  local dir="$1" pin
  shift
  mkdir -p "$dir"
  APT_PRIVATE=()
  if have apt-get && private_apt_setup "$DEPS_DIR/apt"; then
    # A suite that the mirror lacks must not hide the others.
    apt-get "${APT_PRIVATE[@]}" update || echo "apt-get update was not complete; going on"
  fi
  for pin in "$@"; do
    fetch_one "$dir" "$pin" ||
      { [[ $pin == librdkafka* ]] && fetch_one "$dir" "$LIBRDKAFKA_FALLBACK"; } || return 1
  done
}
