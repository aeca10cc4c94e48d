import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { channelFetch } from '../../src/channel/fetch.js'
import { chat, eachHasChannel, key, keysOf, send, service } from '../support/channel-client.js'

/* What goes wrong around the channel: the platform's `fetch` below it, errors, and what answers in place of the gateway. */

eachHasChannel()

describe('the platform’s fetch', () => {
  test('sends with it no cookie, no referrer, and follows nowhere', async () => {
    const outer = vi.fn(fetch)
    const sending = channelFetch({ base: service.base, endpoint: service.base, fetch: outer }, keysOf())
    await sending(new URL('v1/models', service.base))
    expect(outer).toHaveBeenCalledOnce()
    expect(outer.mock.calls[0]?.[1]).toMatchObject({
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store',
    })
  })

  test('is the one that was there first: a page may put the channel in its place', async () => {
    let calls = 0
    vi.stubGlobal('fetch', (...parameters: Parameters<typeof fetch>) => {
      calls += 1
      if (calls > 10) throw new Error('it calls itself')
      return send(...parameters)
    })
    expect((await fetch(new URL('v1/models', service.base))).status).toBe(200)
    expect(calls).toBe(1)
  })

  test.each(['blindllama/v1/evidence?nonce=x', 'blindllama/v1/o/gateway1', 'x/../blindllama/v1/health'])(
    'is for the protocol’s own %s, which the channel does not carry',
    async (path) => {
      const current = vi.fn(async () => key)
      const sending = channelFetch({ base: service.base, endpoint: service.base }, { current, replace: current })
      await expect(sending(new URL(path, service.base))).rejects.toMatchObject({ code: 'client.own_endpoint' })
      expect(current, 'nothing is attested for it').not.toHaveBeenCalled()
    },
  )

  test('is for those of a relay too, also where it is below the service', async () => {
    const endpoint = new URL('relay/', service.base)
    const sending = channelFetch({ base: service.base, endpoint }, keysOf())
    const asking = sending(new URL('blindllama/v1/evidence', endpoint))
    await expect(asking).rejects.toMatchObject({ code: 'client.own_endpoint' })
  })
})

describe('an error', () => {
  const secret = 'sk-live-SECRET'

  test.each<[string, string, () => Promise<Response>]>([
    [
      'with all its causes holds nothing of a header',
      'request.field',
      () => chat('x', { headers: { authorization: `${secret}\n42` } }),
    ],
    [
      'with all its causes holds nothing of an address',
      'client.destination',
      () => send(`//[service.example/?key=${secret}`),
    ],
    [
      'with all its causes holds nothing of an address of another server',
      'client.destination',
      () => send(`https://other.example/?key=${secret}`),
    ],
    ['with all its causes holds nothing of a method', 'request.field', () => chat('x', { method: `${secret} X` })],
    [
      'with all its causes holds nothing of a stream',
      'request.body',
      () => chat(new ReadableStream({ start: (stream) => stream.error(new Error(secret)) })),
    ],
    [
      'with all its causes holds nothing of a stream of text',
      'request.body',
      () => chat(new ReadableStream({ start: (stream) => stream.enqueue(secret) })),
    ],
  ])('%s', async (_, code, sending) => {
    const error = await sending().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'BlindLlamaError', code })
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('SECRET')
    expect(service.outer).toEqual([])
  })

  test('of a connection that fails keeps the code of the system', async () => {
    const base = new URL('http://127.0.0.1:1/')
    const sending = channelFetch({ base, endpoint: base }, keysOf())
    const error = await sending(new URL(`v1/models?key=${secret}`, base)).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'channel.unreachable', cause: { name: 'TypeError' } })
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('SECRET')
  })
})

const hearing: typeof fetch = async (...parameters) => {
  const response = await fetch(...parameters)
  setImmediate(() => void vi.advanceTimersByTimeAsync(10_000))
  return response
}

describe('a problem outside the encryption', () => {
  test('that does not end is not waited for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const closed = new Promise<void>((resolve) => {
      service.intercept = (_request, response) => {
        response.once('close', resolve)
        response.writeHead(401, { 'content-type': 'application/problem+json' }).write('{"type":')
        return true
      }
    })
    const sending = channelFetch({ base: service.base, endpoint: service.base, fetch: hearing }, keysOf())
    await expect(sending(new URL('v1/models', service.base))).rejects.toMatchObject({ code: 'channel.status' })
    vi.useRealTimers()
    await closed
  })

  test('is left by the caller with the caller’s own reason', async () => {
    service.intercept = (_request, response) => {
      response.writeHead(401, { 'content-type': 'application/problem+json' }).write('{"type":')
      return true
    }
    const stop = new AbortController()
    const stopping: typeof fetch = async (...parameters) => {
      const response = await fetch(...parameters)
      setTimeout(() => stop.abort(new Error('changed my mind')), 20)
      return response
    }
    const sending = channelFetch({ base: service.base, endpoint: service.base, fetch: stopping }, keysOf())
    const asking = sending(new URL('v1/models', service.base), { signal: stop.signal })
    await expect(asking).rejects.toThrow('changed my mind')
  })
})
