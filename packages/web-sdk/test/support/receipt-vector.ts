import { readFileSync } from 'node:fs'
import type { BundleVector } from '../../../../tools/vectors/bundle.ts'

const folder = new URL('../../../verifier-wasm/conformance/bundles/', import.meta.url)
const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

export interface ReceiptCase {
  /** The file of PROTOCOL.md §21. */
  file: string
  policy: string
  audience: string
  /** DSSE envelopes of `current-status`: the status, then key sets. */
  envelopes: string[]
  statusAtMs: number
}

/** A receipt of the verifier's conformance suite, and what its verifier knows of withdrawals. */
export function receiptCase(name: string): ReceiptCase {
  const vector = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as BundleVector
  const { exchange, status } = vector.receipt ?? { exchange: null, status: null }
  const file = {
    type: 'blindllama/receipt',
    version: 1,
    audience: vector.audience,
    policy: vector.policy,
    nonce: base64url(vector.nonce),
    evidence: base64url(vector.evidence),
    verifiedAtMs: vector.nowMs,
    ...(exchange && {
      exchange: {
        ...(exchange.salt === null
          ? { requestDigest: base64url(exchange.request), responseDigest: base64url(exchange.response) }
          : {
              salt: base64url(exchange.salt),
              request: base64url(exchange.request),
              response: base64url(exchange.response),
            }),
        ...(exchange.modelDigest !== '' && { modelDigest: base64url(exchange.modelDigest) }),
        signature: base64url(exchange.signature),
      },
    }),
  }
  return {
    file: JSON.stringify(file),
    policy: vector.policy,
    audience: vector.audience,
    envelopes: status ? envelopesOf(Buffer.from(status.documents, 'hex')) : [],
    statusAtMs: status?.nowMs ?? 0,
  }
}

type Item = number | Buffer | Item[] | Map<number, Item>
type Signed = Map<number, Item>

function envelopesOf(encoded: Buffer): string[] {
  const members = decode(encoded) as Map<number, Item>
  const sets = (members.get(2) ?? []) as Signed[]
  return [envelope(members.get(0) as Signed, 'status'), ...sets.map((set) => envelope(set, 'key-set'))]
}

function envelope(signed: Signed, kind: string): string {
  const signatures = (signed.get(1) as Buffer[]).map((bytes) => ({
    keyid: bytes.subarray(0, 32).toString('hex'),
    sig: bytes.subarray(32).toString('base64'),
  }))
  const payload = (signed.get(0) as Buffer).toString('base64')
  return JSON.stringify({ payloadType: `application/vnd.blindllama.${kind}.v1+json`, payload, signatures })
}

/** Unsigned integers, byte strings, arrays and maps of RFC 8949. */
function decode(bytes: Buffer): Item {
  let at = 0
  const next = (): Item => {
    const first = bytes.readUInt8(at)
    at += 1
    const extra = first % 32 < 24 ? 0 : 1 << ((first % 32) - 24)
    const argument = extra === 0 ? first % 32 : bytes.readUIntBE(at, extra)
    at += extra
    if (first >> 5 === 0) return argument
    if (first >> 5 === 2) return bytes.subarray(at, (at += argument))
    if (first >> 5 === 4) return Array.from({ length: argument }, next)
    return new Map(Array.from({ length: argument }, (): [number, Item] => [next() as number, next()]))
  }
  return next()
}
