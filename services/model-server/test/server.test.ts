import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readChunks, startTestServer, type TestServer } from './server.ts'

const story = { messages: [{ role: 'user', content: 'Tell a long story about a lighthouse.' }], temperature: 0.7 }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
}, 60_000)
afterAll(async () => server.stop())

/** Waits until nothing is answered. @returns how many tokens the model had before it at the most, until then */
async function idle(): Promise<number> {
  let most = 0
  while (server.engine.load.running + server.engine.load.waiting > 0) {
    most = Math.max(most, server.engine.tokensHeld)
    await new Promise((done) => setTimeout(done, 5))
  }
  return most
}

describe('models', () => {
  it('lists the one it serves', async () => {
    const answer = await fetch(`${server.url}/v1/models`)
    expect(await answer.json()).toMatchObject({ object: 'list', data: [{ id: 'smollm2', object: 'model' }] })
  })

  it('describes it by its id and no other', async () => {
    expect(await (await fetch(`${server.url}/v1/models/smollm2`)).json()).toMatchObject({ id: 'smollm2' })
    const other = await fetch(`${server.url}/v1/models/gpt`)
    expect(other.status).toBe(404)
    expect(await other.json()).toMatchObject({ error: { code: 'model_not_found' } })
  })
})

describe('a whole answer', () => {
  it('answers a question that such a model can answer', async () => {
    const messages = [{ role: 'user', content: 'What is the capital of France?' }]
    const answer = await server.complete({ messages, temperature: 0, max_tokens: 80 })
    expect(answer).toMatchObject({ object: 'chat.completion', choices: [{ message: { role: 'assistant' } }] })
    expect(answer.choices[0]!.message.content).toMatch(/Paris/)
  })

  it('counts prompt and answer', async () => {
    const { usage, choices } = await server.complete({ ...story, max_tokens: 9 })
    expect(choices[0]!.finish_reason).toBe('length')
    expect(usage.completion_tokens).toBe(9)
    expect(usage.prompt_tokens).toBeGreaterThan(9)
    expect(usage.total_tokens).toBe(usage.prompt_tokens + 9)
  })

  it('is the same for the same seed and another for another', async () => {
    const [a, b, c] = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const settings = { temperature: 1.5, top_p: 1, seed, max_completion_tokens: 30 }
        return (await server.complete({ ...story, ...settings })).choices[0]!.message.content
      }),
    )
    expect(a).toBe(b)
    expect(a).not.toBe(c)
  })

  it('ends before a stop sequence', async () => {
    const answer = await server.complete({ ...story, temperature: 0, max_tokens: 60, stop: [' the', '.'] })
    expect(answer.choices[0]!.finish_reason).toBe('stop')
    expect(answer.choices[0]!.message.content).not.toMatch(/ the|\./)
  })

  it('does not take control words from a message', async () => {
    const plain = { messages: [{ role: 'user', content: 'a' }], max_tokens: 1 }
    const control = { messages: [{ role: 'user', content: 'a<|im_end|>' }], max_tokens: 1 }
    const [few, many] = await Promise.all(
      [plain, control].map(async (body) => (await server.complete(body)).usage.prompt_tokens),
    )
    expect(many! - few!).toBeGreaterThan(1)
  })
})

describe('a stream', () => {
  it('sends one event a token, at least 20 of them, as they are made', async () => {
    const answer = await server.post({ ...story, stream: true, max_tokens: 40 })
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const arrivals: number[] = []
    let events = 0
    for await (const piece of answer.body!) {
      arrivals.push(performance.now())
      events += Buffer.from(piece).toString().split('data: {').length - 1
    }
    expect(events).toBeGreaterThanOrEqual(20)
    expect(new Set(arrivals).size).toBeGreaterThan(10)
  })

  it('begins with the role, ends with the reason and the usage that was asked for', async () => {
    const options = { stream: true, stream_options: { include_usage: true }, max_tokens: 25 }
    const chunks = await readChunks(await server.post({ ...story, ...options }))
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('length')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 25 } })
    expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true)
  })

  it('says no usage unless asked', async () => {
    const chunks = await readChunks(await server.post({ ...story, stream: true, max_tokens: 3 }))
    expect(chunks.some(({ usage }) => usage !== undefined)).toBe(false)
  })

  it('never shows half a character', async () => {
    const messages = [{ role: 'user', content: 'Repeat exactly: 日本語 😀 ñandú' }]
    const chunks = await readChunks(await server.post({ messages, stream: true, max_tokens: 60, temperature: 0 }))
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toMatch(/\p{Script=Han}|\p{Emoji_Presentation}|ñ/u)
    expect(text).not.toContain('\uFFFD')
  })
})

describe('requests at once', () => {
  it('stops generating when the client goes, and serves the next promptly', async () => {
    const abort = new AbortController()
    const answer = await server.post({ ...story, stream: true }, abort.signal)
    await answer.body!.getReader().read()
    expect(server.engine.load.running).toBe(1)
    const held = server.engine.tokensHeld
    abort.abort()
    // Tokens and no time: a busy machine takes long for each. The whole answer would be hundreds.
    expect((await idle()) - held).toBeLessThan(50)
  })

  it('queues what is more than it can answer at once, and answers all in full', async () => {
    const requests = Array.from({ length: 5 }, async () => server.post({ ...story, stream: true, max_tokens: 30 }))
    await expect.poll(() => server.engine.load).toEqual({ running: 2, waiting: 3 })
    for (const request of requests) expect((await readChunks(await request)).length).toBeGreaterThan(10)
    expect(server.engine.load).toEqual({ running: 0, waiting: 0 })
  })

  it('gives up the place of a client that leaves while it waits', async () => {
    const busy = [1, 2].map(async () => server.post({ ...story, max_tokens: 120 }))
    await expect.poll(() => server.engine.load.running).toBe(2)
    const abort = new AbortController()
    const waiting = server.post(story, abort.signal)
    await expect.poll(() => server.engine.load.waiting).toBe(1)
    abort.abort()
    await expect(waiting).rejects.toThrow()
    await expect.poll(() => server.engine.load.waiting).toBe(0)
    await Promise.all(busy)
  })

  it('keeps nothing of one request for the next', async () => {
    const request = server.post({ ...story, max_tokens: 100 })
    await expect.poll(() => server.engine.tokensHeld, { interval: 5 }).toBeGreaterThan(20)
    await request
    expect(server.engine.tokensHeld).toBe(0)
  })
})

describe('errors', () => {
  const cases: [string, unknown, number, string][] = [
    ['a body that is not JSON', '{"model":', 400, 'invalid_json'],
    ['a body that is not an object', '[]', 400, 'invalid_json'],
    ['another model', { model: 'gpt', ...story }, 404, 'model_not_found'],
    ['no messages', { messages: [] }, 400, 'invalid_value'],
    ['an unknown role', { messages: [{ role: 'wizard', content: 'a' }] }, 400, 'invalid_value'],
    ['a temperature out of range', { ...story, temperature: 3 }, 400, 'invalid_value'],
    ['no tokens to make', { ...story, max_tokens: 0 }, 400, 'invalid_value'],
    ['tools', { ...story, tools: [{ type: 'function' }] }, 400, 'unsupported_parameter'],
    ['a picture', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 400, 'invalid_value'],
    [
      'more than the context holds',
      { messages: [{ role: 'user', content: 'word '.repeat(600) }] },
      400,
      'context_length_exceeded',
    ],
    ['more than a megabyte', JSON.stringify({ x: 'a'.repeat(1 << 20) }), 413, 'request_too_large'],
  ]
  it.each(cases)('refuses %s', async (_, body, status, code) => {
    const answer = await server.post(body)
    expect(answer.status).toBe(status)
    const { error } = (await answer.json()) as { error: { param: string | null } }
    expect(error).toEqual({ message: expect.any(String), type: 'invalid_request_error', param: error.param, code })
  })

  it('refuses a stream that cannot begin with a status of its own', async () => {
    const answer = await server.post({ messages: [{ role: 'user', content: 'word '.repeat(600) }], stream: true })
    expect(answer.status).toBe(400)
  })

  it('refuses other methods and paths', async () => {
    const method = await fetch(`${server.url}/v1/chat/completions`)
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${server.url}/slots`)).status).toBe(404)
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
  })
})
