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

/** A crate that is compiled into a program. */
export interface Crate {
  readonly name: string
  readonly version: string
  /** SPDX expression of its `Cargo.toml`. */
  readonly license: string | undefined
  /** Whether crates.io has it; the others are of this workspace. */
  readonly published: boolean
}

/** `crate` of the workspace in `root` first, and each crate that it is compiled with for `target`; not those that only build or test it. */
export async function cratesOf(root: string, crate: string, target: string): Promise<Crate[]> {
  const command = ['cargo', 'metadata', '--format-version', '1', '--locked', '--filter-platform', target]
  const outcome = await runCommand(command, { cwd: root, timeoutMs: 60_000 })
  assertOk('cargo metadata', outcome)
  const { packages, resolve } = JSON.parse(outcome.stdout) as Metadata
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const first = packages.find(({ name, source }) => name === crate && source === null)
  if (!first) throw new Error(`The workspace has no crate ${crate}.`)
  const reached = new Set<string>()
  const visit = (id: string): void => {
    if (reached.has(id)) return
    reached.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id)?.deps ?? [])
      if (kinds.some(({ kind }) => kind === null)) visit(pkg)
  }
  visit(first.id)
  return [first, ...packages.filter((each) => each !== first && reached.has(each.id))].map(
    ({ name, version, license, source }) => ({
      name,
      version,
      license: license ?? undefined,
      published: source !== null,
    }),
  )
}

/** The published ones of {@link cratesOf}. */
export async function cargoParts(root: string, crate: string, target: string): Promise<Part[]> {
  const crates = await cratesOf(root, crate, target)
  return crates
    .filter(({ published }) => published)
    .map(({ name, version, license = '' }) => ({ ecosystem: 'cargo', name, version, license }))
}
