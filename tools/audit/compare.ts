import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Files of a package by their path, such as `dist/index.js`. */
export type Files = ReadonlyMap<string, Uint8Array>

/** One file that runs in pages, as both sides have it; undefined where a side has none. */
export interface Row {
  readonly path: string
  /** SHA-256, in hex. */
  readonly rebuilt: string | undefined
  readonly published: string | undefined
}

/** What runs: scripts and WebAssembly. Types, maps and licences do not. */
const runs = /\.(?:js|mjs|cjs|wasm)$/

/** Compares every file that runs. The rows are in the order of their paths. */
export function compareFiles(rebuilt: Files, published: Files): Row[] {
  const paths = [...new Set([...rebuilt.keys(), ...published.keys()])].filter((path) => runs.test(path))
  return paths.toSorted().map((path) => ({ path, rebuilt: hashOf(rebuilt, path), published: hashOf(published, path) }))
}

/** Those that differ, or that only one side has. */
export function differences(rows: readonly Row[]): readonly Row[] {
  return rows.filter(({ rebuilt, published }) => rebuilt !== published)
}

/** The files below a folder, with paths that begin with `prefix`. */
export async function filesIn(folder: string, prefix: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(paths.map(async (path) => [join(prefix, relative(folder, path)), await readFile(path)] as const)),
  )
}

function hashOf(files: Files, path: string): string | undefined {
  const content = files.get(path)
  return content && createHash('sha256').update(content).digest('hex')
}
