import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
// That of jsdom names no files.
import { fileURLToPath, URL as NodeUrl } from 'node:url'
import type { ConnectEvent, Verdict } from '@blindllama/web-sdk'
import { verifyEvidence } from '@blindllama/web-sdk/verify'
import type { BundleVector } from '../../../tools/vectors/bundle.ts'
import { Proof } from '../src/proof/proof.js'

const folder = fileURLToPath(new NodeUrl('../../../spec/vectors/bundles/', import.meta.url))
export const wasm: Uint8Array<ArrayBuffer> = new Uint8Array(
  readFileSync(createRequire(import.meta.url).resolve('@blindllama/web-sdk/blindllama_verifier_bg.wasm')),
)

export type { BundleVector }

/** Vectors of a first visit, as this SDK asks: of `connect`, and not of a file or of a later visit. */
export const vectors: readonly BundleVector[] = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as BundleVector)
  .filter(({ receipt, state, versions }) => receipt === null && state === null && versions.join() === '1')

export function vector(name: string): BundleVector {
  const found = vectors.find((each) => each.name === name)
  if (!found) throw new Error(`There is no vector ${name}`)
  return found
}

const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'))

/** The proof that a page with the vector's policy shows. */
export function proofOf({ policy, audience, allowSimulated }: BundleVector, retry?: () => void): Proof {
  return new Proof({ url: audience, policy, dangerouslyAllowSimulated: allowSimulated, wasm, retry })
}

export function evidenceEvent(from: BundleVector): ConnectEvent & { type: 'evidence' } {
  return {
    type: 'evidence',
    evidence: bytes(from.evidence),
    nonce: bytes(from.nonce),
    staticPart: from.static === null ? undefined : bytes(from.static),
    receivedAtMs: from.nowMs,
  }
}

/** What the real verifier says of a vector. */
export function verdictOf(from: BundleVector): Promise<Verdict> {
  const { policy, audience, allowSimulated } = from
  const { receivedAtMs, evidence, nonce, staticPart } = evidenceEvent(from)
  return verifyEvidence({ evidence, nonce, staticPart }, { policy, audience, allowSimulated, receivedAtMs, wasm })
}

/** Waits for what a proof becomes after its own verification. */
export async function settled(proof: Proof): Promise<Proof['state']> {
  // The verifier runs within promises, and no timer has a part in it. The time bounds a hang.
  const end = performance.now() + 30_000
  while ((proof.state.status === 'checking' || proof.state.renewing) && performance.now() < end)
    await new Promise(setImmediate)
  return proof.state
}

/** The events of an attestation that the client takes for passed. */
export async function attest(proof: Proof, from: BundleVector, verdict?: Verdict, expiresInMs = 60_000): Promise<void> {
  proof.onEvent({ type: 'attesting', reason: 'connect' })
  proof.onEvent(evidenceEvent(from))
  proof.onEvent({ type: 'verdict', verdict: verdict ?? (await verdictOf(from)) })
  proof.onEvent({ type: 'ready', expiresInMs })
  await settled(proof)
}
