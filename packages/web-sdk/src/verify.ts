import { type AllowSimulated, allowsSimulated } from './allow-simulated.js'
import type { Bytes } from './bytes.js'
import { BlindLlamaError } from './errors.js'
import { askEvidence, versions } from './evidence/ask.js'
import { assertKnown } from './known-options.js'
import { kemsFor } from './ohttp/kems.js'
import { suitesOf } from './ohttp/suite.js'
import { policyBytes, settingsOf } from './options.js'
import { origins } from './origins.js'
import { platformFetch } from './outer-fetch.js'
import type { Policy, PolicyJson } from './policy.js'
import type { Verdict } from './verdict.js'
import { loadVerifier } from './verifier/load.js'
import type { WasmSource } from './verifier/source.js'

/** Evidence as a client received it, with what it was asked for. */
export interface ReceivedEvidence {
  /** The bundle as received (PROTOCOL.md §3). */
  evidence: Uint8Array
  /** The static part of an earlier bundle, for one that leaves it out. */
  staticPart?: Uint8Array | undefined
  /** The 32 bytes that were sent. */
  nonce: Uint8Array
}

export interface VerifyEvidenceOptions extends AllowSimulated {
  /** Text and bytes are taken as they are; an object is serialised once. */
  policy: string | Uint8Array | Policy | PolicyJson
  /** The ASCII origin of the service's base URL; used where the policy names no audience. */
  audience: string
  /** When the evidence was received, in milliseconds since 1970. */
  receivedAtMs: number
  /** Default: the file that this package was built with, beside its module, with its hash checked before compilation. */
  wasm?: WasmSource
}

/**
 * Verifies evidence again, apart from the client that received it: the whole decision is the verifier's, as at `connect`. It opens no
 * connection and keeps no state, so the step `state` is skipped.
 *
 * ```ts
 * const verdict = await verifyEvidence({ evidence, nonce }, { policy, audience: 'https://chat.example', receivedAtMs })
 * if (verdict.result === 'fail') console.log(verdict.code)
 * ```
 *
 * Evidence that does not hold gives a verdict that failed, and is not an error.
 *
 * @throws {BlindLlamaError} `client.options`, `client.post_quantum`, `wasm.…`
 */
export async function verifyEvidence(received: ReceivedEvidence, options: VerifyEvidenceOptions): Promise<Verdict> {
  assertKnown(options, 'policy audience receivedAtMs dangerouslyAllowSimulated allowSimulated wasm')
  const { audience, receivedAtMs } = options
  if (!(received?.evidence instanceof Uint8Array) || !(received.nonce instanceof Uint8Array))
    throw new BlindLlamaError('client.options', '`evidence` and `nonce` must be Uint8Array')
  if (received.nonce.length !== 32) throw new BlindLlamaError('client.options', '`nonce` must have 32 bytes')
  if (typeof audience !== 'string') throw new BlindLlamaError('client.options', '`audience` must be a string')
  if (!Number.isSafeInteger(receivedAtMs) || receivedAtMs < 0)
    throw new BlindLlamaError('client.options', '`receivedAtMs` must be a time in milliseconds since 1970')
  const policy = policyBytes(options.policy)
  const [verifier, kems] = await Promise.all([
    loadVerifier(options.wasm ?? origins.wasm()),
    kemsFor(policy, origins.hybrid),
  ])
  return verifier.verify({
    evidence: received.evidence,
    ...(received.staticPart && { staticPart: received.staticPart }),
    policy,
    audience,
    nonce: received.nonce,
    nowMs: receivedAtMs,
    allowSimulated: allowsSimulated(options),
    versions,
    suites: suitesOf(kems),
  })
}

/**
 * Requests evidence with a fresh nonce, and judges nothing. The wait ends after 30 s.
 *
 * ```ts
 * const received = await requestEvidence('https://chat.example/')
 * const { audience, receivedAtMs } = received
 * const verdict = await verifyEvidence(received, { policy, audience, receivedAtMs })
 * ```
 *
 * @param url Base URL of the service
 * @throws {BlindLlamaError} `client.options`, `evidence.…`; the reason of `signal`
 */
export async function requestEvidence(
  url: string | URL,
  signal?: AbortSignal,
): Promise<{ evidence: Bytes; nonce: Bytes; audience: string; receivedAtMs: number }> {
  // The check of the address is that of `connect`; the policy has no part in it.
  const { endpoint, audience } = settingsOf({ url, policy: '' })
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const evidence = await askEvidence({
    endpoint,
    nonce,
    signal: signal ?? new AbortController().signal,
    fetch: platformFetch(),
  })
  return { evidence, nonce, audience, receivedAtMs: Date.now() }
}
