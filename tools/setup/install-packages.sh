#!/bin/sh
# install-packages.sh PACKAGE…: as root. Installs servers without starting them, now or at the next boot: the tests start
# their own, on free ports.
set -eu

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # invoke-rc.d(8): 101 forbids every action.
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"

command -v systemctl >/dev/null 2>&1 || exit 0
for package in "$@"; do
  case $package in
    haproxy | caddy | prometheus | redis-server) systemctl disable "$package.service" ;;
    nginx-light) systemctl disable nginx.service ;;
  esac
done
