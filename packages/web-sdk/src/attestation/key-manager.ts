import { raceAbort } from '../abort.js'
import { BlindLlamaError } from '../errors.js'
import type { AttestReason } from '../events.js'
import { Ahead } from './renewal-timer.js'
import { type Attestation, inTime } from './attest.js'

type Attest = (reason: AttestReason, signal: AbortSignal) => Promise<Attestation>

/** A verifier that said no, or that cannot run, will say the same again: asking once more is up to the caller. */
export function isTerminal(error: unknown): error is BlindLlamaError {
  return BlindLlamaError.isInstance(error) && (error.verdict !== undefined || error.code.startsWith('wasm.'))
}

/**
 * Holds the one key in use. Whoever needs it while it is being renewed waits for the same attestation; after a terminal
 * failure everybody gets that failure, and nothing is sent, until the caller asks for `renew` itself.
 *
 * A key in use is renewed before its time is over, and nobody waits for that. What goes wrong there fails no request: the key
 * that is held was proved until its end, and whoever needs another then asks for it, and hears of it, himself.
 */
export class KeyKeeper {
  readonly #attest: Attest
  readonly #timeoutMs: number
  readonly #closing = new AbortController()
  readonly #ahead = new Ahead(() => void this.#renewAhead('expiring'))
  #current: Attestation | undefined
  #failure: BlindLlamaError | undefined
  #pending: Promise<Attestation> | undefined
  #pendingAhead: Promise<Attestation | undefined> | undefined
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
    this.#ahead.use()
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
    this.#pendingAhead = undefined
    const other = (): Promise<Attestation> =>
      (this.#replacing ??= this.#other(reason).finally(() => (this.#replacing = undefined)))
    return inTime(this.#timeoutMs, signal, other)
  }

  /** Attests anew in the background, where `held` is in use: its gateway has been silent for long, which proves nothing. */
  suspect(held: Attestation): void {
    if (this.#current === held) void this.#renewAhead('silent')
  }

  /** Ends the life of the key in use: the next request attests anew. */
  expire(): void {
    this.#current?.lifetime.end()
    this.#ahead.cancel()
  }

  close(): void {
    this.#current = undefined
    this.#ahead.close()
    this.#closing.abort(new BlindLlamaError('client.closed', 'The client was closed'))
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
  }

  #renew(reason: AttestReason, signal?: AbortSignal): Promise<Attestation> {
    signal?.throwIfAborted()
    const ahead = this.#pendingAhead
    if (!ahead) return raceAbort(this.#own(reason), signal)
    // Two attestations, one after the other, and one deadline for the caller. The second goes on without it.
    const both = async (): Promise<Attestation> => (await ahead) ?? this.#own(reason)
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
        this.#ahead.cancel()
      }
      throw error
    }
  }

  #take(attestation: Attestation): Attestation {
    this.#assertOpen()
    this.#failure = undefined
    this.#current = attestation
    this.#ahead.plan(attestation.lifetime.remainingMs())
    return attestation
  }

  async #renewAhead(reason: AttestReason): Promise<void> {
    const held = this.#current
    if (!held || this.#pending || this.#pendingAhead || held.lifetime.remainingMs() === 0) return
    const isWanted = (): boolean => this.#pendingAhead === ahead
    const ahead: Promise<Attestation | undefined> = this.#attest(reason, this.#closing.signal)
      .then((attestation) => (isWanted() ? this.#take(attestation) : undefined))
      .catch((error: unknown) => {
        if (isWanted() && !isTerminal(error) && this.#current === held) this.#ahead.retry(held.lifetime.remainingMs())
        return undefined
      })
    this.#pendingAhead = ahead
    await ahead
    if (isWanted()) this.#pendingAhead = undefined
  }
}
