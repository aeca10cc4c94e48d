import { readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Part } from './part.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Packages of this repository are products themselves. */
const own = /^@blindllama\/|^blindllama$/

/**
 * The packages that an installation of the one in `folder` brings, and those that its build puts into its files, with their own.
 *
 * @param bundled names of packages that the build puts into the files
 */
export async function npmParts(folder: string, bundled: readonly string[]): Promise<Part[]> {
  const parts = new Map<string, Part>()
  const visit = async (from: string, name: string): Promise<void> => {
    if (own.test(name)) return
    const at = await folderOf(from, name)
    const { version, license = '', dependencies = {} } = await manifestIn(at)
    const key = `${name}@${version}`
    if (parts.has(key)) return
    parts.set(key, { ecosystem: 'npm', name, version, license })
    for (const dependency of Object.keys(dependencies)) await visit(at, dependency)
  }
  const { dependencies = {} } = await manifestIn(folder)
  for (const name of [...Object.keys(dependencies), ...bundled]) await visit(folder, name)
  return [...parts.values()]
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Where `from` finds a package: the folder above its entry that has its manifest. */
async function folderOf(from: string, name: string): Promise<string> {
  for (const base of createRequire(join(from, 'package.json')).resolve.paths(name) ?? []) {
    const folder = join(base, name)
    const found = await manifestIn(folder).catch(() => undefined)
    // pnpm links a package from where it lies, beside the packages that it needs.
    if (found?.name === name) return realpath(folder)
  }
  throw new Error(`${name}, which ${dirname(join(from, 'x'))} needs, is not installed`)
}
