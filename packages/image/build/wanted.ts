import type { PackageSet } from './lock.ts'

/** The Debian release that everything is taken from. */
export const release = 'trixie'

/** What is asked for. The lock holds these packages with everything that they depend on. */
export const wanted: Readonly<Record<PackageSet, readonly string[]>> = {
  // mkosi installs what dpkg calls essential; the allowlist (mkosi.finalize) keeps the few files that the guest uses.
  image: [
    '?essential',
    'base-files',
    'linux-image-cloud-amd64',
    'systemd-boot-efi',
    'libtss2-esys-3.0.2-0t64',
    'libtss2-tctildr0t64',
    'libtss2-tcti-device0t64',
  ],
  tools: [
    '?essential',
    'apt',
    'binutils',
    'cpio',
    'cryptsetup-bin',
    'debian-archive-keyring',
    'dosfstools',
    'erofs-utils',
    'kmod',
    'mkosi',
    'mtools',
    'systemd',
    'systemd-boot-efi',
    'systemd-repart',
    'systemd-ukify',
    'xz-utils',
    'zstd',
  ],
  firmware: ['ovmf'],
}
