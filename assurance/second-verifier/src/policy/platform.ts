import type { Members } from '../members.ts'
import { unsupported } from './refuse.ts'
import { all, toHex } from '../bytes.ts'

/** What the processor has to say of the machine, PROTOCOL.md §18.1. */
export interface PlatformPolicy {
  readonly processors: readonly ProcessorLine[]
  readonly idKeyDigests: readonly Uint8Array[]
  /** Of what an ID key signed: there exactly where there are `idKeyDigests`. */
  readonly minGuestSvn: number | undefined
  readonly familyId: Uint8Array | undefined
  readonly imageId: Uint8Array | undefined
  readonly measurements: readonly Uint8Array[]
}

export interface ProcessorLine {
  readonly arkSha256: Uint8Array
  readonly minTcb: Tcb
}

/** Security patch levels, AMD 56860 table 3. */
export type Tcb = Readonly<Record<(typeof tcbParts)[number], number>>
export const tcbParts = ['bootloader', 'tee', 'snp', 'microcode'] as const

/** @throws {Refusal} policy.syntax, policy.unsupported */
export function readPlatformPolicy(members: Members): PlatformPolicy {
  const kind = members.choice('kind', ['azure-snp', 'azure-tdx', 'nitro'])
  if (kind !== 'azure-snp') unsupported(kind)
  const processors = members.list('processors', 8, (value) => readLine(members.member(value, 'processor')))
  const idKeyDigests = members.optionalHexList('idKeyDigests', 16, 48) ?? []
  const minGuestSvn = members.optionalInteger('minGuestSvn', 0, 0xffffffff)
  const [familyId, imageId] = [optionalId(members, 'familyId'), optionalId(members, 'imageId')]
  const measurements = members.optionalHexList('measurements', 64, 48) ?? []
  members.end()
  if (new Set(processors.map(({ arkSha256 }) => toHex(arkSha256))).size !== processors.length)
    members.noteInvalid('a root occurs twice')
  const known = [...idKeyDigests, ...measurements]
  if (known.length === 0 || known.some((value) => all(value, 0))) members.noteInvalid('any firmware')
  const namesSigner = idKeyDigests.length > 0
  if (namesSigner !== (minGuestSvn !== undefined)) members.noteInvalid('minGuestSvn and idKeyDigests go together')
  if (!namesSigner && (familyId ?? imageId) !== undefined) members.noteInvalid('an identifier of no signer')
  return { processors, idKeyDigests, minGuestSvn, familyId, imageId, measurements }
}

function optionalId(members: Members, name: string): Uint8Array | undefined {
  return members.has(name) ? members.hex(name, 16) : undefined
}

function readLine(members: Members): ProcessorLine {
  const arkSha256 = members.hex('arkSha256', 32)
  const least = members.object('minTcb')
  const minTcb = Object.fromEntries(tcbParts.map((part) => [part, least.integer(part, 0, 255)])) as Tcb
  least.end()
  members.end()
  return { arkSha256, minTcb }
}
