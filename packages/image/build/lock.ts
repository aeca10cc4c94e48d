import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** What a package is used for: inside the image, to build it, or as firmware under it. */
export type PackageSet = (typeof packageSets)[number]

export const packageSets = ['image', 'tools', 'firmware'] as const

/** A Debian package, byte for byte. */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** In bytes. */
  readonly size: number
  /** Of the `.deb`, hexadecimal. */
  readonly sha256: string
  /** Below the mirror: `debian/pool/…` or `debian-security/pool/…`. */
  readonly path: string
  readonly sets: readonly PackageSet[]
}

export const lockFile: string = fileURLToPath(new URL('../packages.lock', import.meta.url))

const comment = `# Every Debian package of the image, of the tools that build it, and of the firmware, byte for byte.
# Written by: pnpm image --update-lock
# name version architecture size sha256 path sets
`

const sha256Text = /^[0-9a-f]{64}$/
const pathText = /^debian(?:-security)?\/pool\/[A-Za-z0-9][A-Za-z0-9+.~_/-]*\.deb$/

export function writeLock(packages: readonly LockedPackage[]): string {
  const lines = packages.map(({ name, version, architecture, size, sha256, path, sets }) =>
    [name, version, architecture, size, sha256, path, packageSets.filter((set) => sets.includes(set)).join(',')].join(
      ' ',
    ),
  )
  return comment + lines.toSorted().join('\n') + '\n'
}

/**
 * Reads a lock file.
 *
 * @throws {Error} with the number of the line and what was expected there
 */
export function readLock(text: string): LockedPackage[] {
  const names = new Set<string>()
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => {
      const refuse = (what: string): Error =>
        new Error(`packages.lock, line ${number}: ${what}. Write the file anew: pnpm image --update-lock`)
      const words = line.split(' ')
      const [name = '', version = '', architecture = '', size = '', sha256 = '', path = '', sets = ''] = words
      if (words.length !== 7) throw refuse(`${words.length} words, expected 7`)
      if (!/^[1-9]\d{0,9}$/.test(size)) throw refuse(`size '${size}' is no number of bytes`)
      if (!sha256Text.test(sha256)) throw refuse(`'${sha256}' is no SHA-256`)
      if (!pathText.test(path) || path.includes('..')) throw refuse(`'${path}' is no path of a package`)
      const used = sets.split(',')
      if (!used.every((set): set is PackageSet => packageSets.some((known) => known === set)))
        throw refuse(`sets '${sets}', expected some of ${packageSets.join(',')}`)
      if (names.has(name)) throw refuse(`${name} stands there twice`)
      names.add(name)
      return { name, version, architecture, size: Number(size), sha256, path, sets: used }
    })
}

/** The packages of the repository's lock that belong to one of `sets`. */
export async function lockedPackages(...sets: readonly PackageSet[]): Promise<LockedPackage[]> {
  const all = readLock(await readFile(lockFile, 'utf8'))
  return all.filter((entry) => entry.sets.some((set) => sets.includes(set)))
}
