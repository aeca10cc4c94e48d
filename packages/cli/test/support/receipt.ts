import { readFileSync } from 'node:fs'
import type { Vector } from './run.js'

interface ReceiptVector extends Vector {
  receipt: { exchange: Exchange | null; status: { documents: string; nowMs: number } | null } | null
}

interface Exchange {
  salt: string | null
  request: string
  response: string
  modelDigest: string
  signature: string
}

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

/** The file of PROTOCOL.md §21 that a vector is about: anybody can make such a file, with any policy. */
export function receiptFile(name: string, change: (file: Record<string, unknown>) => void = () => {}): string {
  const url = new URL(`../../../verifier-wasm/conformance/bundles/${name}.json`, import.meta.url)
  const {
    audience,
    policy,
    nonce,
    evidence,
    static: part,
    nowMs,
    receipt,
  } = JSON.parse(readFileSync(url, 'utf8')) as ReceiptVector
  const file: Record<string, unknown> = {
    type: 'blindllama/receipt',
    version: 1,
    audience,
    policy,
    nonce: base64url(nonce),
    evidence: base64url(evidence),
    ...(part !== null && { static: base64url(part) }),
    verifiedAtMs: nowMs,
    ...(receipt?.exchange && { exchange: exchangeOf(receipt.exchange) }),
  }
  change(file)
  return JSON.stringify(file)
}

function exchangeOf({ salt, request, response, modelDigest, signature }: Exchange): object {
  return {
    ...(salt === null
      ? { requestDigest: base64url(request), responseDigest: base64url(response) }
      : { salt: base64url(salt), request: base64url(request), response: base64url(response) }),
    ...(modelDigest !== '' && { modelDigest: base64url(modelDigest) }),
    signature: base64url(signature),
  }
}

/** A byte string of 96 bytes in CBOR: key and signature of one who signed. */
const signatureLength = 98

/** The status that a vector's verifier knows of, signed by two, in its DSSE envelope; and the time by which it is current. */
export function currentStatus(name: string): { envelope: string; nowMs: number } {
  const url = new URL(`../../../verifier-wasm/conformance/bundles/${name}.json`, import.meta.url)
  const { receipt } = JSON.parse(readFileSync(url, 'utf8')) as ReceiptVector
  const documents = Buffer.from(receipt?.status?.documents ?? '', 'hex')
  const signatures = [2, 1].map((fromEnd) => {
    const begin = documents.length - fromEnd * signatureLength
    const bytes = documents.subarray(begin + 2, begin + signatureLength)
    return { keyid: bytes.subarray(0, 32).toString('hex'), sig: bytes.subarray(32).toString('base64') }
  })
  const payload = documents.subarray(documents.indexOf('{'), documents.indexOf('}') + 1).toString('base64')
  const envelope = { payloadType: 'application/vnd.blindllama.status.v1+json', payload, signatures }
  return { envelope: JSON.stringify(envelope), nowMs: receipt?.status?.nowMs ?? 0 }
}
