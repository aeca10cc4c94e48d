import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BlindLlamaError } from '../../src/errors.js'
import { startGateway } from '../../../../services/staging/gateway.ts'
import { type BlindLlamaClient, connectWith } from '../../src/connect.js'
import type { ConnectEvent } from '../../src/events.js'
import type { ConnectOptions } from '../../src/options.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins } from '../support/wasm.js'

/* A real gateway with default settings that ends, and is started again, while a page is open: its `instance` is another one then. */

let service: RealService
let stop: () => Promise<void>
let end: () => Promise<void>
let events: ConnectEvent[]
const abort = new AbortController()
const clients: BlindLlamaClient<boolean>[] = []

beforeAll(async () => {
  service = await startRealService()
  const { gateway } = service.staging.processes
  stop = end = async () => gateway.stop()
}, 120_000)
afterAll(async () => {
  await stop?.()
  await service?.stop()
  abort.abort()
})

beforeEach(() => {
  service.relay.seen.length = 0
  service.upstream.requests.length = 0
})
afterEach(() => {
  service.relay.intercept = () => false
  service.relay.alter = (piece) => piece
  for (const client of clients.splice(0)) client.close()
})

async function start(): Promise<void> {
  const { folder } = service.staging
  const { child, url } = await startGateway(join(folder, 'gateway.toml'), folder, abort.signal)
  service.relay.target = new URL(url)
  stop = end = async () => child.stop()
}

async function connect(change: Partial<ConnectOptions<true>> = {}): Promise<BlindLlamaClient<true>> {
  events = []
  const { policy } = service.staging
  const onEvent = (event: ConnectEvent): void => void events.push(event)
  const options = { url: service.relay.url, policy, dangerouslyAllowSimulated: true, onEvent, ...change } as const
  const client = await connectWith(options, origins)
  clients.push(client)
  service.relay.seen.length = 0
  return client
}

/** With its own two retries, as applications have it. */
function openai(client: BlindLlamaClient<boolean>): OpenAI {
  return new OpenAI({
    baseURL: new URL('v1', service.relay.url).href,
    apiKey: 'k',
    fetch: client.fetch,
    logLevel: 'off',
  })
}

const question = { model: 'fixed', messages: [{ role: 'user' as const, content: 'words' }] }
const attested = (): readonly string[] => events.flatMap((event) => (event.type === 'attesting' ? [event.reason] : []))
const posts = (): number => service.relay.count(/\/o\//)
const evidence = (): number => service.relay.count(/\/evidence/)

/** The code of ours in what `openai` makes of an error. */
async function codeOf(asking: Promise<unknown>): Promise<unknown> {
  const error = await asking.then(
    () => expect.unreachable('it was answered'),
    (caught: unknown) => caught as Error,
  )
  return BlindLlamaError.find(error)?.code ?? error
}

describe('after a restart of the gateway with default settings', () => {
  test('the next question of an open page is answered, after one new attestation', async () => {
    const client = await connect()
    const before = client.verdict.key.instance
    await end()
    await start()
    const completion = await openai(client).chat.completions.create(question)
    expect(completion.choices[0]?.message.content).toBe('You said: words')
    expect(client.verdict.key.instance).not.toBe(before)
    expect(attested()).toEqual(['connect', 'gone'])
    expect([posts(), evidence(), service.upstream.requests.length]).toEqual([2, 1, 1])
    expect(events.find((event) => event.type === 'resend')).toMatchObject({ error: { code: 'channel.status' } })
  })

  test('ten questions at once share the new attestation', async () => {
    const client = await connect()
    await end()
    await start()
    const answers = Array.from({ length: 10 }, async () => openai(client).chat.completions.create(question))
    expect(await Promise.all(answers)).toHaveLength(10)
    expect(attested()).toEqual(['connect', 'gone'])
    expect(service.upstream.requests).toHaveLength(10)
  })

  test('under never the question fails, is not run, and the next one is answered', async () => {
    const client = await connect({ resend: 'never' })
    await end()
    await start()
    const models = new URL('v1/models', service.relay.url)
    const asking = client.fetch(new URL('v1/chat/completions', models), {
      method: 'POST',
      body: JSON.stringify(question),
    })
    await expect(asking).rejects.toMatchObject({ code: 'request.unknown_fate', cause: { code: 'channel.status' } })
    expect(service.upstream.requests).toHaveLength(0)
    expect((await client.fetch(models)).status).toBe(200)
    expect(attested()).toEqual(['connect', 'gone'])
  })

  test('a call of openai can say so by itself', async () => {
    const client = await connect()
    await end()
    await start()
    const fetchOptions = { resend: 'never' } as object
    const asking = openai(client).chat.completions.create(question, { fetchOptions, maxRetries: 0 })
    expect(await codeOf(asking)).toBe('request.unknown_fate')
    expect([posts(), service.upstream.requests.length]).toEqual([1, 0])
  })
})

test('a question that comes while the gateway is away waits for it', async () => {
  const client = await connect()
  await end()
  const asking = openai(client).chat.completions.create(question)
  await expect.poll(evidence, { message: 'questions for evidence while nobody answers' }).toBeGreaterThan(0)
  await start()
  expect((await asking).choices[0]?.message.content).toBe('You said: words')
  expect(attested()).toEqual(['connect', 'gone'])
  expect(service.upstream.requests).toHaveLength(1)
}, 60_000)

describe('the retries of openai', () => {
  test('are no storm where the service is gone for good', async () => {
    const client = await connect()
    service.relay.intercept = (_request, response) => {
      response.destroy()
      return true
    }
    expect(await codeOf(openai(client).chat.completions.create(question))).toMatch(/^evidence\.unreachable$/)
    // One question was posted; the retries asked for evidence first, and had nothing to post it to.
    expect(posts()).toBe(1)
    expect(evidence()).toBeLessThan(25)
  }, 60_000)

  test('ask nobody again after a refusal of the verifier', async () => {
    const client = await connect()
    await end()
    await start()
    service.relay.alter = (piece) => piece.map((byte, at) => (at === piece.length >> 1 ? byte ^ 1 : byte)) as Buffer
    // The request was posted before the gateway was gone, so that its own fate is told, with the refusal as its cause.
    const asking = openai(client).chat.completions.create(question)
    const error = await asking.catch((caught: unknown) => BlindLlamaError.find(caught))
    expect(error).toMatchObject({
      code: 'request.unknown_fate',
      verdict: { result: 'fail' },
      cause: { code: expect.stringMatching(/^(?:bundle|ak|attest|signature|binding|claims|pcr)\./) },
    })
    expect([posts(), evidence(), service.upstream.requests.length]).toEqual([1, 1, 0])
  })
})
