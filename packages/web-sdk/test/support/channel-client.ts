import { afterEach, beforeEach, vi } from 'vitest'
import type { ChannelKey, KeySource } from '../../src/channel/channel-key.js'
import { channelFetch } from '../../src/channel/fetch.js'
import { ChannelService } from './channel-service.js'

/* A channel for each test of a file, to a service of its own. */

export let service: ChannelService
export let key: ChannelKey
/** Through the channel. */
export let send: typeof fetch

/** To be called once in a file. @param replace gives the key after `key`; the same one where it is left out */
export function eachHasChannel(replace: () => Promise<ChannelKey> = async () => key): void {
  beforeEach(async () => {
    service = await ChannelService.start()
    key = await service.rotate()
    send = channelFetch({ base: service.base, endpoint: service.base }, { current: async () => key, replace })
  })
  afterEach(async () => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    await service.close()
  })
}

export function use(next: ChannelKey): ChannelKey {
  return (key = next)
}

/** Gives `key`, and no other. */
export function keysOf(): KeySource<ChannelKey> {
  return { current: async () => key, replace: async () => key }
}

export async function chat(body: BodyInit, init: RequestInit = {}): Promise<Response> {
  const streams = body instanceof ReadableStream ? { duplex: 'half' } : {}
  return send(new URL('v1/chat/completions', service.base), { method: 'POST', body, ...streams, ...init })
}
