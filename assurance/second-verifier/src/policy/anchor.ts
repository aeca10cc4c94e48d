import { toHex } from '../bytes.ts'
import type { Json } from '../json.ts'
import type { Members } from '../members.ts'
import { demand, Refusal } from '../refusal.ts'
import { type Profile, profileOf } from '../x509/profile.ts'

/** Who could still lie, PROTOCOL.md §1. */
export const assurances = ['simulated', 'operator-ca', 'cloud-vtpm', 'cvm-bound', 'hardware-tpm'] as const
export type Assurance = (typeof assurances)[number]

/** An entry of `anchors`, PROTOCOL.md §7: one voucher, or several that have to vouch together. */
export interface Anchor {
  /** At least one; several of an `allOf` alone. */
  readonly vouchers: readonly Voucher[]
  readonly isJoint: boolean
  /** The highest of the vouchers, by the order of `assurances`. */
  readonly assurance: Assurance
  /** The qualified name is checked. */
  readonly isEndorsed: boolean
  /** As the TPM states it; undefined: any. */
  readonly minFirmwareVersion: bigint | undefined
}

/** A trust anchor by itself, PROTOCOL.md §7 and §17.4. */
export type Voucher = NameVoucher | ChainVoucher

interface VoucherBase {
  readonly assurance: Assurance
  readonly isEndorsed: boolean
  readonly minFirmwareVersion: bigint | undefined
}

/** These very keys, by their Names in hex. */
export interface NameVoucher extends VoucherBase {
  readonly kind: 'ak-name' | 'simulated'
  readonly names: readonly string[]
  /** Of each Name, in their order; none: what holds the key is the operator's word. */
  readonly enrolments: readonly string[]
}

/** Keys that a certificate authority vouches for. */
export interface ChainVoucher extends VoucherBase {
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

/** Of `anchors` in `policy`. @throws {Refusal} policy.syntax */
export function readAnchor(policy: Members, value: Json): Anchor {
  const members = policy.member(value, 'anchor')
  if (!members.has('allOf')) return anchorOf([readVoucher(members)], false)
  const listed = members.get('allOf')
  demand(Array.isArray(listed) && listed.length >= 2, 'policy.syntax', 'anchor.allOf')
  const vouchers = members.list('allOf', 4, (item) => readVoucher(members.member(item, 'anchor')))
  members.end()
  const roots = vouchers.filter(isChainVoucher).map(({ rootSha256 }) => toHex(rootSha256))
  if (new Set(roots).size < roots.length) members.noteInvalid('an allOf that asks for one root twice')
  if (vouchers.some(({ kind }) => kind === 'simulated')) members.noteInvalid('a simulated TPM beside others')
  return anchorOf(vouchers, true)
}

function anchorOf(vouchers: readonly Voucher[], isJoint: boolean): Anchor {
  const rank = Math.max(...vouchers.map(({ assurance }) => assurances.indexOf(assurance)))
  const versions = vouchers.flatMap(({ minFirmwareVersion }) => minFirmwareVersion ?? [])
  return {
    vouchers,
    isJoint,
    assurance: assurances[rank] as Assurance,
    isEndorsed: vouchers.some(({ isEndorsed }) => isEndorsed),
    minFirmwareVersion: versions.toSorted((a, b) => (a < b ? -1 : 1)).at(-1),
  }
}

export function isChainVoucher(voucher: Voucher): voucher is ChainVoucher {
  return 'rootSha256' in voucher
}

/** The record that an anchor names for a key, PROTOCOL.md §22.5. */
export function enrolmentOf(voucher: Voucher, name: string): string | null {
  return isChainVoucher(voucher) ? null : (voucher.enrolments[voucher.names.indexOf(name)] ?? null)
}

/** Whether a key is called one of hardware by the author alone, who has it from the operator. */
export function isOperatorsWord(voucher: Voucher): boolean {
  return voucher.assurance === 'hardware-tpm' && !isChainVoucher(voucher) && voucher.enrolments.length === 0
}

function readVoucher(members: Members): Voucher {
  const kind = members.choice('kind', kinds)
  const voucher: Voucher =
    kind === 'ak-name' || kind === 'simulated' ? readNameVoucher(members, kind) : readChainVoucher(members, kind)
  members.end()
  if (voucher.kind === 'ak-name' && (voucher.assurance === 'simulated' || voucher.assurance === 'cvm-bound'))
    members.noteInvalid(`a Name as ${voucher.assurance}`)
  if (voucher.minFirmwareVersion !== undefined && !voucher.isEndorsed)
    members.noteInvalid('minFirmwareVersion without a hierarchy that is checked')
  return voucher
}

/** The hierarchy of a cloud's key is checked whether the policy names it or not, PROTOCOL.md §6. */
function readCommon(members: Members, kind: Voucher['kind']): Omit<VoucherBase, 'assurance'> {
  const least = members.optionalText('minFirmwareVersion', /^[0-9a-f]{16}$/)
  const isNamed = members.has('hierarchy') && members.choice('hierarchy', ['endorsement']) === 'endorsement'
  return {
    isEndorsed: isNamed || kind === 'azure' || kind === 'gcp',
    minFirmwareVersion: least === undefined ? undefined : BigInt(`0x${least}`),
  }
}

function readNameVoucher(members: Members, kind: NameVoucher['kind']): NameVoucher {
  const assurance = kind === 'simulated' ? kind : members.choice('assurance', assurances)
  const isList = kind === 'ak-name' && members.has('names')
  const names = isList ? members.list('names', 256, readName) : [members.text('name', namePattern)]
  const common = readCommon(members, kind)
  const isEnrolled = kind === 'ak-name' && members.has('enrolment')
  const enrolments = isEnrolled ? members.list('enrolment', 256, readDigest) : []
  if (isEnrolled && enrolments.length !== names.length) members.noteInvalid('enrolments that are not one of each Name')
  return { kind, names, enrolments, assurance, ...common }
}

function readDigest(value: Json): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new Refusal('policy.syntax', 'anchor.enrolment')
  return value
}

function readName(value: Json): string {
  if (typeof value !== 'string' || !namePattern.test(value)) throw new Refusal('policy.syntax', 'anchor.names')
  return value
}

function readChainVoucher(members: Members, kind: ChainVoucher['kind']): ChainVoucher {
  const rootSha256 = members.hex('rootSha256', 32)
  const profile = profileOf(rootSha256)
  const common = { kind, rootSha256, profile: kind === 'azure' ? kind : profile, ...readCommon(members, kind) }
  const hasVm = kind === 'azure' && members.has('vm')
  const vm = hasVm ? members.choice('vm', ['confidential', 'trusted']) : undefined
  const instance = kind === 'gcp' ? readInstance(members) : {}
  const isGoogle = profile === 'gcp' || profile === 'gcp-first'
  if (kind === 'azure' && isGoogle) members.noteInvalid('a root of Google under azure')
  if (kind === 'gcp' && profile === 'azure') members.noteInvalid('a root of Azure under gcp')
  if (kind === 'custom-ca' && profile !== 'custom-ca') members.noteInvalid('a root of a cloud under custom-ca')
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
  if (pinned['projectNumber'] === undefined && pinned['projectId'] === undefined)
    members.noteInvalid('gcp without a project')
  return pinned
}
