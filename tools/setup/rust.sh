# Finds or installs Rust. Part of environment.sh; `use_rust` sets rust_kind:
#
# rust_kind  rustup   cargo of rustup: the source of the library comes from its server
#            debian   rustc-web and cargo-web of Debian, whose rust-web-src brings it
#            other    some other cargo that is new enough
#
# WebAssembly needs no target of rustup: its library is built from that source (tools/build-wasm/toolchain.ts).
# shellcheck shell=bash

rust_minimum=1.95
# What is installed where there is none: a newer one knows lints that nobody has looked at, and writes other bytes into the artefacts.
rust_version=1.95.0
rust_kind=''
debian_rust_packages=(rustc-web cargo-web rust-web-src lld-22)
debian_rust_test_packages=(rust-web-clippy rustfmt-web)

# use_rust: succeeds when a cargo that is new enough is on the PATH afterwards.
use_rust() {
  local folder
  for folder in '' "${CARGO_HOME:-$HOME/.cargo}/bin" /usr/bin; do
    local path="$PATH"
    [ -z "$folder" ] || path="$folder:$PATH"
    if PATH="$path" rust_is_new_enough; then
      export PATH="$path"
      rust_kind=$(kind_of_rust)
      return 0
    fi
  done
  # A rustup whose default is older: the release that set-up added beside it, which leaves the default as it is.
  if command -v rustup >/dev/null && RUSTUP_TOOLCHAIN=$rust_version rust_is_new_enough; then
    export RUSTUP_TOOLCHAIN=$rust_version
    rust_kind=rustup
    return 0
  fi
  return 1
}

rust_is_new_enough() {
  local version
  version=$(cargo --version 2>/dev/null | awk '{ print $2 }')
  rustc --version >/dev/null 2>&1 && [ -n "$version" ] &&
    [ "$(printf '%s\n%s\n' "$rust_minimum" "$version" | sort -V | head -n 1)" = "$rust_minimum" ]
}

kind_of_rust() {
  local cargo
  cargo=$(command -v cargo)
  if [ -x "$(dirname "$cargo")/rustup" ]; then
    echo rustup
  elif [ "$cargo" = /usr/bin/cargo ] && dpkg -s cargo-web >/dev/null 2>&1; then
    echo debian
  else
    echo other
  fi
}

# The source of the library, and a linker for what comes of it.
builds_wasm() {
  local rustlib linker
  rustlib="$(rustc --print sysroot)/lib/rustlib"
  for linker in "$rustlib"/*/bin/rust-lld; do [ -f "$rustlib/src/rust/library/Cargo.lock" ] && [ -x "$linker" ] && return; done
  return 1
}

# install_rust PURPOSE: whatever is there is used; else rustup from its server; else Debian's.
install_rust() {
  if ! use_rust; then
    doing 'installing it with rustup'
    if install_rustup; then
      use_rust || fail "rustup did not install Rust $rust_version. Run: rustup toolchain install $rust_version"
    else
      doing "installing Debian's, since rustup's server does not answer"
      apt_install "${debian_rust_packages[@]}"
      use_rust || fail "Rust $rust_minimum or later is needed: install it with https://rustup.rs and start again."
    fi
  fi
  if ! builds_wasm && [ "$rust_kind" = rustup ]; then
    doing 'adding the source of its library'
    timeout 120 rustup component add rust-src >>"$log" 2>&1 || note "rustup's server does not answer"
  fi
  if ! builds_wasm; then
    local package missing=()
    for package in "${debian_rust_packages[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
  fi
  [ "$1" = test ] || return 0
  if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
    doing 'adding clippy and rustfmt'
    if [ "$rust_kind" = rustup ]; then
      run 'clippy and rustfmt could not be added.' rustup component add clippy rustfmt
    else
      apt_install "${debian_rust_test_packages[@]}"
    fi
  fi
}

install_rustup() {
  if has rustup; then
    rustup toolchain install "$rust_version" --profile minimal >>"$log" 2>&1
    return
  fi
  local installer="$cache/rustup-init"
  curl --proto '=https' --tlsv1.2 -fsSL --connect-timeout 10 --retry 2 -o "$installer" \
    https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init >>"$log" 2>&1 || return 1
  chmod +x "$installer"
  "$installer" -y --profile minimal --default-toolchain "$rust_version" >>"$log" 2>&1
}
