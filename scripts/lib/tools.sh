# shellcheck shell=bash
# Validators from PyPI and npm, kept outside the tree. Needs common.sh and apt.sh.

fetch_tools() { # FOLDER WORD…
  local into="$1" word npm=() pip=()
  shift
  for word in "$@"; do
    if [[ $word == @* ]]; then npm+=("$word"); else pip+=("$word"); fi
  done
  rm -rf "$into"
  mkdir -p "$into"
  if ((${#npm[@]})); then
    (cd "$into" && npm install --no-audit --no-fund --ignore-scripts --no-save "${npm[@]}")
  fi
  if ((${#pip[@]})); then
    python3 -m venv "$into/python"
    "$into/python/bin/pip" install --quiet --disable-pip-version-check "${pip[@]}"
  fi
  touch "$into/done"
}

# ensure_tools NAME WORD…: packages NAME==VERSION of PyPI and @SCOPE/NAME@VERSION of npm. Prints the
# folder that has them: node_modules, and python with its own packages.
ensure_tools() {
  local name="$1" folder
  shift
  # Another version is another folder.
  folder="${XDG_CACHE_HOME:-$HOME/.cache}/streamer/$name-$(printf '%s\n' "$@" | sha256sum | cut -c1-12)"
  [[ "$*" != *@* ]] || have npm || ensure_packages "$name" npm
  [[ -e $folder/done ]] || step "fetch validators ($name)" fetch_tools "$folder" "$@"
  echo "$folder"
}
