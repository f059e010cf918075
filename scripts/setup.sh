#!/usr/bin/env bash
# Installs what is missing for `build`, `dev`, `test` or `sdks`; does nothing, and needs no network, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-build}
export PATH="$PWD/.tools/bin:$PATH"

fail() {
  echo "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# apt PACKAGE...: installs them, or says what to install.
apt() {
  local sudo=()
  if ! have apt-get; then
    fail "Missing on this machine: $*. Install them (these are Debian's package names) and run this again."
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if have sudo && sudo -n true 2>/dev/null; then
      sudo=(sudo)
    else
      fail "Missing on this machine: $*. Run: sudo apt-get install $*"
    fi
  fi
  echo "Installing $*"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# cargo_tool CRATE VERSION [ARG...]: into .tools, built quickly rather than to run quickly.
cargo_tool() {
  local crate=$1 version=$2
  shift 2
  echo "Installing $crate $version"
  # A binary that needs a feature is nowhere to be had ready-made.
  if [[ " $* " != *" --features "* ]] && have cargo-binstall && cargo binstall --no-confirm --root .tools "$crate@$version"; then
    return
  fi
  CARGO_PROFILE_RELEASE_OPT_LEVEL=${opt_level:-1} CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    cargo install "$crate" --version "$version" --root .tools --quiet "$@"
}

# npm_packages FOLDER: as its lock file has them.
npm_packages() {
  local installed=$1/node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ "$1/package-lock.json" -nt "$installed" ]; then
    (cd "$1" && npm ci --silent --no-progress)
    touch "$installed"
  fi
}

# A Python of our own with the SDKs' packages.
python_packages() {
  local wanted=end2end/sdks/python/requirements.txt installed=.tools/sdks/requirements.txt
  if cmp -s "$wanted" "$installed"; then return; fi
  have python3 || apt python3 python3-venv
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; this is $(python3 --version)."
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt python3-venv
  python3 -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$(command -v python3) can't make virtual environments: its modules venv and ensurepip are missing."
  echo "Installing the Python packages of end2end/sdks"
  rm -rf .tools/sdks
  python3 -m venv .tools/sdks
  .tools/sdks/bin/pip install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$installed"
}

have cargo || fail "Rust is missing. Install it from https://rustup.rs and run this again."
have cc || apt build-essential
{ have node && have npm; } || apt nodejs npm
node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' ||
  fail "Node.js 20.19 or newer is needed; this is $(node --version)."

if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
  have rustup || fail "This Rust has no wasm32-unknown-unknown target. Install that target, or Rust from https://rustup.rs."
  rustup target add wasm32-unknown-unknown
fi

# The command-line tool must have exactly the version of the crate.
bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3 }' Cargo.lock)
if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $bindgen" ]; then
  cargo_tool wasm-bindgen-cli "$bindgen"
fi

# It can't say its version itself; cargo notes what it installed.
if ! grep -qs '"wasm_split_cli_support 0\.2\.3 ' .tools/.crates.toml; then
  cargo_tool wasm_split_cli_support 0.2.3 --features build-binary
fi

npm_packages .

case $want in
build) ;;
dev)
  if [ "$(cargo leptos --version 2>/dev/null)" != "cargo-leptos 0.3.10" ]; then
    opt_level=0 cargo_tool cargo-leptos 0.3.10 --locked
  fi
  ;;
test)
  missing=()
  { [ -n "${CHROMIUM:-}" ] || have chromium; } || missing+=(chromium)
  { [ -n "${CHROMEDRIVER:-}" ] || have chromedriver; } || missing+=(chromium-driver)
  if [ -z "${TEST_POSTGRES_URL:-}" ] && ! have initdb && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    missing+=(postgresql)
  fi
  if [ ${#missing[@]} -gt 0 ]; then apt "${missing[@]}"; fi
  ;;
sdks)
  { [ -n "${CHROMIUM:-}" ] || have chromium; } || apt chromium
  npm_packages end2end/sdks/node
  python_packages
  ;;
*) fail "usage: scripts/setup.sh build|dev|test|sdks" ;;
esac
