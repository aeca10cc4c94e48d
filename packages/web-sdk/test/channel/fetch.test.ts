import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChannelKey, KeySource } from '../../src/channel/channel-key.js'
import { channelFetch } from '../../src/channel/fetch.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { FailedVerdict } from '../../src/verdict.js'
import { pattern } from '../support/bytes.js'
import { Deferred } from '../support/deferred.js'
import { chat, eachHasChannel, key, keysOf, send, service, use } from '../support/channel-client.js'
import { refuseKey } from '../support/channel-service.js'

let replaced: number
let nextKey: () => Promise<ChannelKey>

eachHasChannel(async () => {
  replaced += 1
  return use(await nextKey())
})
beforeEach(() => {
  replaced = 0
  nextKey = async () => service.rotate()
})

/** The key's time is over the next `times` that somebody looks. */
function expireNext(times: number): void {
  let left = times
  Object.assign(key, { lifetime: { remainingMs: () => (left-- > 0 ? 0 : 1) } })
}

describe('a request', () => {
  test('arrives inside the encapsulation, and nothing of it outside', async () => {
    const headers = { authorization: 'Bearer secret-key', 'content-type': 'application/json' }
    const response = await chat('{"prompt":"private words"}', { headers })
    expect(await response.text()).toBe('{"prompt":"private words"}')
    const [exchange] = service.exchanges
    expect(exchange?.message.control).toEqual({
      method: 'POST',
      scheme: 'https',
      authority: 'ohttp.invalid',
      path: '/v1/chat/completions',
    })
    expect(exchange?.field('authorization')).toBe('Bearer secret-key')
    expect(exchange?.field('content-type')).toBe('application/json')

    const [outer] = service.outer
    expect(outer?.path).toBe('/ai/blindllama/v1/o/gateway1')
    expect(outer?.headers).toMatchObject({ 'content-type': 'message/ohttp-chunked-req', incremental: '?1' })
    expect(JSON.stringify(outer)).not.toMatch(/secret-key|completions|private/)
    expect(outer?.headers['referer']).toBeUndefined()
  })

  test('carries a date of the service and a random idempotency key', async () => {
    key.clockOffsetMs = 3_600_000
    await Promise.all([chat('a'), chat('b')])
    const [one, two] = service.exchanges
    expect(one?.field('idempotency-key')).toMatch(/^[\w-]{32}$/)
    expect(one?.field('idempotency-key')).not.toBe(two?.field('idempotency-key'))
    const offset = Date.parse(one?.field('date') ?? '') - Date.now()
    expect(offset).toBeGreaterThan(3_590_000)
    expect(offset).toBeLessThan(3_601_000)
    expect(one?.field('date')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  })

  test('hides its length within the bucket of the padding', async () => {
    await chat('a'.repeat(10))
    await chat('a'.repeat(90))
    const lengths = service.outer.map(({ headers }) => headers['content-length'])
    expect(lengths[0]).toBe(lengths[1])
  })

  test('goes through the relay, addressed to the service', async () => {
    const relayed = channelFetch(
      { base: new URL('https://service.example/'), endpoint: service.base },
      { current: async () => key, replace: async () => key },
    )
    const response = await relayed('https://service.example/v1/models')
    expect(response.status).toBe(200)
    expect(service.exchanges[0]?.message.control).toMatchObject({ method: 'GET', path: '/v1/models' })
  })
})

describe('an answer', () => {
  test('has the status, the headers and the body from inside', async () => {
    service.handler = async (exchange) => exchange.reply(418, 'short and stout', [['x-kettle', 'on']])
    const response = await chat('tea?')
    expect(response.status).toBe(418)
    expect(response.ok).toBe(false)
    expect(response.headers.get('x-kettle')).toBe('on')
    expect(await response.text()).toBe('short and stout')
  })

  test('has the address of its request, without the fragment', async () => {
    const address = new URL('v1/models?limit=1#part', service.base)
    const response = await send(address)
    expect(response.url).toBe(new URL('v1/models?limit=1', service.base).href)
  })

  test('is a byte stream: it can be read into memory of the caller', async () => {
    service.handler = async (exchange) => {
      await exchange.head(200)
      await exchange.content('twelve bytes')
      await exchange.content('and five')
      await exchange.end()
    }
    const reader = (await chat('x')).body?.getReader({ mode: 'byob' })
    let text = ''
    for (let ended = false; !ended;) {
      const { done, value } = (await reader?.read(new Uint8Array(5))) ?? { done: true }
      text += new TextDecoder().decode(value)
      ended = done
    }
    expect(text).toBe('twelve bytesand five')
  })

  test('is whole where a chunk holds several pieces of it: a byte stream takes the memory of each', async () => {
    service.handler = async (exchange) => {
      await exchange.head(200)
      // Lengths below 64 are a byte (RFC 9000 §16).
      await exchange.chunk(Uint8Array.from('\u0003one\u0003two', (character) => character.charCodeAt(0)))
      await exchange.end()
    }
    expect(await (await chat('x')).text()).toBe('onetwo')
  })

  test('streams in an engine without byte streams', async () => {
    vi.stubGlobal('ReadableByteStreamController', undefined)
    expect(await (await chat('as ever')).text()).toBe('as ever')
  })

  test('with a status that no response can have rejects, and names whose fault it is', async () => {
    service.handler = async (exchange) => exchange.reply(502, '{}', [['blindllama-code', 'request.upstream_status']])
    await expect(chat('x')).rejects.toMatchObject({ code: 'request.upstream_status' })
  })

  test('without content may have none', async () => {
    service.handler = async (exchange) => exchange.reply(204, '')
    const response = await chat('x')
    expect(response.status).toBe(204)
    expect(response.body).toBeNull()
  })

  test('gives each event out when it arrives, not later', async () => {
    const gate = new Deferred<void>()
    service.handler = async (exchange) => {
      await exchange.head(200, [['content-type', 'text/event-stream']])
      await exchange.content('data: one\n\n')
      await gate.promise
      await exchange.content('data: two\n\n')
      await exchange.end()
    }
    const reader = (await chat('go')).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: one\n\n')
    gate.resolve()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: two\n\n')
    expect((await reader?.read())?.done).toBe(true)
  })

  test('of several megabytes arrives whole', async () => {
    const bytes = pattern(5_000_000)
    service.handler = async (exchange) => {
      await exchange.head(200)
      for (let offset = 0; offset < bytes.length; offset += 16_000)
        await exchange.content(bytes.slice(offset, offset + 16_000))
      await exchange.end()
    }
    const received = new Uint8Array(await (await chat('more')).arrayBuffer())
    expect(received.length).toBe(bytes.length)
    expect(Buffer.compare(received, bytes)).toBe(0)
  })

  test('that is not read is not fetched: the reader sets the pace', async () => {
    let sent = 0
    service.handler = async (exchange) => {
      await exchange.head(200)
      const response = exchange.outer.response
      for (; sent < 400 && !response.destroyed; sent += 1) {
        await exchange.content(pattern(16_000))
        if (response.writableNeedDrain) await new Promise((resolve) => response.once('drain', resolve))
      }
    }
    const reader = (await chat('slowly')).body?.getReader()
    await reader?.read()
    await new Promise((resolve) => setTimeout(resolve, 500))
    // What the sockets and the platform buffer is some; a reader who stopped does not pull the rest.
    expect(sent).toBeLessThan(400)
    await reader?.cancel()
  })
})

describe('an answer that is cut', () => {
  test('before its head rejects', async () => {
    service.handler = async ({ outer }) => {
      outer.response.writeHead(200, { 'content-type': 'message/ohttp-chunked-res' }).end()
    }
    const error = { name: 'BlindLlamaError', code: 'request.unknown_fate', cause: { code: 'channel.truncated' } }
    await expect(chat('x')).rejects.toMatchObject(error)
  })

  test.each(['ends cleanly', 'resets'])(
    'behind the last event, where the connection %s, errors the body',
    async (how) => {
      let cut: (() => void) | undefined
      service.handler = async (exchange) => {
        const { response } = exchange.outer
        if (how === 'resets') cut = () => response.destroy()
        await exchange.head(200)
        await exchange.content('data: [DONE]\n\n')
        if (how === 'ends cleanly') response.end()
      }
      const reader = (await chat('x')).body?.getReader()
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: [DONE]\n\n')
      // Once it was read: a reset takes with it what is still on its way.
      cut?.()
      await expect(reader?.read()).rejects.toMatchObject({ name: 'BlindLlamaError', code: 'channel.truncated' })
    },
  )

  test('inside Binary HTTP, under a genuine final chunk, errors the body', async () => {
    service.handler = async (exchange) => {
      await exchange.head(200)
      await exchange.chunk(Uint8Array.of(10, 1, 2, 3))
      await exchange.finish()
    }
    await expect((await chat('x')).arrayBuffer()).rejects.toMatchObject({ code: 'channel.message' })
  })

  test('lets go of the connection', async () => {
    const closed = new Promise<void>((resolve) => {
      service.handler = async (exchange) => {
        exchange.outer.response.once('close', resolve)
        await exchange.head(200)
        exchange.outer.response.write(pattern(40_000))
      }
    })
    await expect((await chat('x')).text()).rejects.toMatchObject({ code: expect.stringMatching(/^channel\./) })
    await closed
  })
})

describe('what answers outside the encryption', () => {
  test.each([
    [502, 'text/html', 'request.unknown_fate'],
    [500, 'text/html', 'channel.status'],
    [401, 'application/problem+json', 'channel.status'],
    [200, 'text/html', 'channel.media_type'],
    [200, 'message/ohttp-res', 'channel.media_type'],
    [200, 'application/json', 'channel.media_type'],
  ])('%i %s never reaches the application', async (status, type, code) => {
    service.intercept = (_request, response) => {
      response.writeHead(status, { 'content-type': type }).end('{"choices":[{"message":"lies"}]}')
      return true
    }
    const error = await chat('x').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'BlindLlamaError', code })
    expect(String(error)).not.toContain('lies')
  })

  test('a redirect is not followed', async () => {
    service.intercept = (_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end()
      return true
    }
    await expect(chat('x')).rejects.toMatchObject({ code: 'request.unknown_fate' })
    expect(service.outer).toHaveLength(1)
  })

  test('a connection that fails leaves the fate of a POST unknown and that of a GET harmless', async () => {
    service.intercept = (request) => {
      request.socket.destroy()
      return true
    }
    await expect(chat('x')).rejects.toMatchObject({ code: 'request.unknown_fate' })
    await expect(send(new URL('v1/models', service.base))).rejects.toMatchObject({ code: 'channel.unreachable' })
    expect(service.outer, 'one that only reads was sent again').toHaveLength(3)
  })
})

describe('a device that is offline', () => {
  test('sends nothing, and says so', async () => {
    vi.stubGlobal('navigator', { onLine: false })
    const base = new URL('https://service.example/')
    const offline = channelFetch({ base, endpoint: base }, { current: async () => key, replace: async () => key })
    const sent = offline(new URL('v1/chat/completions', base), { method: 'POST', body: 'x' })
    await expect(sent).rejects.toMatchObject({
      code: 'channel.unreachable',
      message: expect.stringContaining('nothing was sent'),
    })
  })

  test('still reaches itself', async () => {
    vi.stubGlobal('navigator', { onLine: false })
    expect((await chat('x')).status).toBe(200)
  })
})

describe('a key whose time ends while the request is sealed', () => {
  test('is not used: the request is sealed to the next one', async () => {
    expireNext(1)
    expect(await (await chat('x')).text()).toBe('x')
    expect(service.outer).toHaveLength(1)
  })

  test('twice in a row ends in its code, and nothing was sent', async () => {
    expireNext(2)
    await expect(chat('x')).rejects.toMatchObject({ code: 'channel.key_expired' })
    expect(service.outer).toHaveLength(0)
  })
})

describe('a key that the gateway does not know', () => {
  test('is replaced once, and the same request sent once more', async () => {
    service.handler = async (exchange) => exchange.reply(200, 'answered')
    let refused: string | undefined
    service.intercept = (_request, response) => {
      if (refused !== undefined) return false
      refused = 'once'
      refuseKey(response)
      return true
    }
    const headers = { 'idempotency-key': 'caller-chose-this-one-22' }
    expect(await (await chat('x', { headers })).text()).toBe('answered')
    expect(replaced).toBe(1)
    expect(service.exchanges).toHaveLength(1)
    expect(service.exchanges[0]?.field('idempotency-key')).toBe('caller-chose-this-one-22')
  })

  test('twice in a row is an error, so that a forged remark cannot make it loop', async () => {
    service.intercept = (_request, response) => {
      refuseKey(response)
      return true
    }
    const error = { code: 'request.unknown_fate', cause: { code: 'channel.key_unknown' } }
    await expect(chat('x')).rejects.toMatchObject(error)
    expect(replaced).toBe(1)
    expect(service.outer).toHaveLength(2)
  })

  test('of an instance that is gone leaves the fate unknown: nothing is sent to another', async () => {
    nextKey = async () => service.rotate('gateway2')
    service.intercept = (_request, response) => {
      refuseKey(response)
      return true
    }
    await expect(chat('x')).rejects.toMatchObject({ code: 'request.unknown_fate' })
    expect(service.outer).toHaveLength(1)
  })

  test('where the remark was forged after the request was run, it is not run twice and its fate is told', async () => {
    nextKey = async () => key
    const run = new Set<string>()
    let forged = false
    service.handler = async (exchange) => {
      const idempotencyKey = exchange.field('idempotency-key') ?? ''
      if (run.has(idempotencyKey)) return exchange.reply(409, '{}', [['blindllama-code', 'request.duplicate']])
      run.add(idempotencyKey)
      forged = true
      return refuseKey(exchange.outer.response)
    }
    await expect(chat('x')).rejects.toMatchObject({ code: 'request.unknown_fate' })
    expect(forged).toBe(true)
    expect(run.size).toBe(1)
  })
})

/** The gateway ran the request; what is between answers in its place. */
function forge(): void {
  service.handler = async ({ outer }) => refuseKey(outer.response)
}

describe('a request that was posted, and whose answer is a forged remark about the key', () => {
  const verdict: FailedVerdict = { version: 1, steps: [], result: 'fail', code: 'pcr.mismatch', detail: 'differs' }
  const failures = [
    new BlindLlamaError('evidence.unreachable', 'No answer'),
    new BlindLlamaError('client.attest_timeout', 'Too late'),
    new BlindLlamaError('pcr.mismatch', 'differs', { verdict }),
    new BlindLlamaError('client.closed', 'closed'),
  ]

  test.each(failures)('has an unknown fate where no other key is attested: $code', async (cause) => {
    forge()
    nextKey = async () => Promise.reject(cause)
    const error: unknown = await chat('x').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'request.unknown_fate', cause })
    expect((error as BlindLlamaError).verdict).toBe(cause.verdict)
    expect(service.exchanges).toHaveLength(1)
  })

  test.each(failures)('has an unknown fate where the other key ends and no third is attested: $code', async (cause) => {
    forge()
    let asked = 0
    const keys: KeySource<ChannelKey> = {
      async current() {
        asked += 1
        if (asked > 1) throw cause
        return key
      },
      async replace() {
        use(await service.rotate())
        expireNext(1)
        return key
      },
    }
    const sending = channelFetch({ base: service.base, endpoint: service.base }, keys)
    const sent = sending(new URL('v1/chat/completions', service.base), { method: 'POST', body: 'x' })
    await expect(sent).rejects.toMatchObject({ code: 'request.unknown_fate', cause })
    expect(asked).toBe(2)
  })

  test('has an unknown fate where the device is offline before the second attempt', async () => {
    const base = new URL('https://service.example/')
    const type = 'https://iana.org/assignments/http-problem-types#ohttp-key'
    const platform: typeof fetch = async () => {
      vi.stubGlobal('navigator', { onLine: false })
      return Response.json({ type }, { status: 401, headers: { 'content-type': 'application/problem+json' } })
    }
    const sending = channelFetch({ base, endpoint: base, fetch: platform }, keysOf())
    const error: unknown = await sending(base, { method: 'POST', body: 'x' }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'request.unknown_fate', cause: { code: 'channel.unreachable' } })
    expect(String(error)).not.toContain('nothing was sent')
  })

  test('ends with the reason of a caller who leaves meanwhile', async () => {
    forge()
    const stop = new AbortController()
    const reason = new Error('changed my mind')
    nextKey = async () => {
      stop.abort(reason)
      throw new BlindLlamaError('evidence.unreachable', 'No answer')
    }
    await expect(chat('x', { signal: stop.signal })).rejects.toBe(reason)
  })
})

test('a request for which no key was attested ends with the code of that: nothing was posted', async () => {
  const cause = new BlindLlamaError('evidence.unreachable', 'No answer')
  const keys = { current: async () => Promise.reject(cause), replace: async () => key }
  const sending = channelFetch({ base: service.base, endpoint: service.base }, keys)
  await expect(sending(service.base, { method: 'POST', body: 'x' })).rejects.toBe(cause)
  expect(service.outer).toHaveLength(0)
})

describe('a date that the gateway does not accept', () => {
  test('is corrected by the clock of the gateway, and the request sent once more', async () => {
    const serverNow = Date.now() + 86_400_000
    service.handler = async (exchange) => {
      const off = Math.abs(Date.parse(exchange.field('date') ?? '') - serverNow)
      if (off < 60_000) return exchange.reply(200, 'in time')
      const fields = [
        ['blindllama-code', 'request.date'],
        ['date', new Date(serverNow).toUTCString()],
        ['content-type', 'application/problem+json'],
      ] as const
      return exchange.reply(400, '{}', fields)
    }
    expect(await (await chat('x')).text()).toBe('in time')
    expect(service.exchanges).toHaveLength(2)
    const keys = service.exchanges.map((exchange) => exchange.field('idempotency-key'))
    expect(keys[0]).toBe(keys[1])
    expect(await (await chat('y')).text()).toBe('in time')
    expect(service.exchanges).toHaveLength(3)
  })

  test('twice is the answer of the gateway, which the application gets', async () => {
    service.handler = async (exchange) =>
      exchange.reply(400, 'no', [
        ['blindllama-code', 'request.date'],
        ['date', new Date().toUTCString()],
      ])
    const response = await chat('x')
    expect(response.status).toBe(400)
    expect(service.exchanges).toHaveLength(2)
  })

  test('means nothing where the upstream says it', async () => {
    service.handler = async (exchange) =>
      exchange.reply(400, 'no', [
        ['content-type', 'application/problem+json'],
        ['date', new Date().toUTCString()],
      ])
    expect((await chat('x')).status).toBe(400)
    expect(service.exchanges).toHaveLength(1)
  })
})

// All of it has arrived before the first byte is asked for.
const whole: typeof fetch = async (...parameters) => {
  const response = await fetch(...parameters)
  return new Response(await response.arrayBuffer(), { headers: response.headers })
}

describe('the caller aborts', () => {
  test('with chunks already there: none of them is given out afterwards', async () => {
    const stop = new AbortController()
    service.handler = async (exchange) => {
      await exchange.head(200)
      for (const text of ['one', 'two', 'three']) await exchange.content(text)
      await exchange.end()
    }
    const sending = channelFetch({ base: service.base, endpoint: service.base, fetch: whole }, keysOf())
    const { body } = await sending(new URL('v1/models', service.base), { signal: stop.signal })
    const reader = body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('one')
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(reader?.read()).rejects.toBe(reason)
  })

  test('before anything was sent', async () => {
    const error = await chat('x', { signal: AbortSignal.abort() }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'AbortError' })
    expect(service.outer).toHaveLength(0)
  })

  test('while waiting for the answer', async () => {
    const stop = new AbortController()
    const reason = new Error('changed my mind')
    service.handler = async () => stop.abort(reason)
    await expect(chat('x', { signal: stop.signal })).rejects.toBe(reason)
  })

  test('while reading it: the body errors with the reason, and the service sees the connection close', async () => {
    const stop = new AbortController()
    const closed = new Promise<void>((resolve) => {
      service.handler = async (exchange) => {
        exchange.outer.response.once('close', resolve)
        await exchange.head(200)
        await exchange.content('data: one\n\n')
      }
    })
    const reader = (await chat('x', { signal: stop.signal })).body?.getReader()
    await reader?.read()
    const next = reader?.read()
    stop.abort()
    await expect(next).rejects.toMatchObject({ name: 'AbortError' })
    await closed
  })

  test('by cancelling the body, also while a read waits', async () => {
    const closed = new Promise<void>((resolve) => {
      service.handler = async (exchange) => {
        exchange.outer.response.once('close', resolve)
        await exchange.head(200)
        await exchange.content('data: one\n\n')
      }
    })
    const reader = (await chat('x')).body?.getReader()
    await reader?.read()
    const next = reader?.read()
    await reader?.cancel('enough')
    expect((await next)?.done).toBe(true)
    await closed
  })
})
