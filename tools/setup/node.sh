# pnpm, and what the workspace needs from npm's registry.
# shellcheck shell=bash

pnpm_version=10.34.8

# Any pnpm 10 reads this workspace. It is asked outside of the project, where it does not switch itself to another one.
install_pnpm() {
  local found
  found=$(cd / && pnpm --version 2>/dev/null) || found=''
  case "$found" in 10.*) return 0 ;; esac
  doing "installing it (found: ${found:-none})"
  local npm_install=(npm install --global --force --no-fund --no-audit "pnpm@$pnpm_version")
  local prefix
  prefix=$(npm prefix --global 2>/dev/null)
  if [ -w "$prefix/lib" ] || { [ ! -e "$prefix/lib" ] && [ -w "$prefix" ]; }; then
    run 'pnpm could not be installed.' "${npm_install[@]}"
  else
    as_root true || fail "Root is needed once. Run: sudo npm install --global pnpm@$pnpm_version"
    run 'pnpm could not be installed.' as_root "${npm_install[@]}"
  fi
  hash -r
  has pnpm || export PATH="$prefix/bin:$PATH"
  has pnpm || fail "pnpm was installed to $prefix/bin, which is not on the PATH: add it and start again."
}

# The lock file and the manifests decide what is installed: as long as they are the same, nothing is to do.
install_workspace() {
  local stamp=node_modules/.workspace-stamp now
  now=$(cat pnpm-lock.yaml pnpm-workspace.yaml package.json {packages,examples}/*/package.json {e2e,bench,tools,tools/model-server}/package.json 2>/dev/null | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return 0
  doing 'installing'
  CI=true run 'The packages could not be installed.' pnpm install --frozen-lockfile
  printf '%s\n' "$now" >"$stamp"
}
