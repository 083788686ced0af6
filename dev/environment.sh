# Sourced by the other scripts: makes sure that uv and the locked environment are there.
# Needs python3, python3-venv and git; everything else is a package.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
tools="$root/.venv-tools"
uv_version=0.13.9

if ! "$tools/bin/uv" --version 2>/dev/null | grep -q "$uv_version"; then
  python3 -m venv "$tools" || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
  "$tools/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version"
fi
export UV_PYTHON_DOWNLOADS=never
export PATH="$tools/bin:$PATH"
"$tools/bin/uv" sync --frozen --quiet --python "${ALCOVE_PYTHON:-python3}"
export PATH="$root/.venv/bin:$PATH"

# What only the system can give: bubblewrap confines connectors, chromium opens pages in tests, PostgreSQL stores.
system_package() { # name, command that it brings, what it is for
  command -v "$2" >/dev/null 2>&1 && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1 && return 0
  fi
  echo "$1 is not installed, and is needed for $3: apt-get install $1" >&2
  return 0
}
