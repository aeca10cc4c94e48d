import { readFileSync } from 'node:fs'
import type { BundleVector } from '../../../../tools/vectors/bundle.ts'
import { signedDocuments } from '../../../../tools/vectors/current-status.ts'
import type { Envelope } from '../../src/receipts/current-status.js'

const folder = new URL('../../../verifier-wasm/conformance/bundles/', import.meta.url)
const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

export interface ReceiptCase {
  /** The file of PROTOCOL.md §21. */
  file: string
  policy: string
  audience: string
  /** DSSE envelopes of `current-status`, each with its proof of a log where it has one: the status, then key sets. */
  envelopes: Envelope[]
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
    envelopes: status ? envelopesOf(status.documents) : [],
    statusAtMs: status?.nowMs ?? 0,
  }
}

function envelopesOf(documents: string): Envelope[] {
  return signedDocuments(documents).map(({ envelope, proof }) => (proof ? { envelope, proof } : envelope))
}
