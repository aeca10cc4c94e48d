import * as pageGlue from '../pkg/blindllama_verifier.js'
import type { Verdict } from './verdict.js'

/** The calls as wasm-bindgen writes them: byte arrays in a row, which a caller could swap unnoticed. */
export type Glue = Pick<typeof pageGlue, 'verify' | 'verifyReceipt'>

/** What every verification reads, PROTOCOL.md §8. */
interface Evidence {
  /** The bundle as received. */
  evidence: Uint8Array
  /** The static part that `have` named, for a bundle that leaves it out. */
  staticPart?: Uint8Array | undefined
  /** The policy's JSON text. */
  policy: Uint8Array
  /** The ASCII origin of the service's base URL; used where the policy names none. */
  audience: string
  /** The 32 bytes that were sent. */
  nonce: Uint8Array
  /** Milliseconds since 1970; of a receipt, the time that its file states. */
  nowMs: number
  /** Whether a `simulated` anchor that the policy lists counts. */
  allowSimulated: boolean
}

/** The input of {@link verify}. */
export interface VerifyInput extends Evidence {
  /** The versions of the wire that were asked for. */
  versions: readonly number[]
  /** The suites that the engine can use, by their HPKE code points (RFC 9180 §7). */
  suites: readonly (readonly [kem: number, kdf: number, aead: number])[]
  /** `nextState` of the last verdict that had one (PROTOCOL.md §20). */
  state?: Uint8Array | undefined
}

/** The input of {@link verifyReceipt}: what a receipt or a verification record holds, PROTOCOL.md §21. */
export interface VerifyReceiptInput extends Evidence {
  /** Absent in a verification record, which shows no conversation. */
  exchange?:
    | {
        /** 32 bytes. Without it `request` and `response` are their digests. */
        salt?: Uint8Array | undefined
        request: Uint8Array
        response: Uint8Array
        /** 32 bytes, or none where the model runs outside of the proof. */
        modelDigest: Uint8Array
        signature: Uint8Array
      }
    | undefined
  /** What the verifier itself knows of withdrawals. */
  status?:
    | {
        /** `current-status` of PROTOCOL.md §21. */
        documents: Uint8Array
        /** The verifier's own clock, in milliseconds since 1970. */
        nowMs: number
      }
    | undefined
}

/**
 * Verifies evidence under a policy, on the instance that `initSync` started last.
 *
 * @param call of another build of the module; default: that of the one that pages load
 * @throws Error for a nonce of another length than 32 bytes; `WebAssembly.RuntimeError` where the module stopped
 * @example
 * ```ts
 * initSync({ module })
 * const verdict = verify({ evidence, policy, audience, nonce, nowMs: Date.now(), allowSimulated: false, versions: [1], suites })
 * if (verdict.result === 'pass') use(verdict.key)
 * ```
 */
export function verify(input: VerifyInput, call: Glue['verify'] = pageGlue.verify): Verdict {
  const verdict = call(
    input.evidence,
    input.staticPart,
    input.policy,
    input.audience,
    input.nonce,
    input.nowMs,
    input.allowSimulated,
    Uint32Array.from(input.versions),
    Uint16Array.from(input.suites.flat()),
    input.state,
  )
  return JSON.parse(verdict) as Verdict
}

/**
 * Verifies what a receipt or a verification record holds, on the instance that `initSync` started last.
 *
 * @param call as that of {@link verify}
 * @throws Error for a nonce or a salt of another length than 32 bytes; `WebAssembly.RuntimeError` where the module stopped
 */
export function verifyReceipt(
  input: VerifyReceiptInput,
  call: Glue['verifyReceipt'] = pageGlue.verifyReceipt,
): Verdict {
  const { exchange, status } = input
  const none = new Uint8Array()
  const verdict = call(
    input.evidence,
    input.staticPart,
    input.policy,
    input.audience,
    input.nonce,
    input.nowMs,
    input.allowSimulated,
    exchange?.salt,
    exchange?.request ?? none,
    exchange?.response ?? none,
    exchange?.modelDigest ?? none,
    exchange?.signature,
    status?.documents,
    status?.nowMs ?? 0,
  )
  return JSON.parse(verdict) as Verdict
}
