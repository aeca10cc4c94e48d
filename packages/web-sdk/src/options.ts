import type { AttestationSettings } from './attestation/settings.js'
import type { StateStore } from './attestation/state-store.js'
import type { ExchangeObserver } from './channel/observed.js'
import { type Resend, resendOf } from './channel/resend.js'
import type { ChannelSettings } from './channel/settings.js'
import { loopback } from './environment.js'
import type { ConnectEvent } from './events.js'
import { BlindLlamaError } from './errors.js'
import { assertKnown, ownOptions } from './known-options.js'
import { platformFetch } from './outer-fetch.js'
import type { Policy, PolicyJson } from './policy.js'
import type { WasmSource } from './verifier/source.js'

export interface ConnectOptions<AllowSimulated extends boolean = false> {
  /**
   * Base URL of the service, the one that requests are addressed to. `https:`, or `http:` on the loopback for development. In pages
   * and workers a text that begins with `/` is an address of their own server.
   */
  url: string | URL
  /** Text and bytes are taken as they are; an object is serialised once. Pin it in the page: it is the root of all trust. */
  policy: string | Uint8Array | Policy | PolicyJson
  /**
   * Keeps what was seen at earlier visits, so that a machine cannot quietly go back: `indexedDbState()` of
   * `@blindllama/web-sdk/state`, or a place of your own. What is kept is replaced only after a verdict that passed.
   */
  state?: StateStore
  /** Asks the service to sign its answers: `receipts()` of `@blindllama/web-sdk/receipts`. */
  receipts?: ExchangeObserver
  /** Another base URL through which everything goes, so that the service does not see the address of the page's visitor. */
  relay?: string | URL
  /** Default: the file that this package was built with, beside its module, with its hash checked before compilation. */
  wasm?: WasmSource
  /**
   * Bounds each attestation, the first one and those that renew the key, and each wait for a key, in milliseconds; what takes
   * longer ends in `client.attest_timeout`. Default: 40000. Its parts have bounds of their own: 30 s for the evidence and for each file that
   * is loaded, 15 s for each answer of `state`.
   */
  attestTimeoutMs?: number
  /** Cancels `connect` itself, nothing later. */
  signal?: AbortSignal
  /**
   * Which requests are sent again, once, after a sign that the gateway behind the key is gone, such as a 502 or a refused
   * connection. Such a request may have been run. `'repeatable'` (default): `GET`, `HEAD`, and what costs only computing, as
   * chat completions without `store`; `'always'`; `'never'`. The table is in PROTOCOL.md §10.1. A request has the same option.
   */
  resend?: Resend
  onEvent?: (event: ConnectEvent) => void
  /**
   * Accept a `simulated` anchor that the policy lists. Whoever runs the host of a software TPM can make it say anything:
   * for development only. The type of `verdict` widens with it.
   */
  dangerouslyAllowSimulated?: AllowSimulated
}

/** The options after their check: what every later part works with. */
export type Settings = AttestationSettings & ChannelSettings

function baseUrl(name: 'url' | 'relay', value: string | URL): URL {
  let url: URL
  try {
    // Of a typing error, such as a host without its scheme, nothing else makes an address of the page's server.
    url = new URL(value, String(value).startsWith('/') ? globalThis.location?.href : undefined)
  } catch (cause) {
    throw new BlindLlamaError('client.options', `\`${name}\` is no absolute URL, and no path that begins with /`, {
      cause,
    })
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback.test(url.hostname)))
    throw new BlindLlamaError('client.options', `\`${name}\` must be an https: URL`)
  if (url.username || url.password || url.search || url.hash)
    throw new BlindLlamaError('client.options', `\`${name}\` must have no credentials, query or fragment`)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function milliseconds(value: number): number {
  // Timers take no more, and fire at once.
  if (value > 0 && value < 2 ** 31 && Number.isInteger(value)) return value
  throw new BlindLlamaError('client.options', '`attestTimeoutMs` must be an integer from 1 to 2147483647')
}

/** @throws {BlindLlamaError} `client.options` */
export function policyBytes(policy: string | Uint8Array | Policy | PolicyJson): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(policy)) return new Uint8Array(policy)
  if (typeof policy === 'string') return new TextEncoder().encode(policy)
  if (typeof policy !== 'object' || policy === null)
    throw new BlindLlamaError('client.options', '`policy` must be JSON text, bytes or an object')
  return new TextEncoder().encode(JSON.stringify(policy))
}

/**
 * Checks the options and fixes what may not change under the client: the bytes of the policy and the addresses.
 *
 * @param fetch sends the bytes
 * @throws {BlindLlamaError} `client.options`, naming the option.
 */
export function settingsOf(options: ConnectOptions<boolean>, fetch: Settings['fetch'] = platformFetch()): Settings {
  const base = baseUrl('url', options?.url)
  assertKnown(
    options,
    'url policy state receipts relay wasm attestTimeoutMs signal resend onEvent dangerouslyAllowSimulated',
  )
  const { relay, policy, dangerouslyAllowSimulated, attestTimeoutMs, resend, state, receipts } = ownOptions(options)
  return {
    base,
    endpoint: relay === undefined ? base : baseUrl('relay', relay),
    audience: base.origin,
    policy: policyBytes(policy),
    allowSimulated: dangerouslyAllowSimulated === true,
    attestTimeoutMs: milliseconds(attestTimeoutMs ?? 40_000),
    resend: resendOf(resend ?? 'repeatable'),
    fetch,
    state,
    receipts,
  }
}
