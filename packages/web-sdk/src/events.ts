import type { BlindLlamaError } from './errors.js'
import type { Step, Verdict } from './verdict.js'

/**
 * Why an attestation runs: the first one, `renew()`, the key's time is nearly over (in the background: the key stays in use,
 * also where this fails), its time was over, the gateway was said not to know the key, or to be gone, or nothing has answered a request
 * for 30 seconds (in the background: that request goes on until its `signal` ends it) (PROTOCOL.md §10.1).
 */
export type AttestReason = 'connect' | 'renew' | 'expiring' | 'expired' | 'key-unknown' | 'gone' | 'silent'

/** Whether an attestation for this reason is nobody's: the key that is held stays in use meanwhile, and also where it fails. */
export function isInBackground(reason: AttestReason): boolean {
  return reason === 'expiring' || reason === 'silent'
}

/**
 * What `onEvent` hears, in this order for each attestation: `attesting`, `evidence`, a `step` for each step of the verdict,
 * `verdict`, then `ready` or `failed`; and for each request `upload` and `resend`.
 */
export type ConnectEvent =
  | { type: 'attesting'; reason: AttestReason }
  /**
   * What was asked and what arrived: enough to verify it again elsewhere. `staticPart` is that of an earlier bundle, for evidence that
   * leaves it out; `receivedAtMs` is the time of the verdict, in milliseconds since 1970.
   */
  | {
      type: 'evidence'
      evidence: Uint8Array
      nonce: Uint8Array
      staticPart: Uint8Array | undefined
      receivedAtMs: number
    }
  | { type: 'step'; step: Step }
  | { type: 'verdict'; verdict: Verdict }
  /** A key is held; `expiresInMs` from now on. */
  | { type: 'ready'; expiresInMs: number }
  /** `reason` is the one of its `attesting`: after a failed `expiring` or `silent` the key that is held stays in use. */
  | { type: 'failed'; reason: AttestReason; error: BlindLlamaError }
  /**
   * How much of a request is sealed, after each MiB: bytes of the whole message with its fields and padding. Where it has to be
   * sealed again, for another key, it begins anew. `idempotencyKey` tells requests apart: a page may set the header itself.
   */
  | { type: 'upload'; idempotencyKey: string; sealedBytes: number; totalBytes: number }
  /**
   * A request is sent again, as the option `resend` allows. `error` says why: the sign that the gateway is gone, or
   * `request.duplicate` where an earlier attempt was run and its answer is lost.
   */
  | { type: 'resend'; idempotencyKey: string; error: BlindLlamaError }
  | { type: 'closed' }

/** Calls `listener`; what it throws is reported as uncaught and does not touch the client. */
export function emitterOf(listener: ((event: ConnectEvent) => void) | undefined): (event: ConnectEvent) => void {
  if (!listener) return () => {}
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
