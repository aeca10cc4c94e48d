import { BlindLlamaError, type BlindLlamaErrorOptions } from '../errors.js'
import type { ConnectEvent } from '../events.js'
import type { Settings } from '../options.js'
import { discard, over, platformFetch } from '../outer-fetch.js'
import { type Way, attempt } from './attempt.js'
import type { ChannelKey, KeySource } from './channel-key.js'
import { type InnerRequest, readRequest } from './inner-request.js'

/** `fetch` through the channel: see `BlindLlamaClient.fetch`. */
export function channelFetch<Key extends ChannelKey>(
  settings: Pick<Settings, 'base' | 'endpoint'> & Partial<Pick<Settings, 'fetch'>>,
  keys: KeySource<Key>,
  emit: (event: ConnectEvent) => void = () => {},
): typeof globalThis.fetch {
  const { base, endpoint, fetch = platformFetch() } = settings
  const channel: typeof fetch = async (input, init) => {
    const request = await readRequest(input, init, base, endpoint)
    const { idempotencyKey } = request
    const onProgress = (sealedBytes: number, totalBytes: number): void =>
      emit({ type: 'upload', idempotencyKey, sealedBytes, totalBytes })
    return send({ ...request, onProgress }, keys, { endpoint, fetch })
  }
  return over(channel, fetch)
}

/**
 * Sends `request`, again only where the gateway did not run it: once with another key when it did not know the first, once
 * with another date when its clock disagreed, once when the time of the key ended before anything was sent. Every attempt
 * carries the same idempotency key to the same instance, which runs it once, so that a forged remark about the key cannot
 * make it run twice.
 *
 * The remark that the gateway does not know the key is not authenticated: the gateway may have run the request. Whatever
 * fails after an attempt was posted therefore ends in `request.unknown_fate` with its cause, and the caller does not take it
 * for a request that was never sent.
 */
async function send<Key extends ChannelKey>(request: InnerRequest, keys: KeySource<Key>, way: Way): Promise<Response> {
  const { signal } = request
  let key = await keys.current(signal)
  let keyExpired = false
  let keyReplaced = false
  let dateCorrected = false
  const posted = (): boolean => keyReplaced || dateCorrected
  const use = (fresh: Key): void => {
    if (posted() && fresh.instance !== key.instance) throw unknownFate('Another instance answers now')
    key = fresh
  }
  try {
    for (;;) {
      const outcome = await attempt(request, key, way)
      if (outcome.kind === 'key-expired') {
        if (keyExpired) throw new BlindLlamaError('channel.key_expired', 'Two keys expired before all was sealed')
        keyExpired = true
        use(await keys.current(signal))
      } else if (outcome.kind === 'key-unknown') {
        if (keyReplaced) throw new BlindLlamaError('channel.key_unknown', 'The gateway did not know two keys')
        keyReplaced = true
        use(await keys.replace(key, signal))
      } else if (outcome.gatewayCode === 'request.date' && !dateCorrected && !Number.isNaN(outcome.date)) {
        dateCorrected = true
        discard(outcome.response)
        key.clockOffsetMs = outcome.date - Date.now()
      } else if (outcome.gatewayCode === 'request.duplicate' && posted()) {
        discard(outcome.response)
        throw unknownFate('An earlier attempt was run, and its answer was lost')
      } else return outcome.response
    }
  } catch (cause) {
    if (!posted()) throw cause
    signal?.throwIfAborted()
    const { code, verdict } = cause as Partial<BlindLlamaError>
    if (code === 'request.unknown_fate') throw cause
    throw unknownFate('A second attempt failed', { cause, verdict })
  }
}

function unknownFate(what: string, options?: BlindLlamaErrorOptions): BlindLlamaError {
  return new BlindLlamaError('request.unknown_fate', `${what}: nobody knows whether the request was run`, options)
}
