import { raceAbort } from '../abort.js'
import type { ChannelFetch } from '../channel/fetch.js'
import { type OpenedClient, openClient, type Origins } from '../connect.js'
import { BlindLlamaError } from '../errors.js'
import type { ConnectEvent } from '../events.js'
import { ownOptions } from '../known-options.js'
import { type ConnectOptions, settingsOf } from '../options.js'
import { over, platformFetch } from '../outer-fetch.js'
import type { PassedVerdict, SimulatedVerdict } from '../verdict.js'
import { loadPolicy, type PinnedPolicy, policySource } from './pinned-policy.js'

/** As those of `connect`, but for the policy. */
export interface DropInOptions extends PinnedPolicy, Omit<ConnectOptions<boolean>, 'policy' | 'signal'> {}

/** A service that is attested when it is needed, or when the page asks for it. */
export interface DropInClient {
  /**
   * `fetch` through the channel, from the beginning: it waits for policy and attestation, and rejects with the code of what went wrong.
   * Nothing is ever sent in another way.
   */
  readonly fetch: ChannelFetch
  /** The report on the key in use, or on the last one; `undefined` before the first attestation. */
  readonly verdict: PassedVerdict | SimulatedVerdict | undefined
  /** Attests anew, whatever the state of the key is, and gives the report. Rejects with what went wrong. */
  attest: () => Promise<PassedVerdict | SimulatedVerdict>
  /** Forgets the key; later calls fail with `client.closed`. */
  close: () => void
}

/**
 * A client for what a tag, or a worker, declares. Attests nothing yet.
 *
 * @throws {BlindLlamaError} `client.options`, `client.environment`, `policy.unpinned`
 */
export function dropInClient(options: DropInOptions, origins: Origins): DropInClient {
  const { policy, policyIntegrity, policyKeys, ...others } = ownOptions(options)
  const outer = platformFetch()
  const source = policySource({ policy, policyIntegrity, policyKeys })
  // Tells a mistake of the other options now; the policy is put in its place once it is there.
  settingsOf({ ...others, policy: '' }, outer)
  let opening: Promise<OpenedClient> | undefined
  let opened: OpenedClient | undefined
  let isClosed = false
  const open = (): Promise<OpenedClient> => {
    if (isClosed) throw new BlindLlamaError('client.closed', 'The client was closed')
    opening ??= loadPolicy(source, outer).then((bytes) => {
      if (isClosed) throw new BlindLlamaError('client.closed', 'The client was closed')
      return (opened = openClient({ ...others, policy: bytes, onEvent: announcing(others.onEvent) }, origins))
    })
    // A policy that could not be loaded is asked for again by the next caller.
    opening.catch(() => (opening = undefined))
    return opening
  }
  const channel: ChannelFetch = async (input, init) => {
    const signal = init?.signal ?? (typeof input === 'object' && 'signal' in input ? input.signal : undefined)
    return (await raceAbort(open(), signal ?? undefined)).fetch(input, init)
  }
  return {
    fetch: over(channel, outer),
    get verdict() {
      return opened?.verdict
    },
    async attest() {
      const client = await open()
      await client.attest(client.verdict ? 'renew' : 'connect')
      // An attestation that did not reject has a verdict.
      return client.verdict as PassedVerdict | SimulatedVerdict
    },
    close() {
      isClosed = true
      opened?.close()
    },
  }
}

/** Events of the client are events of the page as well, so that a plain page can show them: type `blindllama`, in `detail`. */
function announcing(onEvent: ((event: ConnectEvent) => void) | undefined): (event: ConnectEvent) => void {
  return (event) => {
    globalThis.dispatchEvent?.(new CustomEvent('blindllama', { detail: event }))
    onEvent?.(event)
  }
}

/** A client that was never possible: every call rejects with the reason. */
export function refusingClient(reason: BlindLlamaError): DropInClient {
  const refuse = (): Promise<never> => Promise.reject(reason)
  return { fetch: over(refuse, platformFetch()), verdict: undefined, attest: refuse, close() {} }
}
