import { assertOk } from '../run/assert-ok.ts'
import { runCommand } from '../run/command.ts'
import type { Part } from './part.ts'

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

/** The crates that are compiled into `crate` for `target`, without those that only build or test it. */
export async function cargoParts(root: string, crate: string, target: string): Promise<Part[]> {
  const command = ['cargo', 'metadata', '--format-version', '1', '--locked', '--filter-platform', target]
  const outcome = await runCommand(command, { cwd: root, timeoutMs: 60_000 })
  assertOk('cargo metadata', outcome)
  const { packages, resolve } = JSON.parse(outcome.stdout) as Metadata
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const first = packages.find(({ name, source }) => name === crate && source === null)
  if (!first) throw new Error(`The workspace has no crate ${crate}`)
  const reached = new Set<string>()
  const visit = (id: string): void => {
    if (reached.has(id)) return
    reached.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id)?.deps ?? [])
      if (kinds.some(({ kind }) => kind === null)) visit(pkg)
  }
  visit(first.id)
  return packages
    .filter(({ id, source }) => reached.has(id) && source !== null)
    .map(({ name, version, license }) => ({ ecosystem: 'cargo', name, version, license: license ?? '' }))
}
