import type { ConnectEvent } from '../events.js'

/** Events that say where an attestation stands: the last of each kind, in the order of its attestation. */
const kept = new Set<ConnectEvent['type']>(['attesting', 'evidence', 'verdict', 'ready', 'failed'])

/** The events of the last attestation, for whoever begins to listen later. */
export class LastAttestation {
  #events: ConnectEvent[] = []
  #readyAtMs = 0

  add(event: ConnectEvent): void {
    if (!kept.has(event.type)) return
    if (event.type === 'attesting') this.#events = []
    if (event.type === 'ready') this.#readyAtMs = Date.now()
    this.#events.push(event)
  }

  /** As they would be told now: the time for which the key is valid has become shorter. */
  get events(): readonly ConnectEvent[] {
    return this.#events.map((event) =>
      event.type === 'ready'
        ? { ...event, expiresInMs: Math.max(0, event.expiresInMs - (Date.now() - this.#readyAtMs)) }
        : event,
    )
  }
}

export type Listener = (event: ConnectEvent) => void

/** What hears the events of one component, from whichever session it shows. */
export class Followers {
  readonly #listeners = new Set<Listener>()
  #shown: { readonly lastAttestation: LastAttestation } | undefined

  /** Calls `listener` with the events of the last attestation, and with those that follow, until the returned function is called. */
  readonly follow = (listener: Listener): (() => void) => {
    // One object for each call: the same function may be given twice.
    const own: Listener = (event) => listener(event)
    this.#listeners.add(own)
    for (const event of this.#shown?.lastAttestation.events ?? []) own(event)
    return () => void this.#listeners.delete(own)
  }

  /** The component shows `session` from now on. */
  show(session: { readonly lastAttestation: LastAttestation }): void {
    if (this.#shown === session) return
    this.#shown = session
    for (const event of session.lastAttestation.events) this.heard(event)
  }

  heard(event: ConnectEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
