import { within } from '../abort.js'
import { type Bytes, fromHex } from '../bytes.js'
import type { ChannelKey } from '../channel/channel-key.js'
import { BlindLlamaError } from '../errors.js'
import type { AttestReason, ConnectEvent } from '../events.js'
import { askAgain } from '../evidence/ask-again.js'
import { versions } from '../evidence/ask.js'
import { StaticPartCache } from '../evidence/static-part-cache.js'
import type { Kem } from '../ohttp/kem.js'
import { kemsFor } from '../ohttp/kems.js'
import { RequestKey } from '../ohttp/request-key.js'
import { suitesOf } from '../ohttp/suite.js'
import type { PassedVerdict, SimulatedVerdict, Verdict } from '../verdict.js'
import type { Verifier } from '../verifier/verifier.js'
import { Lifetime } from './lifetime.js'
import { refusal } from './refusal.js'
import { runExclusive, verifyWithState } from './remember.js'
import type { AttestationSettings } from './settings.js'

/** A service that passed, and what a request to it needs. Made from a passed verdict only. */
export interface Attestation extends ChannelKey {
  readonly verdict: PassedVerdict | SimulatedVerdict
  readonly lifetime: Lifetime
}

export interface AttestationClientOptions {
  settings: AttestationSettings
  /** Gives the verifier, loading it where it does not run yet; ends with the reason of the signal. */
  load: (signal: AbortSignal) => Promise<Verifier>
  /** Gives MLKEM768-X25519 to engines without it. */
  loadHybrid: () => Promise<Kem>
  emit: (event: ConnectEvent) => void
}

/**
 * The way from evidence to a key: asks with a fresh nonce, lets the verifier decide, and takes the key from a passed verdict.
 * Remembers the static part of the last evidence that passed, so that it travels once. Not behind a relay: `have` returns the hash of
 * whatever was put into the static part for one visitor, and would tie his visits together (LEAKAGE.md).
 */
export function attestationClient({
  settings,
  load,
  loadHybrid,
  emit,
}: AttestationClientOptions): (reason: AttestReason, signal: AbortSignal) => Promise<Attestation> {
  const cache = new StaticPartCache()
  const { receipts, state, fetch, attestTimeoutMs } = settings

  async function attest(verifier: Promise<Verifier>, patient: boolean, signal: AbortSignal): Promise<Attestation> {
    const have = cache.hash
    const question = { endpoint: settings.endpoint, signal, fetch, ...(have && { have }) }
    const [ready, kems, { evidence, nonce, start }] = await Promise.all([
      verifier,
      kemsFor(settings.policy, loadHybrid, signal),
      askAgain(question, patient),
    ])
    const nowMs = Date.now()
    emit({ type: 'evidence', evidence, nonce, staticPart: cache.bytes, receivedAtMs: nowMs })

    const input = {
      evidence,
      ...(cache.bytes && { staticPart: cache.bytes }),
      policy: settings.policy,
      audience: settings.audience,
      nonce,
      nowMs,
      allowSimulated: settings.allowSimulated,
      versions,
      suites: suitesOf(kems),
    }
    const judge = (kept?: Bytes): Verdict => ready.verify({ ...input, ...(kept && { state: kept }) })
    const verdict = await verifyWithState(state, judge, signal)
    for (const step of verdict.steps) emit({ type: 'step', step })
    emit({ type: 'verdict', verdict })
    const passed = await assertPassed(verdict, settings)

    const carried = ready.staticPart(evidence)
    const staticPart = carried ? undefined : cache.bytes
    if (settings.endpoint === settings.base) await cache.keep(carried)
    return {
      verdict: passed,
      lifetime: new Lifetime(start, passed.key.validForMs),
      key: await RequestKey.import({ ...passed.key, publicKey: fromHex(passed.key.publicKey) }, kems),
      instance: passed.key.instance,
      clockOffsetMs: passed.key.serverTimeMs - start.wall,
      ...(receipts && { observe: () => receipts.begin({ verdict: passed, input, staticPart }) }),
    }
  }

  return async (reason, signal) => {
    emit({ type: 'attesting', reason })
    try {
      const attestation = await inTime(attestTimeoutMs, signal, async (own) => {
        const verifier = load(own)
        const visit = (): Promise<Attestation> => attest(verifier, reason === 'gone' || reason === 'key-unknown', own)
        // Side by side: a verifier that cannot be loaded is not told only after the turn has come.
        const [attested] = await Promise.all([state ? runExclusive(state, visit, own) : visit(), verifier])
        return attested
      })
      emit({ type: 'ready', expiresInMs: attestation.lifetime.remainingMs() })
      return attestation
    } catch (error) {
      if (BlindLlamaError.isInstance(error)) emit({ type: 'failed', reason, error })
      throw error
    }
  }
}

/** `within` for an attestation, or for the wait for one. */
export function inTime<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = (): BlindLlamaError =>
    new BlindLlamaError('client.attest_timeout', `The attestation did not end within ${ms} ms`)
  return within(ms, late, signal, work)
}

async function assertPassed(
  verdict: Verdict,
  { policy, audience, allowSimulated }: AttestationSettings,
): Promise<PassedVerdict | SimulatedVerdict> {
  if (verdict.result !== 'pass') throw await refusal(verdict, { policy, audience })
  // The verifier refuses this itself; a page that was handed another verifier must still not take one for the other.
  if (verdict.simulated && !allowSimulated)
    throw new BlindLlamaError('ak.simulated', 'The page did not allow a simulated TPM')
  return verdict
}
