import type { Outcome, VerifierModule } from './verifier.ts'
/** The input of one verification and what it must end in; byte strings are hex. See conformance/README.md. */
export interface BundleVector {
  name: string
  why: string
  expect: 'accept' | 'reject'
  /** Of the catalogue of negative cases. */
  ids: string[]
  /** For a refusal: the accepted vector beside it. */
  twin: string | null
  /** Steps that end in a warning, for an accept. */
  warnings: string[]
  /** Of the step that must fail, or `ok`. */
  code: string
  /** What an accepted one gives to be kept. */
  nextState: string | null
  evidence: string
  static: string | null
  policy: string
  audience: string
  nonce: string
  nowMs: number
  allowSimulated: boolean
  versions: number[]
  /** KEM, KDF and AEAD of each suite of the engine. */
  suites: [number, number, number][]
  /** What an earlier verdict gave to be kept. */
  state: string | null
  /** Of a receipt or a verification record. */
  receipt: {
    exchange: {
      salt: string | null
      request: string
      response: string
      modelDigest: string
      signature: string
    } | null
    status: {
      documents: string
      nowMs: number
    } | null
  } | null
}
export declare function runBundle(verifier: VerifierModule, text: string): Outcome
/** The verdict, as JSON. */
export declare function verify(verifier: VerifierModule, vector: BundleVector): string
