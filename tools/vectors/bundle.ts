import type { Verdict } from '../../packages/verifier-wasm/ts/verdict.ts'
import type { VerifyInput, VerifyReceiptInput } from '../../packages/verifier-wasm/ts/verify.ts'
import type { Outcome, VerifierModule } from './verifier.ts'

/** The input of one verification and what it must end in; byte strings are hex. See assurance/compare/README.md. */
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
  versions: readonly number[]
  /** KEM, KDF and AEAD of each suite of the engine. */
  suites: readonly (readonly [number, number, number])[]
  /** What an earlier verdict gave to be kept. */
  state: string | null
  /** Of a receipt or a verification record. */
  receipt: {
    exchange: { salt: string | null; request: string; response: string; modelDigest: string; signature: string } | null
    status: { documents: string; nowMs: number } | null
  } | null
}

/** What a verifier is asked: the input of a vector, without what it must end in. */
export type BundleQuestion = Omit<
  BundleVector,
  'name' | 'why' | 'expect' | 'ids' | 'twin' | 'warnings' | 'code' | 'after' | 'nextState'
>

const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'))
const bytesOrNone = (hex: string | null): Uint8Array<ArrayBuffer> | undefined => (hex === null ? undefined : bytes(hex))

export function runBundle(verifier: VerifierModule, text: string): Outcome {
  const vector = JSON.parse(text) as BundleVector
  const verdict = verify(verifier, vector)
  return { name: vector.name, code: verdict.result === 'pass' ? 'ok' : verdict.code }
}

/** The verdict on evidence or, where the question has a `receipt`, on what a receipt or a record holds. */
export function verify(verifier: Pick<VerifierModule, 'verify' | 'verifyReceipt'>, question: BundleQuestion): Verdict {
  const { receipt } = question
  return receipt === null
    ? verifier.verify(verifyInputOf(question))
    : verifier.verifyReceipt(verifyReceiptInputOf(question, receipt))
}

/** The input of `verify` for a vector. */
export function verifyInputOf(question: BundleQuestion): VerifyInput {
  const { versions, suites, state } = question
  return { ...evidenceOf(question), versions, suites, state: bytesOrNone(state) }
}

/** The input of `verifyReceipt` for a vector. */
function verifyReceiptInputOf(
  question: BundleQuestion,
  { exchange, status }: NonNullable<BundleQuestion['receipt']>,
): VerifyReceiptInput {
  return {
    ...evidenceOf(question),
    exchange: exchange
      ? {
          salt: bytesOrNone(exchange.salt),
          request: bytes(exchange.request),
          response: bytes(exchange.response),
          modelDigest: bytes(exchange.modelDigest),
          signature: bytes(exchange.signature),
        }
      : undefined,
    status: status ? { documents: bytes(status.documents), nowMs: status.nowMs } : undefined,
  }
}

function evidenceOf(question: BundleQuestion): Omit<VerifyInput, 'versions' | 'suites' | 'state'> {
  const { audience, nowMs, allowSimulated } = question
  return {
    evidence: bytes(question.evidence),
    staticPart: bytesOrNone(question.static),
    policy: new Uint8Array(Buffer.from(question.policy, 'utf8')),
    nonce: bytes(question.nonce),
    audience,
    nowMs,
    allowSimulated,
  }
}
