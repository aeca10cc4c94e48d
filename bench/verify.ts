import { type Bytes, fromHex, utf8 } from '../packages/web-sdk/src/bytes.js'
import { KEM_X25519_SHA256, suitesOf } from '../packages/web-sdk/src/ohttp/suite.js'
import { loadVerifier } from '../packages/web-sdk/src/verifier/load.js'
import { type Quartiles, quartiles } from './statistics.js'

/** A vector of spec/vectors/bundles. */
export interface Vector {
  name: string
  why: string
  evidence: string
  policy: string
  audience: string
  nonce: string
  nowMs: number
}

export interface ColdResult {
  /** Fetch, compare with the hash, compile, start. Milliseconds. */
  loadMs: number
  /** The first verification. Milliseconds. */
  firstMs: number
}

/** What a page that was just opened waits for. */
export async function coldVerify(wasm: string, vector: Vector): Promise<ColdResult> {
  const start = performance.now()
  const verifier = await loadVerifier(wasm)
  const loaded = performance.now()
  assertPassed(verifier.verify(inputOf(vector)).result)
  return { loadMs: loaded - start, firstMs: performance.now() - loaded }
}

/** Verifications by a verifier that runs already; quartiles of 40 timings of 10 each, in milliseconds. */
export async function warmVerify(wasm: string, vector: Vector): Promise<Quartiles> {
  const verifier = await loadVerifier(wasm)
  const input = inputOf(vector)
  const sample: number[] = []
  for (let timing = 0; timing < 44; timing += 1) {
    const start = performance.now()
    for (let count = 0; count < 10; count += 1) assertPassed(verifier.verify(input).result)
    if (timing >= 4) sample.push((performance.now() - start) / 10)
  }
  return quartiles(sample)
}

function inputOf(vector: Vector): Parameters<Awaited<ReturnType<typeof loadVerifier>>['verify']>[0] {
  const { audience, nowMs } = vector
  const evidence: Bytes = fromHex(vector.evidence)
  const nonce = fromHex(vector.nonce)
  const suites = suitesOf([{ id: KEM_X25519_SHA256 }])
  return { evidence, policy: utf8(vector.policy), audience, nonce, nowMs, allowSimulated: false, versions: [1], suites }
}

function assertPassed(result: string): void {
  if (result !== 'pass') throw new Error('the vector was not accepted')
}
