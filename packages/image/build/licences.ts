import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { LockedPackage } from './lock.ts'
import { cachedPackage } from './packages.ts'
import { run } from './run.ts'

/**
 * Names of licences that a package of Debian lists for its sources, as it spells them: from its file `copyright`, where that is in the
 * machine-readable format (DEP-5). A package whose file is not, or which keeps it in another package, gives none.
 */
export async function licencesOf(entry: LockedPackage): Promise<string[]> {
  const deb = await cachedPackage(entry)
  // `tar` ends with an error where the archive lacks the file.
  const script =
    'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout "./usr/share/doc/$2/copyright" 2>/dev/null || true'
  const words = ['bash', '-c', script, 'bash', deb, entry.name]
  return licencesIn(await run(`${entry.name} could not be read`, words, { cwd: '/' }))
}

/** The same from the text of the file. */
export function licencesIn(copyright: string): string[] {
  if (!/^Format: *https?:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/?\s*$/m.test(copyright))
    return []
  // Stanzas of files say which licence they are under; a stanza that begins with `License` has the text of one.
  const stanzas = copyright.split(/\n\s*\n/).filter((stanza) => /^Files:/m.test(stanza))
  const names = stanzas.flatMap((stanza) => /^License: *(\S.*)$/m.exec(stanza)?.[1]?.trim() ?? [])
  return [...new Set(names)].toSorted()
}

/** A crate that is compiled into a program. */
export interface Crate {
  readonly name: string
  readonly version: string
  /** SPDX expression of its `Cargo.toml`. */
  readonly license: string | undefined
  /** Whether crates.io has it. */
  readonly published: boolean
}

interface Metadata {
  readonly packages: readonly {
    readonly id: string
    readonly name: string
    readonly version: string
    readonly license: string | null
    readonly source: string | null
  }[]
  readonly resolve: {
    readonly nodes: readonly {
      readonly id: string
      readonly deps: readonly {
        readonly pkg: string
        readonly dep_kinds: readonly { readonly kind: string | null }[]
      }[]
    }[]
  }
}

/** The program's crate first, and behind it each crate that it is compiled with; not those that only build scripts or tests use. */
export async function cratesOf(source: string, program: string): Promise<Crate[]> {
  const words = [
    'cargo',
    'metadata',
    '--format-version',
    '1',
    '--locked',
    '--filter-platform',
    'x86_64-unknown-linux-gnu',
  ]
  const metadata = JSON.parse(await run('The crates could not be listed', words, { cwd: source })) as Metadata
  const packages = new Map(metadata.packages.map((entry) => [entry.id, entry]))
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]))
  const first = metadata.packages.find(({ name, source: from }) => name === program && from === null)
  if (first === undefined) throw new Error(`The workspace has no crate ${program}.`)
  const seen = new Set<string>()
  const waiting = [first.id]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const normal = (nodes.get(id)?.deps ?? []).filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null))
    waiting.push(...normal.map(({ pkg }) => pkg))
  }
  return [...seen].map((id) => {
    const found = packages.get(id)
    if (found === undefined) throw new Error(`cargo does not describe ${id}.`)
    const { name, version, license, source: from } = found
    return { name, version, license: license ?? undefined, published: from !== null }
  })
}

/** Version and licence of a package of npm, as `services/model-server` resolves it. */
export async function npmPackage(name: string): Promise<{ readonly version: string; readonly license: string }> {
  const services = fileURLToPath(new URL('../../../services/model-server/package.json', import.meta.url))
  const resolved = createRequire(services).resolve(name)
  const folder = resolved.slice(0, resolved.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}`.length)
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string; license: string }
}
