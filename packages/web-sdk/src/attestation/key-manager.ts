import { raceAbort } from '../abort.js'
import { BlindLlamaError } from '../errors.js'
import type { AttestReason } from '../events.js'
import { RenewalTimer } from './renewal-timer.js'
import { type Attestation, inTime } from './attest.js'

type Attest = (reason: AttestReason, signal: AbortSignal) => Promise<Attestation>

/** Whether a repetition ends the same: the verifier refused, or cannot run. Only the caller's `renew` tries again. */
export function isTerminal(error: unknown): error is BlindLlamaError {
  return BlindLlamaError.isInstance(error) && (error.verdict !== undefined || error.code.startsWith('wasm.'))
}

/**
 * Holds the one key in use. All callers that need a key during a renewal wait for the same attestation. After a terminal
 * failure every call rejects with that failure, and nothing is sent, until the caller calls `renew`.
 *
 * A key in use is renewed in the background before it expires. A background failure fails no request: the held key stays
 * valid until its end. The next caller that needs a key renews it and sees the error.
 */
export class KeyManager {
  readonly #attest: Attest
  readonly #timeoutMs: number
  readonly #closing = new AbortController()
  readonly #renewalTimer = new RenewalTimer(() => void this.#renewInBackground('expiring'))
  #current: Attestation | undefined
  #failure: BlindLlamaError | undefined
  #pending: Promise<Attestation> | undefined
  #backgroundRenewal: Promise<Attestation | undefined> | undefined
  #replacing: Promise<Attestation> | undefined

  /** @param timeoutMs bounds the wait of each caller for a key, in milliseconds, as it bounds one attestation */
  constructor(attest: Attest, timeoutMs: number) {
    this.#attest = attest
    this.#timeoutMs = timeoutMs
  }

  /** The report on the key in use, or on the last one. */
  get verdict(): Attestation['verdict'] | undefined {
    return this.#current?.verdict
  }

  /** The key in use, attested anew where its time is over. */
  async current(signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    // An attestation under way after a failure is one that the caller asked for: it decides.
    if (this.#failure && !this.#pending) throw this.#failure
    this.#renewalTimer.use()
    if (this.#current && this.#current.lifetime.remainingMs() > 0) return this.#current
    return this.#renew('expired', signal)
  }

  /** Attests anew whatever the state of the key is. */
  async renew(reason: 'connect' | 'renew', signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    return this.#renew(reason, signal)
  }

  /** Another key than `stale`, whose gateway is said to be gone, or not to know it. Until there is one, nothing is sent. */
  async replace(stale: Attestation, reason: 'gone' | 'key-unknown', signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    if (this.#current !== stale) return this.current(signal)
    this.expire()
    // What began before the sign may come from the process that is gone.
    this.#backgroundRenewal = undefined
    const other = (): Promise<Attestation> =>
      (this.#replacing ??= this.#other(reason).finally(() => (this.#replacing = undefined)))
    return inTime(this.#timeoutMs, signal, other)
  }

  /** Attests anew in the background, where `held` is in use: its gateway has been silent for long, which proves nothing. */
  suspect(held: Attestation): void {
    if (this.#current === held) void this.#renewInBackground('silent')
  }

  /** Ends the life of the key in use: the next request attests anew. */
  expire(): void {
    this.#current?.lifetime.end()
    this.#renewalTimer.cancel()
  }

  close(): void {
    this.#current = undefined
    this.#renewalTimer.close()
    this.#closing.abort(new BlindLlamaError('client.closed', 'The client was closed'))
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
  }

  #renew(reason: AttestReason, signal?: AbortSignal): Promise<Attestation> {
    signal?.throwIfAborted()
    const renewal = this.#backgroundRenewal
    if (!renewal) return raceAbort(this.#own(reason), signal)
    // Two attestations, one after the other, and one deadline for the caller. The second goes on without it.
    const both = async (): Promise<Attestation> => (await renewal) ?? this.#own(reason)
    return inTime(this.#timeoutMs, signal, both)
  }

  async #other(reason: AttestReason): Promise<Attestation> {
    if (this.#pending) await this.#pending
    return this.#own(reason)
  }

  /** An attestation that somebody waits for. */
  #own(reason: AttestReason): Promise<Attestation> {
    return (this.#pending ??= this.#run(reason).finally(() => (this.#pending = undefined)))
  }

  async #run(reason: AttestReason): Promise<Attestation> {
    this.#assertOpen()
    try {
      return this.#take(await this.#attest(reason, this.#closing.signal))
    } catch (error) {
      if (isTerminal(error)) {
        this.#failure = error
        this.#current = undefined
        this.#renewalTimer.cancel()
      }
      throw error
    }
  }

  #take(attestation: Attestation): Attestation {
    this.#assertOpen()
    this.#failure = undefined
    this.#current = attestation
    this.#renewalTimer.plan(attestation.lifetime.remainingMs())
    return attestation
  }

  async #renewInBackground(reason: AttestReason): Promise<void> {
    const held = this.#current
    if (!held || this.#pending || this.#backgroundRenewal || held.lifetime.remainingMs() === 0) return
    const isWanted = (): boolean => this.#backgroundRenewal === renewal
    const renewal: Promise<Attestation | undefined> = this.#attest(reason, this.#closing.signal)
      .then((attestation) => (isWanted() ? this.#take(attestation) : undefined))
      .catch((error: unknown) => {
        if (isWanted() && !isTerminal(error) && this.#current === held)
          this.#renewalTimer.retry(held.lifetime.remainingMs())
        return undefined
      })
    this.#backgroundRenewal = renewal
    await renewal
    if (isWanted()) this.#backgroundRenewal = undefined
  }
}
