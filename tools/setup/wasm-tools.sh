# wasm-pack and wasm-bindgen: built once, kept for every checkout on this machine.
# shellcheck shell=bash

wasm_pack_version=0.15.1
wasm_bindgen_version=0.2.130

install_wasm_tools() {
  is_version wasm-pack "$wasm_pack_version" || cargo_install wasm-pack "$wasm_pack_version" --locked
  # Not --locked: the lock of this release names a crate that was withdrawn.
  is_version wasm-bindgen "$wasm_bindgen_version" || cargo_install wasm-bindgen-cli "$wasm_bindgen_version"
}

is_version() { [ "$("$1" --version 2>/dev/null | awk '{ print $2 }')" = "$2" ]; }

# A debug build runs as well and is there in a fifth of the time.
cargo_install() {
  doing "building $1 $2 (about a minute)"
  CARGO_TARGET_DIR="$cache/target" run "$1 could not be built." \
    cargo install --debug --force --root "$cache" --version "$2" "${@:3}" "$1"
  rm -rf "$cache/target"
}
