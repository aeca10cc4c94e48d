import type { Json } from '../json.ts'
import { Members } from '../members.ts'
import { demand } from '../refusal.ts'
import { type Profile, profileOf } from '../x509/profile.ts'
import { invalid } from './refuse.ts'

/** Who could still lie, PROTOCOL.md §1. */
export const assurances = ['simulated', 'operator-ca', 'cloud-vtpm', 'cvm-bound', 'hardware-tpm'] as const
export type Assurance = (typeof assurances)[number]

/** A trust anchor, PROTOCOL.md §7 and §17.4. */
export type Anchor = NameAnchor | ChainAnchor

interface AnchorBase {
  readonly assurance: Assurance
  readonly hierarchy: 'endorsement' | undefined
  /** As the TPM states it; undefined: any. */
  readonly minFirmwareVersion: bigint | undefined
}

/** This very key, by its Name in hex. */
export interface NameAnchor extends AnchorBase {
  readonly kind: 'ak-name' | 'simulated'
  readonly name: string
}

/** Keys that a certificate authority vouches for. */
export interface ChainAnchor extends AnchorBase {
  readonly kind: 'azure' | 'gcp' | 'custom-ca'
  readonly rootSha256: Uint8Array
  readonly profile: Profile
  readonly vm: 'confidential' | 'trusted' | undefined
  /** What of the machine has to be equal, by the names of the certificate's extension. */
  readonly instance: Readonly<Record<string, string>>
}

/** nameAlg || digest, for SHA-256, SHA-384 and SHA-512. */
const namePattern = /^(?:000b[0-9a-f]{64}|000c[0-9a-f]{96}|000d[0-9a-f]{128})$/
const kinds = ['ak-name', 'simulated', 'azure', 'gcp', 'custom-ca'] as const

/** @throws {Refusal} policy.syntax, policy.invalid */
export function readAnchor(value: Json): Anchor {
  const members = new Members(value, 'anchor')
  const kind = members.choice('kind', kinds)
  const anchor: Anchor =
    kind === 'ak-name' || kind === 'simulated' ? readNameAnchor(members, kind) : readChainAnchor(members, kind)
  members.end()
  if (anchor.kind === 'ak-name' && (anchor.assurance === 'simulated' || anchor.assurance === 'cvm-bound'))
    invalid(`a Name as ${anchor.assurance}`)
  if (anchor.minFirmwareVersion !== undefined && anchor.hierarchy === undefined)
    invalid('minFirmwareVersion without hierarchy')
  return anchor
}

function readCommon(members: Members): Pick<AnchorBase, 'hierarchy' | 'minFirmwareVersion'> {
  const least = members.optionalText('minFirmwareVersion', /^[0-9a-f]{16}$/)
  return {
    hierarchy: members.has('hierarchy') ? members.choice('hierarchy', ['endorsement']) : undefined,
    minFirmwareVersion: least === undefined ? undefined : BigInt(`0x${least}`),
  }
}

function readNameAnchor(members: Members, kind: NameAnchor['kind']): NameAnchor {
  const assurance = kind === 'simulated' ? kind : members.choice('assurance', assurances)
  return { kind, name: members.text('name', namePattern), assurance, ...readCommon(members) }
}

function readChainAnchor(members: Members, kind: ChainAnchor['kind']): ChainAnchor {
  const rootSha256 = members.hex('rootSha256', 32)
  const profile = profileOf(rootSha256)
  const common = { kind, rootSha256, profile: kind === 'azure' ? kind : profile, ...readCommon(members) }
  const hasVm = kind === 'azure' && members.has('vm')
  const vm = hasVm ? members.choice('vm', ['confidential', 'trusted']) : undefined
  const instance = kind === 'gcp' ? readInstance(members) : {}
  const isGoogle = profile === 'gcp' || profile === 'gcp-first'
  if (kind === 'azure' && isGoogle) invalid('a root of Google under azure')
  if (kind === 'gcp' && profile === 'azure') invalid('a root of Azure under gcp')
  if (kind === 'custom-ca' && profile !== 'custom-ca') invalid('a root of a cloud under custom-ca')
  const assurance = kind === 'custom-ca' ? 'operator-ca' : 'cloud-vtpm'
  return { ...common, profile: kind === 'gcp' && !isGoogle ? 'gcp' : common.profile, assurance, vm, instance }
}

function readInstance(members: Members): Record<string, string> {
  const pinned: Record<string, string> = {}
  for (const key of ['projectNumber', 'instanceId']) {
    const text = members.optionalText(key, /^(?:0|[1-9][0-9]*)$/)
    if (text === undefined) continue
    demand(BigInt(text) < 1n << 64n, 'policy.syntax', key)
    pinned[key] = text
  }
  for (const key of ['projectId', 'zone', 'instanceName']) {
    const text = members.optionalText(key)
    if (text !== undefined) pinned[key] = text
  }
  if (pinned['projectNumber'] === undefined && pinned['projectId'] === undefined) invalid('gcp without a project')
  return pinned
}
