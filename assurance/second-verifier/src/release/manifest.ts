import { readJson } from '../json.ts'
import { Members } from '../members.ts'
import { demand } from '../refusal.ts'
import { type Bank, bankOfName } from '../tpm/algorithm.ts'
import { isReset, readValues, type Release } from './values.ts'

/** Reference values that come with the evidence, PROTOCOL.md §19.4. */
export interface Manifest {
  readonly name: string
  readonly version: number
  readonly minVersion: number
  readonly notBefore: number
  readonly notAfter: number
  readonly bank: Bank
  readonly modelDigest: Uint8Array | undefined
  readonly configDigests: readonly Uint8Array[]
  readonly whole: readonly Part[]
  readonly platforms: readonly Part[]
  readonly images: readonly Part[]
}

interface Part {
  readonly name: string
  readonly pcrs: ReadonlyMap<number, Uint8Array>
}

const [syntax, invalid] = ['release.syntax', 'release.invalid'] as const
const max = Number.MAX_SAFE_INTEGER

/** Indices that a part of each list may have. */
const allowed: Readonly<Record<'whole' | 'platforms' | 'images', ReadonlySet<number>>> = {
  whole: new Set([...Array(24).keys()].filter((index) => ![10, 16, 23].includes(index))),
  platforms: new Set([0, 1, 2, 3, 5, 6, 7]),
  images: new Set([4, 8, 9, 11, 12, 13, 14]),
}

/** `payload` is signed. @throws {Refusal} release.syntax, release.invalid */
export function readManifest(payload: Uint8Array): Manifest {
  const members = new Members(readJson(payload, syntax), 'manifest', syntax)
  const bank = bankOfName(members.choice('bank', ['sha256', 'sha384']))
  demand(bank !== undefined, syntax, 'bank')
  const version = members.integer('version', 1, max)
  const manifest: Manifest = {
    name: members.text('name'),
    version,
    minVersion: members.integer('minVersion', 1, max),
    notBefore: members.integer('notBefore', 0, max),
    notAfter: members.integer('notAfter', 0, max),
    bank,
    modelDigest: members.has('modelDigest') ? members.hex('modelDigest', 32) : undefined,
    configDigests: members.optionalHexList('configDigests', 64, 32) ?? [],
    whole: readParts(members, 'whole', bank),
    platforms: readParts(members, 'platforms', bank),
    images: readParts(members, 'images', bank),
  }
  members.hex('sourceCommit', 20, 32)
  members.hex('imageDigest', 32)
  members.text('machine')
  members.end()
  demand(manifest.minVersion <= version, invalid, 'minVersion above version')
  demand(manifest.notBefore < manifest.notAfter, invalid, 'notBefore not below notAfter')
  demand(
    ['whole', 'platforms', 'images'].some((list) => members.has(list)),
    invalid,
    'no values',
  )
  for (const list of ['whole', 'platforms', 'images'] as const) checkParts(manifest[list], allowed[list])
  return manifest
}

function readParts(members: Members, list: 'whole' | 'platforms' | 'images', bank: Bank): Part[] {
  const parts = members.optionalList(list, 64, (value) => {
    const part = members.member(value, list)
    const read = { name: part.text('name'), pcrs: readValues(part.object('pcrs'), bank, syntax) }
    part.end()
    demand(read.pcrs.size > 0, syntax, `${list} without values`)
    return read
  })
  return parts ?? []
}

function checkParts(parts: readonly Part[], indices: ReadonlySet<number>): void {
  demand(new Set(parts.map(({ name }) => name)).size === parts.length, invalid, 'two parts of one name')
  for (const { name, pcrs } of parts)
    for (const [index, value] of pcrs) demand(indices.has(index) && !isReset(value), invalid, `PCR ${index} of ${name}`)
}

/** What of a manifest may match, in the order of PROTOCOL.md §19.4. */
export function candidates({ name, configDigests, modelDigest, whole, platforms, images }: Manifest): Release[] {
  const pairs = [...platforms, undefined].flatMap((platform) =>
    [...images, undefined].map((image) => new Map([...(platform?.pcrs ?? []), ...(image?.pcrs ?? [])])),
  )
  return [...whole.map(({ pcrs }) => pcrs), ...pairs].map((pcrs) => ({ name, pcrs, configDigests, modelDigest }))
}
