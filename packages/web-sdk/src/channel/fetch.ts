import type { BlindLlamaError } from '../errors.js'
import type { ConnectEvent } from '../events.js'
import { over, platformFetch } from '../outer-fetch.js'
import type { ChannelKey, KeySource } from './channel-key.js'
import { readRequest } from './inner-request.js'
import { type Resend, resendOf } from './resend.js'
import { send } from './send.js'
import type { ChannelSettings } from './settings.js'

/** `fetch`, with an option of its own for each request. */
export type ChannelFetch = (
  input: RequestInfo | URL,
  init?: RequestInit & {
    /** Whether this request may be sent again after a sign that the gateway is gone. Default: the option of `connect`. */
    resend?: Resend
  },
) => Promise<Response>

/** `fetch` through the channel: see `BlindLlamaClient.fetch`. */
export function channelFetch<Key extends ChannelKey>(
  settings: Pick<ChannelSettings, 'base' | 'endpoint'> & Partial<ChannelSettings>,
  keys: KeySource<Key>,
  emit: (event: ConnectEvent) => void = () => {},
): ChannelFetch {
  const { base, endpoint, fetch = platformFetch(), resend = 'repeatable' } = settings
  const channel: ChannelFetch = async (input, init) => {
    const allowed = resendOf(init?.resend ?? resend)
    const request = await readRequest(input, init, base, endpoint)
    const { idempotencyKey } = request
    const onProgress = (sealedBytes: number, totalBytes: number): void =>
      emit({ type: 'upload', idempotencyKey, sealedBytes, totalBytes })
    const resending = (error: BlindLlamaError): void => emit({ type: 'resend', idempotencyKey, error })
    const response = await send({ ...request, onProgress }, keys, { endpoint, fetch }, allowed, resending)
    // That of a made `Response` is empty; libraries resolve addresses against it, and show it.
    return Object.defineProperty(response, 'url', { value: base.href + request.path.slice(1) })
  }
  return over(channel, fetch)
}
