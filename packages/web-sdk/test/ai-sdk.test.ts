import './support/dom.js'
import { useChat } from '@ai-sdk/react'
import { cleanup, renderHook } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { blindLlamaTransport } from '../src/ai-sdk.js'
import { type BlindLlamaClient, connectWith } from '../src/connect.js'
import { BlindLlamaError } from '../src/errors.js'
import { type RealService, startRealService } from './support/real-service.js'
import { SocketRecorder } from './support/socket-recorder.js'
import { origins } from './support/wasm.js'

const apiKey = 'sk-live-secret'
const prompt = 'private words of a prompt'
let service: RealService
let recorder: SocketRecorder
let client: BlindLlamaClient<true>

beforeAll(async () => {
  service = await startRealService()
  recorder = new SocketRecorder()
  service.upstream.finishReason = 'stop'
  const { policy } = service.staging
  client = await connectWith({ url: service.relay.url, policy, dangerouslyAllowSimulated: true }, origins)
}, 120_000)
afterAll(async () => {
  recorder?.stop()
  client?.close()
  await service?.stop()
})
afterEach(cleanup)

function chatWith(change: Partial<Parameters<typeof blindLlamaTransport>[0]> = {}): {
  current: ReturnType<typeof useChat>
} {
  const transport = blindLlamaTransport({
    fetch: client.fetch,
    url: service.relay.url,
    model: 'fixed',
    apiKey,
    ...change,
  })
  return renderHook(() => useChat({ transport })).result
}

describe('a transport for useChat', () => {
  test('asks the verified service, and nothing readable leaves', async () => {
    service.upstream.requests.length = 0
    recorder.forget()
    const chat = chatWith({ system: 'Answer briefly.' })
    await chat.current.sendMessage({ text: prompt })
    await expect.poll(() => chat.current.status).toBe('ready')
    const parts = chat.current.messages.at(-1)?.parts ?? []
    expect(parts.map((part) => (part.type === 'text' ? part.text : '')).join('')).toContain('You said')
    expect(service.upstream.requests[0]).toMatchObject({ headers: { authorization: `Bearer ${apiKey}` } })
    expect(recorder.requests.filter((request) => !/^(?:GET|POST) \/blindllama\/v1\//.test(request))).toEqual([])
    for (const secret of [apiKey, prompt, 'briefly', 'completions']) expect(recorder.bytes).not.toContain(secret)
  })

  test('sends the address of a picture in the encryption, and does not ask for the picture itself', async () => {
    service.upstream.requests.length = 0
    recorder.forget()
    const chat = chatWith()
    const url = 'https://pictures.invalid/private.png'
    await chat.current.sendMessage({ text: prompt, files: [{ type: 'file', mediaType: 'image/png', url }] })
    await expect.poll(() => chat.current.status).toMatch(/ready|error/)
    expect(recorder.requests.filter((request) => !/^(?:GET|POST) \/blindllama\/v1\//.test(request))).toEqual([])
    expect(chat.current.status).toBe('ready')
    expect(service.upstream.requests[0]?.body).toContain(url)
  })

  test('does not take an answer for whole that ended without a reason', async () => {
    service.upstream.finishReason = undefined
    const chat = chatWith()
    await chat.current.sendMessage({ text: prompt })
    await expect.poll(() => chat.current.status).toBe('error')
    service.upstream.finishReason = 'stop'
  })

  test('ends with the code where the client is closed, and says no word of the request', async () => {
    const { policy } = service.staging
    const closed = await connectWith({ url: service.relay.url, policy, dangerouslyAllowSimulated: true }, origins)
    closed.close()
    const chat = chatWith({ fetch: closed.fetch })
    await chat.current.sendMessage({ text: prompt })
    await expect.poll(() => chat.current.status).toBe('error')
    expect(chat.current.error?.message).toContain('(client.closed)')
    expect(chat.current.error?.message).not.toContain(prompt)
  })

  test.each([
    [
      'the platform’s fetch',
      { fetch: (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init) },
    ],
    ['no fetch', { fetch: undefined as never }],
    ['no model', { model: '' }],
    ['a misspelt option', { sytem: '' } as object],
    ['a relative address', { url: '/v1' }],
  ])('refuses %s', (_name, change) => {
    const make = (): unknown =>
      blindLlamaTransport({ fetch: client.fetch, url: service.relay.url, model: 'fixed', ...change })
    expect(make).toThrow(BlindLlamaError)
    expect(make).toThrow('client.options')
  })
})
