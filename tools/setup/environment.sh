# Where everything that set-up installs is found. This is the one place that knows; set-up, build and every script ask it.
#
#   . tools/setup/environment.sh      sets the variables
#   bash tools/setup/environment.sh   prints them for tools/environment.ts: NAME=value, each ended by a NUL
#
# Read:     WORKSPACE_CACHE   one folder for all caches: ours, and those of cargo, rustup, Go, pnpm, npm and pip.
#                              Unset, ours is below the user's cache folder and the others stay where these programs keep them.
# Written:  WORKSPACE_TOOLS   our folder: bin/ (wasm-pack, wasm-bindgen, pnpm where it is nowhere else), models/, go/
#           PATH               begins with bin/, then with the Rust and the Go that are used where these are not on it
#           GOTOOLCHAIN        local: the Go that is there, never another one from the network
# shellcheck shell=bash

cache="${WORKSPACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/blindllama-web}"
export WORKSPACE_TOOLS="$cache"
environment_names=(WORKSPACE_TOOLS PATH GOTOOLCHAIN)

# cache_in NAME FOLDER: a variable by which a program finds its cache, unless the caller has set it.
cache_in() {
  [ -n "${!1:-}" ] || export "$1=$cache/$2"
  environment_names+=("$1")
}

if [ -n "${WORKSPACE_CACHE:-}" ]; then
  cache_in CARGO_HOME cargo
  # A rustup that is there keeps its toolchains in the home folder: only another one is told where to put them.
  [ -d "$HOME/.rustup" ] || cache_in RUSTUP_HOME rustup
  cache_in GOMODCACHE go-modules
  cache_in GOCACHE go-build
  cache_in npm_config_store_dir pnpm-store
  cache_in npm_config_cache npm
  cache_in PIP_CACHE_DIR pip
fi

# shellcheck source=rust.sh
. "$(dirname "${BASH_SOURCE[0]}")/rust.sh"
# shellcheck source=go.sh
. "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# use_tools: puts on the PATH what is installed; what is missing stays missing.
use_tools() {
  export GOTOOLCHAIN=local
  use_rust || true
  use_go || true
  case "$PATH" in "$cache/bin:"*) ;; *) export PATH="$cache/bin:$PATH" ;; esac
}

use_tools
[ -z "${RUSTUP_TOOLCHAIN:-}" ] || environment_names+=(RUSTUP_TOOLCHAIN)

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  for name in "${environment_names[@]}"; do printf '%s=%s\0' "$name" "${!name}"; done
fi
