import { raceAbort, within } from '../abort.js'
import type { ChannelFetch } from '../channel/fetch.js'
import { BlindLlamaError } from '../errors.js'
import { over, platformFetch } from '../outer-fetch.js'

type Fetch = ChannelFetch

/** Between the first render of a component and its first effect lies no network. */
const mountMs = 10_000

/**
 * The `fetch` of a component: one function in every state, so that whatever was made with it goes on through all of them. It
 * sends through the session that the component shows, and nothing where there is none.
 */
export class ComponentFetch {
  readonly fetch: Fetch
  #session: { readonly fetch: Fetch } | undefined
  #opened!: () => void
  readonly #open = new Promise<void>((resolve) => (this.#opened = resolve))

  /** @param mounts whether the component will show a session, as it does not without options and on a server */
  constructor(mounts: boolean) {
    const fetch: Fetch = async (input, init) => {
      if (!this.#session) {
        const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
        signal?.throwIfAborted()
        if (!mounts) throw idle()
        await raceAbort(
          within(mountMs, idle, undefined, () => this.#open),
          signal,
        )
      }
      return (this.#session as { fetch: Fetch }).fetch(input, init)
    }
    // Also one that never mounts may be put in place of the platform's. Some servers have none.
    this.fetch = typeof globalThis.fetch === 'function' ? over(fetch, platformFetch()) : fetch
  }

  /** The component shows `session` from now on, also once that is closed. */
  show(session: { readonly fetch: Fetch }): void {
    this.#session = session
    this.#opened()
  }
}

function idle(): BlindLlamaError {
  return new BlindLlamaError('client.idle', 'The component has no session: nothing is attested, and nothing was sent')
}
