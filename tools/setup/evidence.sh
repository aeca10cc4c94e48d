# Downloads what real processors and firmware said, for tests of the verifier that hold it against them: packages that carry it as
# test data. Nothing of them is built or run. Needs Rust and Go.
# shellcheck shell=bash

# As packages/verifier-wasm/src/platform/tests/real.rs names them.
evidence_crates=(sev@8.0.0 az-snp-vtpm@0.8.2)
evidence_module=github.com/google/go-sev-guest@v0.15.0

install_evidence() {
  local crate
  for crate in "${evidence_crates[@]}"; do
    has_crate "$crate" || {
      doing "downloading the test data of $crate"
      # From a folder of no package: which crate is meant is then nobody's lock file.
      run "The crate $crate could not be fetched." crate_info "$crate"
    }
  done
  run "The Go module $evidence_module could not be fetched." go mod download "$evidence_module"
}

# has_crate NAME@VERSION: whether cargo has unpacked it already.
has_crate() {
  local folder
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"${1/@/-}"; do [ -f "$folder/Cargo.toml" ] && return; done
  return 1
}

# Shows a crate, which downloads and unpacks it.
crate_info() {
  (cd "$WORKSPACE_TOOLS" && cargo info --quiet "$1")
}
