import type { Attestation } from '../attestation/attest.js'
import { BlindLlamaError } from '../errors.js'
import type { Settings } from '../options.js'
import { attempt } from './attempt.js'
import { type InnerRequest, readRequest } from './inner-request.js'

/** Where the keys come from. */
export interface Keys {
  current: (signal?: AbortSignal) => Promise<Attestation>
  replace: (stale: Attestation, signal?: AbortSignal) => Promise<Attestation>
}

/** `fetch` through the channel: see `BlindLlamaClient.fetch`. */
export function channelFetch(settings: Settings, keys: Keys): typeof globalThis.fetch {
  return async (input, init) => send(await readRequest(input, init, settings.base), keys, settings.endpoint)
}

/**
 * Sends `request`, again only where the gateway did not run it: once with another key when it did not know the first, once
 * with another date when its clock disagreed. Every attempt carries the same idempotency key to the same instance, which runs
 * it once, so that a forged remark about the key cannot make it run twice.
 */
async function send(request: InnerRequest, keys: Keys, endpoint: URL): Promise<Response> {
  let attestation = await keys.current(request.signal)
  let keyReplaced = false
  let dateCorrected = false
  for (;;) {
    const outcome = await attempt(request, attestation, endpoint)
    if (outcome.kind === 'key-unknown') {
      if (keyReplaced) throw new BlindLlamaError('channel.key_unknown', 'The gateway did not know two keys in a row')
      keyReplaced = true
      attestation = sameInstance(attestation, await keys.replace(attestation, request.signal))
    } else if (outcome.gatewayCode === 'request.date' && !dateCorrected && !Number.isNaN(outcome.date)) {
      dateCorrected = true
      await outcome.response.body?.cancel()
      attestation.clockOffsetMs = outcome.date - Date.now()
    } else if (outcome.gatewayCode === 'request.duplicate' && (keyReplaced || dateCorrected)) {
      await outcome.response.body?.cancel()
      throw unknownFate('An earlier attempt was run, and its answer was lost')
    } else return outcome.response
  }
}

function sameInstance(stale: Attestation, fresh: Attestation): Attestation {
  if (fresh.instance !== stale.instance) throw unknownFate('Another instance answers now')
  return fresh
}

function unknownFate(what: string): BlindLlamaError {
  return new BlindLlamaError('request.unknown_fate', `${what}: nobody knows whether the request was run`)
}
