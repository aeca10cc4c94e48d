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
  /** The vector before it in a sequence of visits. */
  after: string | null
  /** What the verdict gives to be kept. */
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
    exchange: { salt: string | null; request: string; response: string; modelDigest: string; signature: string } | null
    status: { documents: string; nowMs: number } | null
  } | null
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

export function runBundle(verifier: VerifierModule, text: string): Outcome {
  const vector = JSON.parse(text) as BundleVector
  const verdict = JSON.parse(verify(verifier, vector)) as { result: string; code?: string }
  return { name: vector.name, code: verdict.result === 'pass' ? 'ok' : (verdict.code ?? '') }
}

/** The verdict, as JSON. */
export function verify(verifier: VerifierModule, vector: BundleVector): string {
  if (vector.receipt !== null) return verifyReceipt(verifier, vector, vector.receipt)
  return verifier.verify(
    bytes(vector.evidence),
    vector.static === null ? undefined : bytes(vector.static),
    Buffer.from(vector.policy, 'utf8'),
    vector.audience,
    bytes(vector.nonce),
    vector.nowMs,
    vector.allowSimulated,
    Uint32Array.from(vector.versions),
    Uint16Array.from(vector.suites.flat()),
    vector.state === null ? undefined : bytes(vector.state),
  )
}

function verifyReceipt(
  verifier: VerifierModule,
  vector: BundleVector,
  { exchange, status }: NonNullable<BundleVector['receipt']>,
): string {
  return verifier.verifyReceipt(
    bytes(vector.evidence),
    vector.static === null ? undefined : bytes(vector.static),
    Buffer.from(vector.policy, 'utf8'),
    vector.audience,
    bytes(vector.nonce),
    vector.nowMs,
    vector.allowSimulated,
    exchange === null || exchange.salt === null ? undefined : bytes(exchange.salt),
    bytes(exchange?.request ?? ''),
    bytes(exchange?.response ?? ''),
    bytes(exchange?.modelDigest ?? ''),
    exchange === null ? undefined : bytes(exchange.signature),
    status === null ? undefined : bytes(status.documents),
    status?.nowMs ?? 0,
  )
}
