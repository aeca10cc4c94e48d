# pnpm, and what the workspace needs from npm's registry.
# shellcheck shell=bash

pnpm_version=10.34.8

# Any pnpm 10 reads this workspace. It is asked outside of the project, where it does not switch itself to another one. Where npm's global
# programs are on nobody's PATH, it goes into our own folder, which environment.sh knows.
install_pnpm() {
  local found
  found=$(cd / && pnpm --version 2>/dev/null) || found=''
  case "$found" in 10.*) return 0 ;; esac
  doing "installing it (found: ${found:-none})"
  local prefix
  prefix=$(npm prefix --global 2>/dev/null) || prefix=''
  case ":$PATH:" in
    *":$prefix/bin:"*) install_pnpm_globally "$prefix" ;;
    *) install_pnpm_here ;;
  esac
  hash -r
  has pnpm || fail "pnpm was installed to $prefix/bin and is not found there: add it to the PATH and start again."
}

install_pnpm_globally() {
  local npm_install=(npm install --global --force --no-fund --no-audit "pnpm@$pnpm_version")
  if [ -w "$1/lib" ] || { [ ! -e "$1/lib" ] && [ -w "$1" ]; }; then
    run 'pnpm could not be installed.' "${npm_install[@]}"
  elif as_root true; then
    run 'pnpm could not be installed.' as_root "${npm_install[@]}"
  else
    install_pnpm_here
  fi
}

install_pnpm_here() {
  note 'done: for this project alone, so run its scripts by npm run NAME'
  run 'pnpm could not be installed.' npm install --prefix "$cache/pnpm" --no-fund --no-audit "pnpm@$pnpm_version"
  mkdir -p "$cache/bin"
  ln -sf ../pnpm/node_modules/pnpm/bin/pnpm.cjs "$cache/bin/pnpm"
}

# The lock file and the manifests decide what is installed: as long as they are the same, nothing is to do.
install_workspace() {
  local stamp=node_modules/.workspace-stamp now
  now=$(cat pnpm-lock.yaml pnpm-workspace.yaml package.json {packages,examples}/*/package.json {e2e,bench,tools,assurance,assurance/second-verifier,services,services/model-server}/package.json 2>/dev/null | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return 0
  doing 'installing'
  CI=true run 'The packages could not be installed.' pnpm install --frozen-lockfile
  printf '%s\n' "$now" >"$stamp"
}
