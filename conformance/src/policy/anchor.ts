import { demand } from '../refusal.ts'
import type { Json } from './json.ts'
import { invalid, Members, unsupported } from './members.ts'

/** Who could still lie, PROTOCOL.md §1. */
export const assurances = ['simulated', 'operator-ca', 'cloud-vtpm', 'cvm-bound', 'hardware-tpm'] as const
export type Assurance = (typeof assurances)[number]

/** A trust anchor, PROTOCOL.md §7. */
export interface Anchor {
  readonly kind: 'ak-name' | 'simulated'
  /** Of the key, hex. */
  readonly name: string
  readonly assurance: Assurance
  readonly hierarchy: 'endorsement' | undefined
}

const later: ReadonlySet<string> = new Set(['azure', 'gcp', 'custom-ca'])
/** nameAlg || digest, for SHA-256, SHA-384 and SHA-512. */
const namePattern = /^(?:000b[0-9a-f]{64}|000c[0-9a-f]{96}|000d[0-9a-f]{128})$/

export function readAnchor(value: Json): Anchor {
  const members = new Members(value, 'anchor')
  const kind = members.text('kind')
  if (later.has(kind)) unsupported(kind)
  demand(kind === 'ak-name' || kind === 'simulated', 'policy.syntax', `anchor kind ${kind}`)
  const name = members.text('name', namePattern)
  const assurance = kind === 'simulated' ? kind : members.choice('assurance', assurances)
  const hierarchy = members.get('hierarchy') === undefined ? undefined : members.choice('hierarchy', ['endorsement'])
  members.end()
  if (kind === 'ak-name' && (assurance === 'simulated' || assurance === 'cvm-bound')) invalid(`a Name as ${assurance}`)
  return { kind, name, assurance, hierarchy }
}
