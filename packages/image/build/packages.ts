import { copyFile, link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheFolder, exists, sha256, sha256File } from './cache.ts'
import type { LockedPackage } from './lock.ts'
import { address, mirror } from './mirror.ts'
import { run, type Progress } from './run.ts'
import { release } from './wanted.ts'

/** Path of a package in the cache; {@link fetchPackages} puts it there. */
export async function cachedPackage({ path, sha256: digest }: LockedPackage): Promise<string> {
  // The digest is part of the name: two versions of the lock share one cache.
  return join(await cacheFolder('packages', digest.slice(0, 2)), `${digest.slice(2)}-${basename(path)}`)
}

const helper = '/usr/lib/apt/apt-helper'

/**
 * Fetches what the cache lacks, through apt's own downloader, and compares each file with the lock.
 *
 * @throws {Error} where the mirror no longer has a package, or serves other bytes than the lock names
 */
export async function fetchPackages(packages: readonly LockedPackage[], onProgress: Progress): Promise<void> {
  const missing: LockedPackage[] = []
  for (const entry of packages) if (!(await isIntact(entry))) missing.push(entry)
  if (missing.length === 0) return
  const from = await mirror()
  const folder = await cacheFolder('packages', 'download')
  for (const [index, entry] of missing.entries()) {
    onProgress(`fetching packages of Debian: ${index + 1} of ${missing.length}`)
    const target = join(folder, entry.sha256)
    await rm(target, { force: true })
    const words = [helper, 'download-file', address(from, entry.path), target, `SHA256:${entry.sha256}`]
    await run(
      `The mirror does not have ${entry.name} ${entry.version} (SHA-256 ${entry.sha256}). Mirrors drop replaced versions: ` +
        'copy the file from a cache that has it, or lock current versions with pnpm image --update-lock',
      words,
      { cwd: folder },
    )
    if ((await sha256File(target)) !== entry.sha256)
      throw new Error(`The mirror serves ${entry.path} with another SHA-256 than the lock's ${entry.sha256}.`)
    await rename(target, await cachedPackage(entry))
  }
}

async function isIntact(entry: LockedPackage): Promise<boolean> {
  const path = await cachedPackage(entry)
  if (!(await exists(path))) return false
  if ((await stat(path)).size === entry.size && (await sha256File(path)) === entry.sha256) return true
  await rm(path)
  return false
}

/**
 * Makes an apt repository of exactly these packages, so that a resolver has one version of each to choose from.
 *
 * @returns its folder
 */
export async function repository(packages: readonly LockedPackage[]): Promise<string> {
  const key = sha256(packages.map(({ sha256: digest }) => digest).join()).slice(0, 16)
  const folder = await cacheFolder('repositories', key)
  if (await exists(join(folder, 'complete'))) return folder
  const index = join(folder, 'dists', release, 'main/binary-amd64')
  for (const part of [join(folder, 'pool'), index]) await mkdir(part, { recursive: true })
  const stanzas: string[] = []
  for (const entry of packages) {
    const file = `pool/${basename(entry.path)}`
    await rm(join(folder, file), { force: true })
    const cached = await cachedPackage(entry)
    await link(cached, join(folder, file)).catch(async () => copyFile(cached, join(folder, file)))
    const control = await run('A package could not be read', ['dpkg-deb', '--field', cached], { cwd: folder })
    stanzas.push(`${control.trimEnd()}\nFilename: ${file}\nSize: ${entry.size}\nSHA256: ${entry.sha256}\n`)
  }
  const list = stanzas.join('\n')
  await writeFile(join(index, 'Packages'), list)
  await writeFile(
    join(folder, 'dists', release, 'Release'),
    `Origin: lock\nSuite: ${release}\nCodename: ${release}\nArchitectures: amd64\nComponents: main\n` +
      `Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n ${sha256(list)} ${Buffer.byteLength(list)} main/binary-amd64/Packages\n`,
  )
  await writeFile(join(folder, 'complete'), '')
  return folder
}
