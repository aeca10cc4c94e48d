import { isTerminal } from '../attestation/key-manager.js'
import type { ChannelFetch } from '../channel/fetch.js'
import type { OpenedClient } from '../connect.js'
import { BlindLlamaError } from '../errors.js'
import type { AttestReason, ConnectEvent } from '../events.js'
import type { ConnectOptions } from '../options.js'
import type { FailedVerdict, TrustedVerdict } from '../verdict.js'
import { LastAttestation } from './follow.js'
import type { UseBlindLlamaOptions } from './options.js'

/** Where the attestation of a component stands. */
export type SessionState<AllowSimulated extends boolean = boolean> =
  | {
      /** On a server, before the first effect, and while there are no options. */
      readonly status: 'idle'
      readonly verification: undefined
      readonly error: undefined
      readonly expiresAt: undefined
    }
  | {
      /** No key is valid, and one is asked for. */
      readonly status: 'attesting'
      /** The verdict before this attempt, if there was one: of the past, for display only. */
      readonly verification: TrustedVerdict<AllowSimulated> | FailedVerdict | undefined
      readonly error: undefined
      readonly expiresAt: undefined
    }
  | {
      readonly status: 'ready'
      /** The verdict of the key in use now. */
      readonly verification: TrustedVerdict<AllowSimulated>
      readonly error: undefined
      /** When the key expires, in milliseconds since 1970. The client renews it by itself. */
      readonly expiresAt: number
      /** Whether `retry` asks for another key now; requests meanwhile use the one that is valid. */
      readonly renewing: boolean
      /** Why the last `retry` got no other key, where that says nothing of the service. */
      readonly renewalError: BlindLlamaError | undefined
    }
  | {
      readonly status: 'error'
      /** The report of what failed; absent where the attempt failed before the verifier ran. */
      readonly verification: FailedVerdict | undefined
      readonly error: BlindLlamaError
      readonly expiresAt: undefined
    }

/** The state as the session keeps it. A hook narrows it by the options that the session was made from. */
type State = SessionState<true>

const NOTHING = { verification: undefined, error: undefined, expiresAt: undefined } as const

/** Attestations that no request waits for: the key in use stays in use while they run, and where they fail. */
const inBackground: ReadonlySet<AttestReason> = new Set(['expiring', 'silent'])

/** One object for every idle component: `useSyncExternalStore` compares snapshots by identity. */
export const IDLE: State = { status: 'idle', ...NOTHING }

/** Makes a client; it sends with the platform's `fetch` as it is then, whatever the page puts in its place later. */
export type Open = (
  options: ConnectOptions<true> | ConnectOptions<false>,
) => Pick<OpenedClient, 'fetch' | 'attest' | 'close'>

/**
 * One client and what components see of it. Free of React.
 *
 * The state follows the client's own events for as long as it lives: a key that expires, is renewed or is lost shows. A
 * renewal that the page asks for while its key is valid leaves the state `ready`, and so does one that fails without a word
 * about the service.
 */
export class Session {
  readonly #open: Open
  readonly #options: UseBlindLlamaOptions
  readonly #changed: () => void
  readonly #heard: (event: ConnectEvent) => void
  /** What a component that comes later is told. */
  readonly lastAttestation: LastAttestation = new LastAttestation()
  #state: State = IDLE
  #client: ReturnType<Open> | undefined
  #closed = false
  #verdict: TrustedVerdict<true> | FailedVerdict | undefined

  constructor(open: Open, options: UseBlindLlamaOptions, changed: () => void, heard: (event: ConnectEvent) => void) {
    this.#open = open
    this.#options = options
    this.#changed = changed
    this.#heard = heard
  }

  get state(): State {
    return this.#state
  }

  /** Sends through the client; rejects with what there is to say where no client could be made. */
  readonly fetch: ChannelFetch = async (input, init) => {
    if (this.#client) return this.#client.fetch(input, init)
    throw this.#state.error ?? new BlindLlamaError('client.closed', 'The component is not mounted any more')
  }

  /** Attests, unless that is under way. */
  attest(): void {
    if (this.#closed || this.#state.status === 'attesting' || (this.#state.status === 'ready' && this.#state.renewing))
      return
    const reason = this.#state.status === 'ready' ? 'renew' : 'connect'
    try {
      this.#client ??= this.#open({
        ...this.#options,
        onEvent: (event) => this.#follow(event),
      } as ConnectOptions<true> | ConnectOptions<false>)
    } catch (error) {
      this.#failed(error, reason)
      return
    }
    this.#attesting(reason)
    this.#client.attest(reason).catch((error: unknown) => {
      // Those with a code were told as events, in their turn.
      if (!BlindLlamaError.isInstance(error)) this.#failed(error, reason)
    })
  }

  close(): void {
    this.#closed = true
    this.#client?.close()
  }

  #follow(event: ConnectEvent): void {
    if (this.#closed) return
    if (event.type === 'attesting') this.#attesting(event.reason)
    else if (event.type === 'verdict') this.#verdict = event.verdict
    else if (event.type === 'failed') this.#failed(event.error, event.reason)
    else if (event.type === 'ready' && this.#verdict?.result === 'pass')
      this.#become({
        ...NOTHING,
        status: 'ready',
        verification: this.#verdict,
        expiresAt: Date.now() + event.expiresInMs,
        renewing: false,
        renewalError: undefined,
      })
    this.lastAttestation.add(event)
    this.#heard(event)
  }

  #attesting(reason: AttestReason): void {
    const state = this.#state
    if (inBackground.has(reason) || state.status === 'attesting') return
    if (reason === 'renew' && state.status === 'ready' && Date.now() < state.expiresAt) {
      if (!state.renewing) this.#become({ ...state, renewing: true, renewalError: undefined })
    } else this.#become({ ...NOTHING, status: 'attesting', verification: this.#verdict })
  }

  /** @param reason of the attestation that failed, which need not be the one that was asked for last */
  #failed(error: unknown, reason: AttestReason): void {
    // An attestation in the background fails nobody: the key that is held stays in use, and whoever needs another asks for it.
    if (inBackground.has(reason)) return
    const state = this.#state
    const failure = BlindLlamaError.isInstance(error)
      ? error
      : new BlindLlamaError('client.environment', 'The attestation ended with an unexpected error', { cause: error })
    if (state.status === 'ready' && !isTerminal(failure))
      this.#become({ ...state, renewing: false, renewalError: failure })
    else this.#become({ ...NOTHING, status: 'error', verification: failure.verdict, error: failure })
  }

  #become(state: State): void {
    this.#state = state
    this.#changed()
  }
}
