import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChannelKey, KeySource } from '../../src/channel/channel-key.js'
import { channelFetch, type ChannelFetch } from '../../src/channel/fetch.js'
import type { Resend } from '../../src/channel/resend.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { ConnectEvent } from '../../src/events.js'
import type { FailedVerdict } from '../../src/verdict.js'
import { ChannelService, type Exchange, refuseKey } from '../support/channel-service.js'
import { Deferred } from '../support/deferred.js'

/* Signs that the gateway behind the key is gone, and what is sent again (PROTOCOL.md §10.1). */

let service: ChannelService
let key: ChannelKey
let replaced: string[]
let nextKey: () => Promise<ChannelKey>
let events: ConnectEvent[]
let suspected: number

beforeEach(async () => {
  service = await ChannelService.start()
  key = await service.rotate()
  replaced = []
  nextKey = async () => service.rotate('gateway2')
  events = []
  suspected = 0
})
afterEach(async () => service.close())

function client(resend?: Resend): ChannelFetch {
  const keys: KeySource<ChannelKey> = {
    current: async () => key,
    replace: async (_stale, reason) => {
      replaced.push(reason)
      return (key = await nextKey())
    },
    suspect: () => (suspected += 1),
  }
  return channelFetch({ base: service.base, endpoint: service.base, ...(resend && { resend }) }, keys, (event) =>
    events.push(event),
  )
}

const chat = JSON.stringify({ model: 'm', messages: [], stream: true })

function ask(resend?: Resend, init: Parameters<ChannelFetch>[1] = {}): Promise<Response> {
  return client(resend)(new URL('v1/chat/completions', service.base), { method: 'POST', body: chat, ...init })
}

function upload(resend?: Resend): Promise<Response> {
  return client(resend)(new URL('v1/files', service.base), { method: 'POST', body: 'a file' })
}

async function failure(promise: Promise<unknown>): Promise<BlindLlamaError> {
  return promise.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error as BlindLlamaError,
  )
}

const resends = (): readonly string[] => events.flatMap((event) => (event.type === 'resend' ? [event.error.code] : []))

/** The first request meets this in place of an answer. */
function once(sign: (request: IncomingMessage, response: ServerResponse) => void): void {
  let met = false
  service.intercept = (request, response) => {
    if (met) return false
    met = true
    sign(request, response)
    return true
  }
}

const problem = { 'content-type': 'application/problem+json' }
const signs: readonly [
  name: string,
  code: string,
  sign: (request: IncomingMessage, response: ServerResponse) => void,
][] = [
  ['a proxy’s 404', 'channel.status', (_, response) => response.writeHead(404).end()],
  [
    'the 404 of another instance',
    'channel.status',
    (_, response) => response.writeHead(404, problem).end('{"type":"about:blank","code":"request.not_found"}'),
  ],
  ['a 502', 'channel.status', (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>')],
  [
    'the 503 of a gateway that stops',
    'channel.status',
    (_, response) => response.writeHead(503, problem).end('{"type":"about:blank","code":"gateway.stopping"}'),
  ],
  ['a 504', 'channel.status', (_, response) => response.writeHead(504).end()],
  ['a connection that is reset', 'channel.unreachable', (request) => request.socket.destroy()],
  ['an unknown key, and another instance', 'channel.key_unknown', (_, response) => refuseKey(response)],
  [
    'an answer that ends before its head',
    'channel.truncated',
    (_, response) => response.writeHead(200, { 'content-type': 'message/ohttp-chunked-res' }).end(),
  ],
]

describe.each(signs)('%s', (_, code, sign) => {
  test('leads to one other key, and what is repeatable is sent again under it', async () => {
    once(sign)
    expect(await (await ask()).text()).toBe(chat)
    expect(replaced).toEqual([code === 'channel.key_unknown' ? 'key-unknown' : 'gone'])
    expect(service.outer.map(({ path }) => path)).toEqual([
      '/ai/blindllama/v1/o/gateway1',
      '/ai/blindllama/v1/o/gateway2',
    ])
    expect(resends()).toEqual([code])
  })

  test('sends nothing again that is not repeatable, and tells what is known', async () => {
    once(sign)
    const error = await failure(upload())
    expect(error).toMatchObject({ code: 'request.unknown_fate', cause: { code } })
    expect(error.message).toMatch(/the request may have been run/)
    expect(service.outer).toHaveLength(1)
    expect(replaced, 'the next request need not wait for another sign').toHaveLength(1)
    expect(resends()).toEqual([])
  })

  test('sends nothing again under never', async () => {
    once(sign)
    expect(await failure(ask('never'))).toMatchObject({ code: 'request.unknown_fate', cause: { code } })
    expect(service.outer).toHaveLength(1)
    expect(replaced).toHaveLength(1)
  })

  test('sends all again under always', async () => {
    once(sign)
    expect(await (await upload('always')).text()).toBe('a file')
    expect(service.outer).toHaveLength(2)
  })

  test('is heeded once for a request, so that a forger makes no loop', async () => {
    service.intercept = (request, response) => {
      sign(request, response)
      return true
    }
    expect(await failure(ask())).toMatchObject({ code: 'request.unknown_fate', cause: { code } })
    expect(service.outer).toHaveLength(2)
    expect(replaced).toHaveLength(1)
  })
})

describe('an unknown key, and the same instance', () => {
  beforeEach(() => {
    nextKey = async () => service.rotate('gateway1')
    once((_, response) => refuseKey(response))
  })

  test('lets everything be sent again: the instance runs a request once', async () => {
    expect(await (await upload()).text()).toBe('a file')
  })

  test('does not under never: a process that was started again has forgotten what it ran', async () => {
    expect(await failure(upload('never'))).toMatchObject({ code: 'request.unknown_fate' })
    expect(service.outer).toHaveLength(1)
  })
})

test('the option of a request goes before that of the client', async () => {
  once((_, response) => response.writeHead(502).end())
  expect(await failure(ask('always', { resend: 'never' }))).toMatchObject({ code: 'request.unknown_fate' })
  const wrong = { resend: 'sometimes' } as unknown as { resend: Resend }
  expect(await failure(ask('always', wrong))).toMatchObject({ code: 'client.options' })
})

test('a gateway that has no room is not taken for gone', async () => {
  service.intercept = (_request, response) => {
    response.writeHead(503, problem).end('{"type":"about:blank","code":"channel.busy"}')
    return true
  }
  expect(await failure(ask())).toMatchObject({ code: 'channel.status' })
  expect(service.outer).toHaveLength(1)
  expect(replaced).toEqual([])
})

test.each([400, 401, 403, 413, 429, 500])('the status %i says nothing of the gateway’s end', async (status) => {
  service.intercept = (_request, response) => {
    response.writeHead(status).end()
    return true
  }
  expect(await failure(ask())).toMatchObject({ code: 'channel.status' })
  expect(replaced).toEqual([])
})

test('a request that only reads fails with the sign itself: its fate matters to nobody', async () => {
  service.intercept = (_request, response) => {
    response.writeHead(502).end()
    return true
  }
  expect(await failure(client()(new URL('v1/models', service.base)))).toMatchObject({ code: 'channel.status' })
  expect(service.outer).toHaveLength(2)
})

test('a service that is refused by the verifier gets nothing more, and the error has the verdict', async () => {
  const verdict: FailedVerdict = { version: 1, steps: [], result: 'fail', code: 'pcr.mismatch', detail: 'differs' }
  const cause = new BlindLlamaError('pcr.mismatch', 'differs', { verdict })
  nextKey = async () => Promise.reject(cause)
  once((_, response) => response.writeHead(502).end())
  expect(await failure(ask('always'))).toMatchObject({ code: 'request.unknown_fate', cause, verdict })
  expect(service.outer).toHaveLength(1)
})

test('a request that is not sent again does not wait for the other key', async () => {
  nextKey = async () => new Promise(() => {})
  once((_, response) => response.writeHead(502).end())
  expect(await failure(upload())).toMatchObject({ code: 'request.unknown_fate' })
})

const dates = (): readonly (string | undefined)[] => service.exchanges.map((exchange) => exchange.field('date'))
const refuse = (date: number): readonly (readonly [string, string])[] => [
  ['blindllama-code', 'request.date'],
  ['date', new Date(date).toUTCString()],
]

describe('the date', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => vi.useRealTimers())

  test('of what is sent again stays that of the first attempt, by which a gateway knows how old it is', async () => {
    service.handler = async (exchange) => {
      if (service.exchanges.length > 1) return exchange.reply(200, '{}')
      vi.setSystemTime(Date.now() + 600_000)
      exchange.outer.response.writeHead(502).end()
    }
    await ask()
    expect(dates()).toHaveLength(2)
    expect(dates()[1]).toBe(dates()[0])
    await ask()
    expect(dates()[2]).not.toBe(dates()[0])
  })

  test('is another one for what is repeatable, once the gateway refused that, and for nothing else', async () => {
    const now = Date.now()
    nextKey = async () => service.rotate()
    service.handler = async (exchange) => {
      if (service.exchanges.length % 3 === 1) return void refuseKey(exchange.outer.response)
      return service.exchanges.length % 3 === 2
        ? exchange.reply(400, '{}', refuse(now + 9e6))
        : exchange.reply(200, 'x')
    }
    expect(await (await ask()).text()).toBe('x')
    expect(Date.parse(dates()[2] ?? '')).toBeGreaterThan(now + 8e6)
    expect(await failure(upload())).toMatchObject({ code: 'request.unknown_fate' })
    expect(dates()).toHaveLength(5)
  })
})

test('another key is looked for where a gateway is silent, and the request goes on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const arrived = new Deferred<Exchange>()
    service.handler = async (exchange) => arrived.resolve(exchange)
    const asked = ask()
    const exchange = await arrived.promise
    await vi.advanceTimersByTimeAsync(29_000)
    expect(suspected).toBe(0)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(suspected).toBe(1)
    await exchange.reply(200, 'thought for long')
    expect(await (await asked).text()).toBe('thought for long')
    await vi.advanceTimersByTimeAsync(600_000)
    expect([suspected, replaced]).toEqual([1, []])
  } finally {
    vi.useRealTimers()
  }
})

test('after a date that was refused inside the encryption, which proves that nothing was run, no fate is unknown', async () => {
  let count = 0
  service.intercept = (_request, response) => {
    count += 1
    if (count === 1) return false
    response.writeHead(413).end()
    return true
  }
  service.handler = async (exchange) =>
    exchange.reply(400, '{}', [
      ['blindllama-code', 'request.date'],
      ['date', new Date().toUTCString()],
    ])
  expect(await failure(ask())).toMatchObject({ code: 'channel.status' })
})

describe('an earlier attempt that was run', () => {
  beforeEach(() => {
    nextKey = async () => key
    const run = new Set<string>()
    service.handler = async (exchange) => {
      const idempotencyKey = exchange.field('idempotency-key') ?? ''
      if (run.has(idempotencyKey)) return exchange.reply(409, '{}', [['blindllama-code', 'request.duplicate']])
      run.add(idempotencyKey)
      if (run.size === 1) return void exchange.outer.request.socket.destroy()
      return exchange.reply(200, 'answered')
    }
  })

  test('is repeated under another idempotency key where repetition is allowed', async () => {
    expect(await (await ask()).text()).toBe('answered')
    expect(new Set(service.exchanges.map((exchange) => exchange.field('idempotency-key'))).size).toBe(2)
    expect(resends()).toEqual(['channel.unreachable', 'request.duplicate'])
  })

  test('is not repeated under always either, where repetition costs more than computing', async () => {
    const error = await failure(upload('always'))
    expect(error).toMatchObject({ code: 'request.unknown_fate', cause: { code: 'request.duplicate' } })
    expect(service.exchanges).toHaveLength(2)
  })

  test('is not repeated where the application chose the key, and its error says that it was run', async () => {
    const error = await failure(ask('always', { headers: { 'idempotency-key': 'of-the-application-itself' } }))
    expect(error).toMatchObject({ code: 'request.unknown_fate', cause: { code: 'request.duplicate' } })
    expect(error.message).toContain('was run')
    expect(error.message).not.toContain('may have been run')
  })
})

test('an answer of a gateway that ended before it had one is asked for again elsewhere', async () => {
  let count = 0
  service.handler = async (exchange) => {
    count += 1
    if (count > 1) return exchange.reply(200, 'answered')
    return exchange.reply(503, '{}', [['blindllama-code', 'gateway.drained']])
  }
  expect(await (await ask()).text()).toBe('answered')
  count = 0
  expect((await upload()).status, 'what is not repeatable gets what the gateway said').toBe(503)
})

/** The first answer has so much content, and no end until the function returned is called: then it breaks off. */
function breaking(content: readonly string[], second: { status: number; type: string }): () => void {
  let count = 0
  let cut: (() => void) | undefined
  service.handler = async (exchange) => {
    count += 1
    if (count > 1) return exchange.reply(second.status, 'data: whole\n\n', [['content-type', second.type]])
    cut = () => exchange.outer.response.destroy()
    await exchange.head(200, [['content-type', 'text/event-stream']])
    for (const event of content) await exchange.content(event)
    return undefined
  }
  return () => cut?.()
}

describe('an answer that breaks off behind its head', () => {
  const same = { status: 200, type: 'text/event-stream' }

  test('because its reader left is no sign', async () => {
    const closed = new Promise<void>((resolve) => {
      service.handler = async (exchange) => {
        exchange.outer.response.once('close', resolve)
        await exchange.head(200)
      }
    })
    const reader = (await ask()).body?.getReader()
    const first = reader?.read()
    await reader?.cancel('enough')
    expect((await first)?.done).toBe(true)
    await closed
    expect(replaced).toEqual([])
    expect(service.exchanges).toHaveLength(1)
  })

  test('and before its content goes on with the content of another one', async () => {
    const cut = breaking([], same)
    const response = await ask()
    cut()
    expect(await response.text()).toBe('data: whole\n\n')
    expect(replaced).toEqual(['gone'])
    expect(resends()).toEqual(['channel.truncated'])
  })

  test.each<[string, readonly string[], { status: number; type: string }, Resend, number]>([
    ['behind an event', ['data: one\n\n'], same, 'always', 1],
    ['under never', [], same, 'never', 1],
    ['where the other one has another status', [], { ...same, status: 500 }, 'always', 2],
    ['where the other one has another type', [], { ...same, type: 'application/json' }, 'always', 2],
  ])('ends with its error %s', async (_, content, second, resend, posts) => {
    const cut = breaking(content, second)
    const reader = (await ask(resend)).body?.getReader()
    // What a reset overtakes has not arrived.
    for (const event of content) expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(event)
    cut()
    expect(await failure(Promise.resolve(reader?.read()))).toMatchObject({ code: 'channel.truncated' })
    expect(service.outer).toHaveLength(posts)
  })

  test('twice ends with its error', async () => {
    // A clean end, without the final chunk: a reset could overtake the head.
    service.handler = async (exchange) => {
      await exchange.head(200, [['content-type', 'text/event-stream']])
      exchange.outer.response.end()
    }
    expect(await failure((await ask()).text())).toMatchObject({ code: 'channel.truncated' })
    expect(service.outer).toHaveLength(2)
  })

  test('is left by its reader while another one is asked for: that one is stopped', async () => {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    let cut: (() => void) | undefined
    const closed = new Promise<void>((resolve) => {
      service.handler = async (exchange) => {
        const { response } = exchange.outer
        if (cut !== undefined) response.once('close', resolve)
        cut ??= () => response.destroy()
        await exchange.head(200, [['content-type', 'text/event-stream']])
      }
    })
    nextKey = async () => {
      await reader?.cancel('enough')
      return service.rotate('gateway2')
    }
    reader = (await ask()).body?.getReader()
    cut?.()
    await reader?.read().catch(() => {})
    await closed
  })
})
