import { readFileSync } from 'node:fs'
import type { BundleVector } from './bundle.ts'
import { type SignedDocument, signedDocuments } from './current-status.ts'

const folder: URL = new URL('../../spec/vectors/bundles/', import.meta.url)

/** A vector of the verifier's conformance suite. */
export function bundleVector(name: string): BundleVector {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as BundleVector
}

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

/** The file of PROTOCOL.md §21 that a vector is about: anybody can make such a file, with any policy. */
export function receiptFile(name: string, change: (file: Record<string, unknown>) => void = () => {}): string {
  const { audience, policy, nonce, evidence, static: part, nowMs, receipt } = bundleVector(name)
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

type Exchange = NonNullable<NonNullable<BundleVector['receipt']>['exchange']>

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
  const status = bundleVector(name).receipt?.status
  return { documents: status ? signedDocuments(status.documents) : [], nowMs: status?.nowMs ?? 0 }
}
