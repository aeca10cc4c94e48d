import { readFileSync } from 'node:fs'
import { type SignedDocument, signedDocuments } from '../../../../tools/vectors/current-status.ts'
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

/** What a vector's verifier knows of withdrawals: the status first, then key sets; and the time by which it is current. */
export function currentStatus(name: string): { documents: SignedDocument[]; nowMs: number } {
  const url = new URL(`../../../verifier-wasm/conformance/bundles/${name}.json`, import.meta.url)
  const { receipt } = JSON.parse(readFileSync(url, 'utf8')) as ReceiptVector
  return { documents: signedDocuments(receipt?.status?.documents ?? ''), nowMs: receipt?.status?.nowMs ?? 0 }
}
