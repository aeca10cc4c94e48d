import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const products = new Set(['node_modules', 'dist', 'target', 'pkg', '.staging', 'coverage'])

/** Digest of the files and folders at `paths`, relative to `root`: names and contents, without what a build writes. */
export function fingerprint(root: string, paths: readonly string[], salt: string): string {
  const hash = createHash('sha256').update(salt)
  for (const path of paths) add(hash, root, path)
  return hash.digest('hex')
}

function add(hash: ReturnType<typeof createHash>, root: string, path: string): void {
  const full = join(root, path)
  const stats = statSync(full, { throwIfNoEntry: false })
  if (stats === undefined) hash.update(`absent ${path}\n`)
  else if (stats.isDirectory()) {
    for (const name of readdirSync(full).sort()) if (!isProduct(name)) add(hash, root, join(path, name))
  } else hash.update(`${stats.size} ${path}\n`).update(readFileSync(full))
}

function isProduct(name: string): boolean {
  return products.has(name) || name.startsWith('pkg-') || name.endsWith('.tsbuildinfo')
}
