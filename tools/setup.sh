#!/usr/bin/env bash
# Installs what is missing on a bare Debian 12 with Node 20, and only that; then builds.
#
#   bash tools/setup.sh start    what `npm start` needs
#   bash tools/setup.sh test     what `npm test` needs as well
#   bash tools/setup.sh vm       what `npm start -- --vm` and `pnpm image` need as well
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
purpose="${1:-start}"
cd "$root"

for part in ui system node environment wasm-tools evidence deploy model; do
  # shellcheck source=/dev/null
  . "tools/setup/$part.sh"
done

case "$purpose" in
  start | test | vm) ;;
  *) fail "Usage: bash tools/setup.sh start|test|vm" ;;
esac

[ "$purpose" = test ] && steps 11 || steps 8
begin_log "$root/.staging/setup.log"
mkdir -p "$cache"

step "Machine" require_machine
step "System packages" install_system_packages "$purpose"
step "pnpm $pnpm_version" install_pnpm
step "Packages of the workspace" install_workspace
step "Rust" install_rust "$purpose"
step "WebAssembly tools" install_wasm_tools
[ "$purpose" != test ] || step "Go" install_go
[ "$purpose" != test ] || step "Checks of deploy/" install_deploy_tools
[ "$purpose" != test ] || step "Evidence of real processors" install_evidence
step "Language model (98 MB)" install_model
printf '[%d/%d] Build\n' "$step_total" "$step_total"
node --import tsx tools/build.ts --log "$log" || exit 1
finish
