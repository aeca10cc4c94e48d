import OpenAI, { APIConnectionTimeoutError } from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type BlindLlamaClient, connectWith } from '../../src/connect.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { ConnectEvent } from '../../src/events.js'
import type { ConnectOptions } from '../../src/options.js'
import type { Policy } from '../../src/policy.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins } from '../support/wasm.js'

let service: RealService
let policy: Policy
const clients: BlindLlamaClient<boolean>[] = []

beforeAll(async () => {
  service = await startRealService()
  policy = JSON.parse(service.staging.policy) as Policy
}, 120_000)
afterAll(async () => service?.stop())

beforeEach(() => {
  service.relay.seen.length = 0
  service.upstream.requests.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  service.relay.intercept = () => false
  service.relay.alter = (piece) => piece
  service.upstream.pause = async () => {}
  for (const client of clients.splice(0)) client.close()
})

async function connect(change: Partial<ConnectOptions<true>> = {}): Promise<BlindLlamaClient<true>> {
  const options = { url: service.relay.url, policy, dangerouslyAllowSimulated: true, ...change } as const
  const client = await connectWith(options, origins)
  clients.push(client)
  return client
}

function openai(client: BlindLlamaClient<boolean>): OpenAI {
  return new OpenAI({ baseURL: new URL('v1', service.relay.url).href, apiKey: 'sk-secret', fetch: client.fetch })
}

const messages = [{ role: 'user' as const, content: 'private words' }]

describe('connecting to the real gateway', () => {
  test('proves what it runs, step by step', async () => {
    const events: ConnectEvent[] = []
    const client = await connect({ onEvent: (event) => events.push(event) })
    expect(client.verdict).toMatchObject({ result: 'pass', simulated: true, assurance: 'simulated' })
    expect(client.verdict.release).toBe('staging of this checkout')
    expect(client.verdict.steps.filter(({ status }) => status === 'fail')).toEqual([])
    expect(events.map(({ type }) => type).filter((type) => type !== 'step')).toEqual([
      'attesting',
      'evidence',
      'verdict',
      'ready',
    ])
    expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual(client.verdict.steps)
    expect(service.relay.count(/evidence/)).toBe(1)
  })

  test('a simulated TPM proves nothing where the page does not allow it by name', async () => {
    const options = { url: service.relay.url, policy }
    const error = await connectWith(options, origins).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'ak.simulated', verdict: { result: 'fail' } })
  })

  test.each<[string, (changed: Policy) => void, string]>([
    [
      'another release',
      ({ releases }) => Object.assign(releases?.[0]?.pcrs ?? {}, { 4: 'aa'.repeat(32) }),
      'pcr.mismatch',
    ],
    [
      'another key',
      ({ anchors }) => anchors.forEach((anchor) => Object.assign(anchor, { name: `000b${'11'.repeat(32)}` })),
      'ak.untrusted',
    ],
    ['another audience', (changed) => (changed.audience = 'https://other.example'), 'claims.audience'],
    [
      'other settings',
      ({ releases }) => releases?.forEach((release) => (release.configDigests = ['00'.repeat(32)])),
      'claims.config',
    ],
    ['a model inside the proof', (changed) => (changed.acceptUpstream = ['in-image']), 'claims.upstream'],
    ['another selection', ({ pcrs }) => (pcrs.rules['16'] = 'unchecked'), 'pcr.selection'],
  ])('under a policy that demands %s there is no client, and nothing is sent', async (_, change, code) => {
    const demanding = structuredClone(policy)
    change(demanding)
    const error = await connect({ policy: demanding }).catch((caught: unknown) => caught)
    expect(BlindLlamaError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ code, verdict: { result: 'fail', code } })
    expect(service.relay.count(/\/o\//)).toBe(0)
  })

  test('evidence for another nonce is refused', async () => {
    await connect()
    const replayed = service.relay.seen[0]?.url ?? ''
    const old = await (await fetch(new URL(replayed.slice(1), service.staging.url))).arrayBuffer()
    service.relay.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/cbor' }).end(Buffer.from(old))
      return true
    }
    await expect(connect()).rejects.toMatchObject({ code: expect.stringMatching(/^binding\./) })
  })

  test('evidence altered in any byte is refused', async () => {
    const codes = new Set<string>()
    for (let at = 0; at < 40; at += 1) {
      service.relay.alter = (piece) => {
        const position = Math.floor((piece.length * at) / 40)
        piece[position] = (piece[position] ?? 0) ^ 0x10
        return piece
      }
      const error = (await connect().catch((caught: unknown) => caught)) as { code?: string }
      codes.add(String(error.code))
    }
    expect([...codes].every((code) => /^(bundle|ak|attest|signature|binding|claims|pcr)\./.test(code))).toBe(true)
  })

  test('can be given up', async () => {
    const stop = new AbortController()
    service.relay.intercept = () => {
      stop.abort()
      return true
    }
    await expect(connect({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('goes through a relay, whose address nobody has to trust', async () => {
    const url = 'https://service.example/'
    const client = await connect({ url, relay: service.relay.url })
    const response = await client.fetch(`${url}v1/models`)
    expect(await response.json()).toMatchObject({ data: [{ id: 'fixed' }] })
    await expect(client.fetch(new URL('v1/models', service.relay.url))).rejects.toMatchObject({
      code: 'client.destination',
    })
  })
})

describe('the openai package over it', () => {
  test('streams an answer, of which the network sees nothing', async () => {
    const client = await connect()
    const stream = await openai(client).chat.completions.create({ model: 'fixed', messages, stream: true })
    const words = []
    for await (const { choices } of stream) words.push(choices[0]?.delta.content)
    expect(words.join('')).toBe('You said: private words')
    expect(words.length).toBeGreaterThan(2)
    const [request] = service.upstream.requests
    expect(request).toMatchObject({ method: 'POST', url: '/v1/chat/completions' })
    expect(request?.headers['authorization']).toBe('Bearer sk-secret')
    const wire = service.relay.seen.map(({ method, url, body }) => `${method} ${url} ${body.toString('latin1')}`).join()
    expect(wire).not.toMatch(/private|sk-secret|completions/)
  })

  test('answers at once, and lists models', async () => {
    const client = openai(await connect())
    const completion = await client.chat.completions.create({ model: 'fixed', messages })
    expect(completion.choices[0]?.message.content).toBe('You said: private words')
    expect((await client.models.list()).data[0]?.id).toBe('fixed')
    expect(service.relay.count(/evidence/), 'one attestation serves them all').toBe(1)
  })

  test('gets the answer of the gateway where it does not forward, once', async () => {
    const client = openai(await connect())
    await expect(client.files.list()).rejects.toMatchObject({ status: expect.any(Number) })
    expect(service.upstream.requests).toHaveLength(0)
    expect(service.relay.count(/\/o\//)).toBe(1)
  })

  test('fails with our error where the stream is cut, though [DONE] may have come', async () => {
    const client = await connect()
    service.upstream.pause = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      service.upstream.breakOff()
    }
    const stream = await openai(client).chat.completions.create({ model: 'fixed', messages, stream: true })
    const reading = (async () => {
      for await (const chunk of stream) expect(chunk).toBeDefined()
    })()
    await expect(reading).rejects.toMatchObject({ name: 'BlindLlamaError', code: 'channel.truncated' })
  })

  test('gives up on an answer that does not begin within its timeout, with its own error', async () => {
    const client = await connect()
    service.relay.intercept = (request) => request.url?.includes('/o/') === true
    const late = openai(client).chat.completions.create({ model: 'fixed', messages }, { timeout: 300, maxRetries: 0 })
    await expect(late).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    const own = client.fetch(new URL('v1/models', service.relay.url), { signal: AbortSignal.timeout(300) })
    await expect(own).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('gives up within its timeout where the evidence does not come', async () => {
    const client = await connect()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 })
    service.relay.intercept = () => true
    const late = openai(client).chat.completions.create({ model: 'fixed', messages }, { timeout: 300, maxRetries: 0 })
    await expect(late).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    expect(service.relay.count(/\/o\//)).toBe(0)
  })

  test('stops the answer when its stream is left', async () => {
    const client = await connect()
    service.upstream.pause = async () => new Promise((resolve) => setTimeout(resolve, 50))
    const stream = await openai(client).chat.completions.create({ model: 'fixed', messages, stream: true })
    for await (const chunk of stream) {
      expect(chunk).toBeDefined()
      break
    }
    expect(stream.controller.signal.aborted).toBe(true)
  })

  test('does not ask for evidence again and again where the service is no longer what was proved', async () => {
    const client = await connect()
    const renewed = client.renew
    // From now on the answers to the question for evidence are those of somebody else.
    service.relay.alter = (piece) => piece.map((byte, at) => (at === piece.length >> 1 ? byte ^ 1 : byte)) as Buffer
    await expect(renewed()).rejects.toMatchObject({ code: expect.any(String), verdict: { result: 'fail' } })
    service.relay.seen.length = 0
    const failing = openai(client).chat.completions.create({ model: 'fixed', messages })
    const error = (await failing.catch((caught: unknown) => caught)) as Error
    expect(BlindLlamaError.find(error)?.verdict?.result).toBe('fail')
    expect(service.relay.seen).toEqual([])
  })
})

describe('time', () => {
  test('a renewal leaves out the static part that the client holds', async () => {
    const lengths: number[] = []
    const onEvent = (event: ConnectEvent): void => {
      if (event.type === 'evidence') lengths.push(event.evidence.length)
    }
    const client = await connect({ onEvent })
    await client.renew()
    expect(service.relay.seen[1]?.url).toMatch(/&have=[\w-]{43}$/)
    expect(lengths[1]).toBeLessThan(lengths[0] ?? 0)
    expect((await client.fetch(new URL('v1/models', service.relay.url))).status).toBe(200)
  })

  test('a clock that is a day off is no hindrance: the date inside is the service’s', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 })
    const client = await connect()
    expect((await client.fetch(new URL('v1/models', service.relay.url))).status).toBe(200)
  })

  test('a clock that jumps ends the key: the next request attests anew, once for all that wait', async () => {
    const client = await connect()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    const models = new URL('v1/models', service.relay.url)
    const answers = await Promise.all([client.fetch(models), client.fetch(models), client.fetch(models)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(service.relay.count(/evidence/)).toBe(2)
  })
})

test('a page that comes back from the back-forward cache attests anew before it sends anything, until it is closed', async () => {
  const page = new EventTarget()
  const remove = vi.fn(page.removeEventListener.bind(page))
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', remove)
  try {
    const reasons: string[] = []
    const client = await connect({
      onEvent: (event) => void (event.type === 'attesting' && reasons.push(event.reason)),
    })
    const models = new URL('v1/models', service.relay.url)
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    await client.fetch(models)
    expect(reasons).toEqual(['connect'])
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    await client.fetch(models)
    expect(reasons).toEqual(['connect', 'expired'])
    const paths = service.relay.seen.map(({ url }) => (url.includes('evidence') ? 'evidence' : 'request'))
    expect(paths).toEqual(['evidence', 'request', 'evidence', 'request'])
    clients.splice(0)
    client.close()
    expect(remove.mock.calls.map(([type]) => type)).toContain('pageshow')
  } finally {
    vi.unstubAllGlobals()
  }
})

test('the fetch that was there when the client was made sends everything, also after a page replaced it', async () => {
  const platform = globalThis.fetch
  const client = await connect()
  let calls = 0
  vi.stubGlobal('fetch', (...parameters: Parameters<typeof fetch>) => {
    calls += 1
    if (calls > 10) throw new Error('it calls itself')
    return client.fetch(...parameters)
  })
  try {
    expect((await fetch(new URL('v1/models', service.relay.url))).status).toBe(200)
    await client.renew()
    expect(calls).toBe(1)
    vi.stubGlobal('fetch', client.fetch)
    const second = await connect()
    expect((await second.fetch(new URL('v1/models', service.relay.url))).status).toBe(200)
  } finally {
    vi.unstubAllGlobals()
  }
  expect(globalThis.fetch).toBe(platform)
})

test('a service that never answers ends in the time that the page gives it, and nothing is left waiting', async () => {
  const closed: Promise<unknown>[] = []
  service.relay.intercept = (_request, response) => {
    closed.push(new Promise((resolve) => response.once('close', resolve)))
    return true
  }
  await expect(connect({ attestTimeoutMs: 200 })).rejects.toMatchObject({ code: 'client.attest_timeout' })
  expect(closed).toHaveLength(1)
  await Promise.all(closed)
})

test('a renewal that fails without a word about the service leaves the key in use', async () => {
  const client = await connect()
  const models = new URL('v1/models', service.relay.url)
  service.relay.intercept = (request, response) => {
    if (request.url?.includes('evidence') !== true) return false
    response.writeHead(503).end()
    return true
  }
  await expect(client.renew()).rejects.toMatchObject({ code: 'evidence.status' })
  expect((await client.fetch(models)).status).toBe(200)
})

test('a closed client sends nothing', async () => {
  const events: string[] = []
  const client = await connect({ onEvent: ({ type }) => events.push(type) })
  client.close()
  await expect(client.fetch(new URL('v1/models', service.relay.url))).rejects.toMatchObject({ code: 'client.closed' })
  await expect(client.renew()).rejects.toMatchObject({ code: 'client.closed' })
  expect(events.at(-1)).toBe('closed')
  expect(service.relay.count(/\/o\//)).toBe(0)
})

describe('uploads', () => {
  test('of eight megabytes arrive, and their progress is told', async () => {
    const told: { sealedBytes: number; totalBytes: number }[] = []
    const onEvent = (event: ConnectEvent): void => {
      if (event.type === 'upload') told.push(event)
    }
    const client = await connect({ onEvent })
    const content = 'x'.repeat(8_000_000)
    const completion = await openai(client).chat.completions.create({
      model: 'fixed',
      messages: [{ role: 'user', content }],
    })
    expect(completion.choices[0]?.message.content?.length).toBe(content.length + 'You said: '.length)
    const [total] = told.map(({ totalBytes }) => totalBytes)
    expect(total).toBeGreaterThan(content.length)
    const sealed = told.map(({ sealedBytes }) => sealedBytes)
    expect(sealed).toEqual(sealed.map((_, window) => Math.min((window + 1) * 1_048_576, total ?? 0)))
    expect(sealed.at(-1)).toBe(total)
  })
})
