# Packages of the operating system.
# shellcheck shell=bash

# What this cannot install itself is said before anything is begun.
require_machine() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail 'This runs on Linux on x86-64: the prebuilt language model runtime is for that.'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node $(node --version) is too old: install Node 20.19 or later."
  # A first build writes about 3 GB; a later one hardly anything.
  local needed_mb=3500
  [ -d target ] && [ -d node_modules ] && needed_mb=500
  local folder free_mb
  for folder in "$root" "$cache"; do
    free_mb=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
    [ "$free_mb" -ge "$needed_mb" ] || fail "$folder has $free_mb MB free, $needed_mb MB are needed: free some space and start again."
  done
  note 'fine'
}

has() { command -v "$1" >/dev/null 2>&1; }
has_library() { pkg-config --exists "$@" 2>/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }

# missing_packages PURPOSE: a package for each thing that is not there, however it would have come.
missing_packages() {
  has swtpm || echo swtpm
  has cc || echo build-essential
  has pkg-config || echo pkg-config
  has_library tss2-esys tss2-mu tss2-sys tss2-tctildr || echo libtss2-dev
  has_file '/usr/lib/*/libtss2-tcti-swtpm.so.0' || echo libtss2-tcti-swtpm0
  has curl || echo curl
  has_file '/etc/ssl/certs/ca-certificates.crt' || echo ca-certificates
  python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
  [ "$1" = vm ] && missing_vm_packages
  [ "$1" = test ] || return 0
  has swtpm_setup || echo swtpm-tools
  has tpm2_pcrread || echo tpm2-tools
  has_file /usr/bin/chromium || echo chromium
  has_file /usr/bin/firefox-esr || echo firefox-esr
  { has WebKitWebDriver && has_file '/usr/lib/*/webkit2gtk-4.1/MiniBrowser'; } || echo webkit2gtk-driver
  has Xvfb || echo xvfb
  has openssl || echo openssl
  has_file /usr/lib/softhsm/libsofthsm2.so || echo softhsm2
  has pkcs11-tool || echo opensc
  has promtool || echo prometheus
  has umoci || echo umoci
  has systemd-analyze || echo systemd
  has_file /usr/sbin/haproxy || echo haproxy
  has_file /usr/sbin/nginx || echo nginx-light
  has_file /usr/bin/caddy || echo caddy
  has_file /usr/bin/redis-server || echo redis-server
  has_file '/usr/share/fonts/truetype/*' || echo fonts-dejavu-core
}

# What builds and boots the measured image. Its own packages are locked in packages/image/packages.lock.
missing_vm_packages() {
  has qemu-system-x86_64 || echo qemu-system-x86
  has cmake || echo cmake
  has ninja || echo ninja-build
  has c++ || echo build-essential
  has git || echo git
  has dpkg-deb || echo dpkg
}

install_system_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$1")
  [ "${#packages[@]}" -gt 0 ] || return 0
  apt_install "${packages[@]}"
}

# apt_install PACKAGE…
apt_install() {
  has apt-get || fail "Install these first, with your system's package manager: $*"
  as_root true || fail "Root is needed once. Run: sudo apt-get install -y --no-install-recommends $*"
  doing "installing $*"
  run 'The package lists could not be fetched.' as_root apt-get -o DPkg::Lock::Timeout=120 update
  run 'Packages could not be installed.' as_root sh tools/setup/install-packages.sh "$@"
  hash -r
}

# as_root COMMAND…: sudo asks for the password at most once, on the terminal.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif has sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
    sudo "$@"
  else
    return 1
  fi
}
