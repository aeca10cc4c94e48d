import type { BlindLlamaClient } from '../connect.js'
import { BlindLlamaError } from '../errors.js'
import type { ConnectEvent } from '../events.js'
import type { ConnectOptions } from '../options.js'
import type { FailedVerdict, TrustedVerdict } from '../verdict.js'
import type { UseBlindLlamaOptions } from './options.js'

/** Where a component stands. `fetch` exists in `ready` alone: nothing else can be handed to code that sends prompts. */
export type BlindLlamaState<AllowSimulated extends boolean = boolean> =
  | {
      /** On a server, before the first effect, and while there are no options. */
      readonly status: 'idle'
      readonly verification: undefined
      readonly error: undefined
      readonly fetch: undefined
      readonly expiresAt: undefined
    }
  | {
      readonly status: 'attesting'
      /** The verdict before this attempt, if there was one: of the past, for display only. */
      readonly verification: TrustedVerdict<AllowSimulated> | FailedVerdict | undefined
      readonly error: undefined
      readonly fetch: undefined
      readonly expiresAt: undefined
    }
  | {
      readonly status: 'ready'
      /** The verdict of the key in use now. */
      readonly verification: TrustedVerdict<AllowSimulated>
      readonly error: undefined
      readonly fetch: typeof globalThis.fetch
      /** When the key expires, in milliseconds since 1970. The client renews it by itself. */
      readonly expiresAt: number
    }
  | {
      readonly status: 'error'
      /** The report of what failed; absent where the attempt failed before the verifier ran. */
      readonly verification: FailedVerdict | undefined
      readonly error: BlindLlamaError
      readonly fetch: undefined
      readonly expiresAt: undefined
    }

/** The state as the session keeps it. A hook narrows it by the options that the session was made from. */
type State = BlindLlamaState<true>

const NOTHING = { verification: undefined, error: undefined, fetch: undefined, expiresAt: undefined } as const

/** One object for every idle component: `useSyncExternalStore` compares snapshots by identity. */
export const IDLE: State = { status: 'idle', ...NOTHING }

export type Connect = (options: ConnectOptions<true> | ConnectOptions<false>) => Promise<BlindLlamaClient<boolean>>

/**
 * One attested client and what components see of it. Free of React.
 *
 * The state follows the client's own events for as long as it lives: a key that expires, is renewed or is lost shows, and
 * a renewal that fails takes `fetch` away, unless it was ahead of its time.
 */
export class Session {
  readonly #connect: Connect
  readonly #options: UseBlindLlamaOptions
  readonly #changed: () => void
  readonly #heard: (event: ConnectEvent) => void
  readonly #abort = new AbortController()
  #state: State = IDLE
  #client: BlindLlamaClient<boolean> | undefined
  #verdict: TrustedVerdict<true> | FailedVerdict | undefined
  #expiresAt = 0
  /** Whether the attestation under way is in the background: the key that is held stays in use, whatever comes of it. */
  #ahead = false

  constructor(
    connect: Connect,
    options: UseBlindLlamaOptions,
    changed: () => void,
    heard: (event: ConnectEvent) => void,
  ) {
    this.#connect = connect
    this.#options = options
    this.#changed = changed
    this.#heard = heard
  }

  get state(): State {
    return this.#state
  }

  /** Attests: with a new client at first and after a failed start, else by renewing the one that is there. */
  attest(): void {
    if (this.#state.status === 'attesting' || this.#abort.signal.aborted) return
    this.#attesting()
    const attempt = this.#client === undefined ? this.#open() : this.#client.renew()
    attempt.catch((error: unknown) => this.#failed(error))
  }

  close(): void {
    this.#abort.abort()
    this.#client?.close()
  }

  async #open(): Promise<void> {
    const client = await this.#connect({
      ...this.#options,
      signal: this.#abort.signal,
      onEvent: (event) => this.#follow(event),
    } as ConnectOptions<true> | ConnectOptions<false>)
    if (this.#abort.signal.aborted) {
      client.close()
      return
    }
    this.#client = client
    this.#ready(client, client.verdict)
  }

  #follow(event: ConnectEvent): void {
    if (this.#abort.signal.aborted) return
    if (event.type === 'attesting') {
      this.#ahead = event.reason === 'expiring'
      if (!this.#ahead) this.#attesting()
    } else if (event.type === 'verdict') this.#verdict = event.verdict
    else if (event.type === 'failed') {
      if (!this.#ahead) this.#failed(event.error)
    } else if (event.type === 'ready') {
      this.#expiresAt = Date.now() + event.expiresInMs
      // The first `ready` comes before `connect` hands over the client; later ones before the client shows its new verdict.
      if (this.#client !== undefined && this.#verdict?.result === 'pass') this.#ready(this.#client, this.#verdict)
    }
    this.#heard(event)
  }

  #attesting(): void {
    if (this.#state.status === 'attesting') return
    this.#become({ ...NOTHING, status: 'attesting', verification: this.#verdict })
  }

  #ready({ fetch }: BlindLlamaClient<boolean>, verification: TrustedVerdict<true>): void {
    this.#become({ ...NOTHING, status: 'ready', verification, fetch, expiresAt: this.#expiresAt })
  }

  #failed(error: unknown): void {
    if (this.#abort.signal.aborted || (this.#state.status === 'error' && this.#state.error === error)) return
    const reason = BlindLlamaError.isInstance(error)
      ? error
      : new BlindLlamaError('client.environment', 'The attestation ended with an unexpected error', { cause: error })
    this.#become({ ...NOTHING, status: 'error', verification: reason.verdict, error: reason })
  }

  #become(state: State): void {
    this.#state = state
    this.#changed()
  }
}
