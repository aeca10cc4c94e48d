import { raceAbort } from '../abort.js'
import { BlindLlamaError } from '../errors.js'
import type { AttestReason } from '../events.js'
import type { Attestation } from './attest.js'

type Attest = (reason: AttestReason, signal: AbortSignal) => Promise<Attestation>

/** A verifier that said no, or that cannot run, will say the same again: asking once more is up to the caller. */
function isTerminal(error: unknown): error is BlindLlamaError {
  return BlindLlamaError.isInstance(error) && (error.verdict !== undefined || error.code.startsWith('wasm.'))
}

/**
 * Holds the one key in use. Whoever needs it while it is being renewed waits for the same attestation; after a terminal
 * failure everybody gets that failure, and nothing is sent, until the caller asks for `renew` itself.
 */
export class KeyKeeper {
  readonly #attest: Attest
  readonly #closing = new AbortController()
  #current: Attestation | undefined
  #failure: BlindLlamaError | undefined
  #pending: Promise<Attestation> | undefined

  constructor(attest: Attest) {
    this.#attest = attest
  }

  /** The report on the key in use, or on the last one. */
  get verdict(): Attestation['verdict'] | undefined {
    return this.#current?.verdict
  }

  /** The key in use, attested anew where its time is over. */
  async current(signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    if (this.#failure) throw this.#failure
    if (this.#current && this.#current.lifetime.remainingMs() > 0) return this.#current
    return this.#renew('expired', signal)
  }

  /** Attests anew whatever the state of the key is. */
  async renew(reason: 'connect' | 'renew', signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    return this.#renew(reason, signal)
  }

  /** Another key than `stale`, which the gateway said not to know. */
  async replace(stale: Attestation, signal?: AbortSignal): Promise<Attestation> {
    this.#assertOpen()
    if (this.#current !== stale) return this.current(signal)
    return this.#renew('key-unknown', signal)
  }

  /** Ends the life of the key in use: the next request attests anew. */
  expire(): void {
    this.#current?.lifetime.end()
  }

  close(): void {
    this.#current = undefined
    this.#closing.abort(new BlindLlamaError('client.closed', 'The client was closed'))
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
  }

  #renew(reason: AttestReason, signal?: AbortSignal): Promise<Attestation> {
    signal?.throwIfAborted()
    this.#pending ??= this.#run(reason).finally(() => (this.#pending = undefined))
    return raceAbort(this.#pending, signal)
  }

  async #run(reason: AttestReason): Promise<Attestation> {
    try {
      const attestation = await this.#attest(reason, this.#closing.signal)
      this.#assertOpen()
      this.#failure = undefined
      this.#current = attestation
      return attestation
    } catch (error) {
      if (isTerminal(error)) {
        this.#failure = error
        this.#current = undefined
      }
      throw error
    }
  }
}
