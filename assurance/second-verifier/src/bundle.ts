import { equal } from './bytes.ts'
import { type Cbor } from './cbor.ts'
import { digestLength, sha256 } from './crypto.ts'
import { demand, Refusal } from './refusal.ts'
import { readSigned, type Signed } from './release/signed.ts'
import { decodeItem, Shape } from './shape.ts'
import { type Bank, bankOfAlgorithm } from './tpm/algorithm.ts'

/** Limits of PROTOCOL.md §3, in bytes. */
const limits = { bundle: 2 << 20, claims: 16 << 10, static: 3 << 19, eventLog: 1 << 20, certificate: 8 << 10 } as const

const schema = 'bundle.schema'

export interface Bundle {
  readonly version: bigint
  /** As received: hashed before it is decoded. */
  readonly claims: Uint8Array
  readonly attest: Uint8Array
  readonly signature: Uint8Array
  readonly index: bigint
  readonly path: readonly Uint8Array[]
  readonly bank: Bank
  readonly values: ReadonlyMap<number, Uint8Array>
  readonly static: StaticPart
  readonly instanceProof: Uint8Array | undefined
}

export interface StaticPart {
  readonly akPublic: Uint8Array
  /** Of the key, each leaf to root. */
  readonly akChains: readonly (readonly Uint8Array[])[]
  readonly eventLogs: readonly EventLog[]
  readonly release: ReleaseEvidence | undefined
  readonly platform: readonly PlatformReport[]
  readonly status: Signed | undefined
}

export interface ReleaseEvidence {
  readonly manifest: Signed
  readonly keySets: readonly Signed[]
}

export interface PlatformReport {
  readonly kind: bigint
  readonly report: Uint8Array
  readonly certificates: readonly Uint8Array[] | undefined
}

export interface EventLog {
  readonly kind: bigint
  readonly bytes: Uint8Array
}

/**
 * Reads a bundle, PROTOCOL.md §3. `held` is the static part that the client holds from before.
 *
 * @throws {Refusal} bundle.*
 */
export async function readBundle(
  evidence: Uint8Array,
  held: Uint8Array | undefined,
  versions: readonly number[],
): Promise<Bundle> {
  demand(evidence.length <= limits.bundle, 'bundle.size', 'bundle')
  const shape: Shape = new Shape(decodeItem(evidence, 'bundle'), schema, 'bundle')
  const version = shape.uint(0)
  demand(version === 1n, 'bundle.version', `version ${version}`)
  const claims = shape.bytes(1, evidence.length)
  const { attest, signature } = readQuote(shape.item(2))
  const { index, path } = readNonceProof(shape.item(3))
  const { bank, values } = readPcrs(shape.item(4))
  const staticHash = shape.bytes(5, 32, 32)
  const carried = shape.has(6) ? shape.bytes(6, evidence.length) : undefined
  const instanceProof = shape.has(7) ? shape.bytes(7, 64, 64) : undefined
  shape.end()
  demand(claims.length <= limits.claims, 'bundle.size', 'claims')
  demand(versions.includes(1), 'bundle.version', 'a version that was not asked for')
  const part = carried ?? held
  demand(part !== undefined, 'bundle.static_missing', 'neither sent nor held')
  if (!equal(await sha256(part), staticHash))
    throw new Refusal(carried === undefined ? 'bundle.static_missing' : 'bundle.static_mismatch', 'static-hash')
  return { version, claims, attest, signature, index, path, bank, values, static: readStatic(part), instanceProof }
}

function readQuote(item: Cbor): { attest: Uint8Array; signature: Uint8Array } {
  const shape: Shape = new Shape(item, schema, 'quote')
  const quote = { attest: shape.bytes(0, 2048, 1), signature: shape.bytes(1, 2048, 1) }
  shape.end()
  return quote
}

function readNonceProof(item: Cbor): { index: bigint; path: readonly Uint8Array[] } {
  const shape: Shape = new Shape(item, schema, 'nonce-proof')
  const proof = { index: shape.uint(0), path: shape.byteArray(1, 64) }
  for (const sibling of proof.path) shape.must(sibling.length === 32, 1)
  shape.end()
  return proof
}

function readPcrs(item: Cbor): { bank: Bank; values: Map<number, Uint8Array> } {
  const shape: Shape = new Shape(item, schema, 'pcrs')
  const bank = bankOfAlgorithm(Number(shape.uint(0)))
  demand(bank !== undefined, schema, 'pcrs: an unknown bank')
  const values = new Map<number, Uint8Array>()
  for (const [index, value] of new Shape(shape.item(1), schema, 'values').entries()) {
    if (index >= 64n) continue
    demand(index <= 23n && value instanceof Uint8Array, schema, `pcrs: index ${index}`)
    demand(value.length === digestLength[bank.hash], schema, `pcrs: length of ${index}`)
    values.set(Number(index), value)
  }
  shape.end()
  return { bank, values }
}

function readStatic(part: Uint8Array): StaticPart {
  demand(part.length <= limits.static, 'bundle.size', 'static')
  const shape: Shape = new Shape(decodeItem(part, 'bundle'), schema, 'static')
  const read: StaticPart = {
    akPublic: shape.bytes(0, 1024, 1),
    akChains: shape.has(1) ? [shape.byteArray(1, 8, 1)] : [],
    eventLogs: shape.has(2) ? shape.array(2, 4, 1).map(readEventLog) : [],
    release: shape.has(3) ? readReleaseEvidence(shape.item(3)) : undefined,
    platform: shape.has(4) ? shape.array(4, 4, 1).map(readPlatformReport) : [],
    status: shape.has(5) ? readSigned(shape.item(5)) : undefined,
  }
  const more = shape.has(6) ? shape.array(6, 3, 1).map(readChain) : []
  shape.endWithoutExtensions()
  const akChains = [...read.akChains, ...more]
  const certificates = [...akChains, ...read.platform.map((report) => report.certificates ?? [])].flat()
  for (const certificate of certificates) demand(certificate.length <= limits.certificate, 'bundle.size', 'certificate')
  for (const { bytes } of read.eventLogs) demand(bytes.length <= limits.eventLog, 'bundle.size', 'event log')
  return { ...read, akChains }
}

/** Certificates of the same key by another authority. */
function readChain(item: Cbor): readonly Uint8Array[] {
  demand(Array.isArray(item) && item.length >= 1 && item.length <= 8, schema, 'akChains')
  return item.map((certificate) => {
    demand(certificate instanceof Uint8Array, schema, 'akChains')
    return certificate
  })
}

function readEventLog(item: Cbor): EventLog {
  const shape: Shape = new Shape(item, schema, 'event-log')
  const log = { kind: shape.uint(0), bytes: shape.bytes(1, Number.MAX_SAFE_INTEGER) }
  shape.endWithoutExtensions()
  return log
}

/** The maps of a `current-status`, which has this form too, may have extensions (PROTOCOL.md §21). */
export function readReleaseEvidence(item: Cbor, isExtensible = false): ReleaseEvidence {
  const shape: Shape = new Shape(item, schema, 'release-evidence')
  const evidence = {
    manifest: readSigned(shape.item(0), isExtensible),
    keySets: shape.has(1) ? shape.array(1, 8, 1).map((set) => readSigned(set, isExtensible)) : [],
  }
  if (isExtensible) shape.end()
  else shape.endWithoutExtensions()
  return evidence
}

function readPlatformReport(item: Cbor): PlatformReport {
  const shape: Shape = new Shape(item, schema, 'platform-report')
  const report = {
    kind: shape.uint(0),
    report: shape.bytes(1, 8192, 1),
    certificates: shape.has(2) ? shape.byteArray(2, 4, 1) : undefined,
  }
  shape.endWithoutExtensions()
  return report
}
