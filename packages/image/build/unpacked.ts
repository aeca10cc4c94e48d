import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, exists, sha256 } from './cache.ts'
import { lockedPackages, type PackageSet } from './lock.ts'
import { cachedPackage, fetchPackages } from './packages.ts'
import { run, type Progress, type RunOptions } from './run.ts'

/**
 * Unpacks a set of locked packages side by side. No script of a package runs: the folder depends on nothing but the lock, and no
 * privilege is needed.
 *
 * @returns the folder in the cache
 */
export async function unpacked(set: Exclude<PackageSet, 'image'>, onProgress: Progress): Promise<string> {
  const packages = await lockedPackages(set)
  const key = sha256(packages.map(({ sha256: digest }) => digest).join()).slice(0, 16)
  const folder = join(await cacheFolder(set), key)
  if (await exists(folder)) return folder
  await fetchPackages(packages, onProgress)
  const work = `${folder}.new`
  await rm(work, { recursive: true, force: true })
  // Its symbolic links (`/bin` to `usr/bin`) come before the packages that put files behind them.
  const ordered = packages.toSorted((a, b) => Number(b.name === 'base-files') - Number(a.name === 'base-files'))
  for (const [index, entry] of ordered.entries()) {
    onProgress(`unpacking the ${set}: ${index + 1} of ${ordered.length}`)
    await run(`${entry.name} could not be unpacked`, ['dpkg-deb', '--extract', await cachedPackage(entry), work], {
      cwd: '/',
    })
  }
  await rename(work, folder)
  return folder
}

/** Runs a program of the tools folder by the folder's own loader and libraries: the host's versions have no say. */
export async function runTool(
  tools: string,
  program: string,
  args: readonly string[],
  failure: string,
  options: RunOptions,
): Promise<string> {
  const usr = join(tools, 'usr')
  const libraries = [join(usr, 'lib/x86_64-linux-gnu'), join(usr, 'lib/x86_64-linux-gnu/systemd')].join(':')
  const loader = join(usr, 'lib64/ld-linux-x86-64.so.2')
  return run(failure, [loader, '--library-path', libraries, join(usr, program), ...args], options)
}
