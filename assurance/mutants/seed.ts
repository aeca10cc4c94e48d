/** Compiled dependencies are the same in the repository and in a copy of its crates: they are built once. */
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Folders of a target folder that belong to one package each, by its name and the hash of its build. */
const perPackage = ['.fingerprint', 'build'] as const

/**
 * Fills the new target folder `to` with what `from` holds of packages other than `own`, whose builds the copy must not touch.
 *
 * Artifacts are linked: cargo replaces them and never writes into them. Nothing happens where `to` exists or `from` does not.
 */
export function seed(from: string, to: string, own: readonly string[]): void {
  if (existsSync(to) || !existsSync(join(from, 'deps'))) return
  const isOwn = (entry: string): boolean => own.includes(entry.replace(/-[0-9a-f]{16}$/, ''))
  const hashes = new Set<string>()
  for (const folder of perPackage)
    for (const entry of readdirSync(join(from, folder)).filter((name) => !isOwn(name))) {
      hashes.add(entry.slice(-16))
      // Cargo writes into these; their times say what is older than what.
      cpSync(join(from, folder, entry), join(to, folder, entry), { recursive: true, preserveTimestamps: true })
    }
  mkdirSync(join(to, 'deps'), { recursive: true })
  for (const file of readdirSync(join(from, 'deps'))) {
    const hash = /-([0-9a-f]{16})\./.exec(file)?.[1]
    if (hash !== undefined && hashes.has(hash)) link(join(from, 'deps', file), join(to, 'deps', file))
  }
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    // Another file system.
    cpSync(from, to, { preserveTimestamps: true })
  }
}
