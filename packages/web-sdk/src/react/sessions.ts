import type { ConnectEvent } from '../events.js'
import { optionsKey, type UseBlindLlamaOptions } from './options.js'
import { IDLE, Session, type Open, type SessionState } from './session.js'

/** A component that shows a session. */
export interface Observer {
  changed(): void
  heard(event: ConnectEvent): void
  /** Comes before anything is heard of the session. */
  shows(session: Session): void
}

interface Entry {
  readonly session: Session
  readonly observers: Set<Observer>
}

/**
 * The sessions of a page: components with equal options share one, so that ten of them cost one attestation.
 *
 * A session starts with its first observer and closes after its last. Closing waits for the running task to end, because
 * React's StrictMode, and a component that replaces another, leave and come back within one.
 */
export class Sessions {
  readonly #open: Open
  readonly #entries = new Map<string, Entry>()

  /** `open` is handed in so that tests decide when an attestation ends; everybody else passes the real one. */
  constructor(open: Open) {
    this.#open = open
  }

  state(key: string): SessionState<true> {
    return this.#entries.get(key)?.session.state ?? IDLE
  }

  /** Shows the session of `options` to `observer` until the returned function is called. */
  observe(options: UseBlindLlamaOptions, observer: Observer): () => void {
    const key = optionsKey(options)
    const entry = this.#entries.get(key) ?? this.#start(key, options)
    observer.shows(entry.session)
    entry.observers.add(observer)
    if (entry.session.state === IDLE) entry.session.attest()
    return () => {
      entry.observers.delete(observer)
      setTimeout(() => this.#closeIfUnseen(key, entry), 0)
    }
  }

  /** Attests anew; nothing happens where no component shows the session or an attestation runs already. */
  retry(key: string): void {
    this.#entries.get(key)?.session.attest()
  }

  #start(key: string, options: UseBlindLlamaOptions): Entry {
    const observers = new Set<Observer>()
    const session = new Session(
      this.#open,
      options,
      () => observers.forEach((observer) => observer.changed()),
      (event) => observers.forEach((observer) => observer.heard(event)),
    )
    const entry = { session, observers }
    this.#entries.set(key, entry)
    return entry
  }

  #closeIfUnseen(key: string, entry: Entry): void {
    if (entry.observers.size > 0 || this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    entry.session.close()
  }
}
