#!/usr/bin/env bash
# build.sh GATEWAY LAYOUT [TAG]: an OCI image of the gateway in the folder LAYOUT, built without a daemon.
#
# The image has the program GATEWAY, the libraries that it loads, and nothing else that runs: no shell, no package manager. The libraries
# come from the packages of this machine's Debian, of which nothing but these packages is unpacked. The same packages and the same
# program give the same bytes. Needs dpkg, apt-get and umoci; push the result with: skopeo copy oci:LAYOUT:TAG docker://…
set -euo pipefail

[ $# -ge 2 ] || { echo "Usage: ${0##*/} GATEWAY LAYOUT [TAG]" >&2; exit 2; }
gateway=$(realpath "$1")
layout=$2
tag=${3:-latest}
[ ! -e "$layout" ] || { echo "$layout exists; name a new folder" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="$work/root"
mkdir -p "$root/usr/local/bin" "$root/etc/blindllama" "$work/packages"
chmod 755 "$root"

# Libraries that the program names, and the way to /dev/tpmrm0, which tpm2-tss opens by name when it is asked for a TPM.
mapfile -t libraries < <(ldd "$gateway" | grep -o '/[^ ]*\.so[^ ]*')
libraries+=(/usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0)
packages=()
for library in "${libraries[@]}"; do
  packages+=("$(dpkg-query --search "*$(basename "$library")" | grep -v diversion | grep -F '.so' | head -n 1 | cut -d: -f1)")
done
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
(cd "$work/packages" && apt-get -o APT::Sandbox::User=root download -qq "${packages[@]}")
for package in "$work"/packages/*.deb; do
  dpkg-deb --extract "$package" "$work/unpacked"
done

# The loader's configuration is not unpacked: the paths below are its defaults.
copy() { mkdir -p "$root$(dirname "$2")" && cp --dereference "$1" "$root$2"; }
for library in "${libraries[@]}"; do
  name=$(basename "$library")
  found=$(find "$work/unpacked" -name "$name" | head -n 1)
  [ -n "$found" ] || { echo "No package has $name" >&2; exit 1; }
  case $name in
    ld-linux-*) copy "$found" "/lib64/$name" ;;
    *) copy "$found" "/lib/x86_64-linux-gnu/$name" ;;
  esac
done
for package in "${packages[@]}"; do
  # Some packages refer to the copyright of another one; the installed copy leads to it.
  copy "/usr/share/doc/$package/copyright" "/usr/share/doc/$package/copyright"
done
install -m 755 "$gateway" "$root/usr/local/bin/blindllama-gateway"
printf 'gateway:x:65532:65532::/nonexistent:/nonexistent\n' >"$root/etc/passwd"
printf 'gateway:x:65532:\n' >"$root/etc/group"

tar --create --file="$work/layer.tar" --directory="$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
  --mode=go=rX,u+rw,a-s .
epoch=1970-01-01T00:00:00Z
umoci init --layout "$layout"
umoci new --image "$layout:$tag"
umoci raw add-layer --image "$layout:$tag" --history.created "$epoch" --history.created_by deploy/oci/build.sh "$work/layer.tar"
umoci config --image "$layout:$tag" --created "$epoch" --history.created "$epoch" --architecture amd64 --os linux \
  --config.user 65532:65532 --config.exposedports 8787/tcp --config.stopsignal SIGTERM \
  --config.entrypoint /usr/local/bin/blindllama-gateway \
  --config.cmd serve --config.cmd --config --config.cmd /etc/blindllama/gateway.toml
umoci gc --layout "$layout"
printf 'packages: %s\n' "${packages[*]}"
