import '../support/dom.js'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { useChat } from '@ai-sdk/react'
import { ChatOpenAI } from '@langchain/openai'
import { cleanup, renderHook } from '@testing-library/react'
import { generateText, TextStreamChatTransport } from 'ai'
import OpenAI from 'openai'
import { createElement, useMemo } from 'react'
import { renderToString } from 'react-dom/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openClient } from '../../src/connect.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { Policy } from '../../src/policy.js'
import type { UseBlindLlamaOptions } from '../../src/react/options.js'
import { Sessions } from '../../src/react/sessions.js'
import { type BlindLlamaState, createUseBlindLlama, type UseBlindLlama } from '../../src/react/use-blindllama.js'
import type { WasmSource } from '../../src/verifier/source.js'
import { Deferred } from '../support/deferred.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { SocketRecorder } from '../support/socket-recorder.js'
import { origins } from '../support/wasm.js'

type Fetch = typeof globalThis.fetch

const apiKey = 'sk-live-secret'
const prompt = 'private words of a prompt'
let service: RealService
let recorder: SocketRecorder
let useBlindLlama: UseBlindLlama
/** Nothing of the SDK is sent before it is open: an attestation stays under way for as long as a test looks at it. */
let gate: Deferred<void>

beforeAll(async () => {
  service = await startRealService()
  recorder = new SocketRecorder()
}, 120_000)
afterAll(async () => {
  recorder?.stop()
  await service?.stop()
})

beforeEach(() => {
  gate = new Deferred()
  service.upstream.requests.length = 0
  recorder.forget()
  useBlindLlama = createUseBlindLlama(new Sessions((given) => openClient(given, origins)))
})

afterEach(() => {
  cleanup()
  // Whatever a library did: the protocol's own endpoints are all that was ever asked for, and nothing was readable.
  expect(recorder.requests.filter((request) => !/^(?:GET|POST) \/blindllama\/v1\//.test(request))).toEqual([])
  for (const secret of [apiKey, prompt, 'completions']) expect(recorder.bytes).not.toContain(secret)
})

function options(change: Partial<UseBlindLlamaOptions<true>> = {}): UseBlindLlamaOptions<true> {
  return { url: service.relay.url, policy: service.staging.policy, dangerouslyAllowSimulated: true, ...change }
}

function base(): string {
  return new URL('v1', service.relay.url).href
}

/** Each asks its model through the `fetch` that it was made with, and gives what the model said. */
const libraries: Readonly<Record<string, (fetch: Fetch, signal?: AbortSignal) => Promise<string>>> = {
  async openai(fetch, signal) {
    const openai = new OpenAI({ baseURL: base(), apiKey, fetch, maxRetries: 0, dangerouslyAllowBrowser: true })
    const messages = [{ role: 'user' as const, content: prompt }]
    const answer = await openai.chat.completions.create({ model: 'fixed', messages }, { signal })
    return answer.choices[0]?.message.content ?? ''
  },
  async 'AI SDK'(fetch, signal) {
    const provider = createOpenAICompatible({ name: 'service', baseURL: base(), apiKey, fetch })
    const { text } = await generateText({
      model: provider('fixed'),
      prompt,
      maxRetries: 0,
      ...(signal && { abortSignal: signal }),
    })
    return text
  },
  async LangChain(fetch, signal) {
    const configuration = { baseURL: base(), fetch, dangerouslyAllowBrowser: true }
    const model = new ChatOpenAI({ model: 'fixed', apiKey, maxRetries: 0, configuration })
    return String((await model.invoke(prompt, signal && { signal })).content)
  },
}

async function outcome(work: Promise<string>): Promise<string> {
  return work.catch((error: unknown) => BlindLlamaError.find(error)?.code ?? `no code of ours: ${String(error)}`)
}

/** Shows a component whose client sends nothing before the gate is open; everything else on the page sends at once. */
function mounted<Result>(component: () => Result): { result: { current: Result }; unmount: () => void } {
  const platform = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    await gate.promise
    return platform(input, init)
  }
  try {
    return renderHook(component)
  } finally {
    globalThis.fetch = platform
  }
}

function mount(given: UseBlindLlamaOptions<true> | undefined): ReturnType<typeof mounted<ReturnType<UseBlindLlama>>> {
  return mounted(() => useBlindLlama(given))
}

async function until(result: { current: BlindLlamaState }, status: BlindLlamaState['status']): Promise<void> {
  await expect.poll(() => result.current.status, { timeout: 20_000 }).toBe(status)
}

describe.each(Object.entries(libraries))('%s, made with the fetch of the first render,', (_, ask) => {
  test('waits while the service is attested, and is answered', async () => {
    const { result } = mount(options())
    expect(result.current.status).toBe('attesting')
    const asking = outcome(ask(result.current.fetch))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(recorder.requests, 'nothing is asked meanwhile').toEqual([])
    gate.resolve()
    expect(await asking).toBe(`You said: ${prompt}`)
    await until(result, 'ready')
    expect(await outcome(ask(result.current.fetch)), 'and later').toBe(`You said: ${prompt}`)
    expect(service.upstream.requests).toHaveLength(2)
  })

  test('sends nothing to a service that was refused', async () => {
    gate.resolve()
    const policy = { ...(JSON.parse(service.staging.policy) as Policy), audience: 'https://elsewhere.example' }
    const { result } = mount(options({ policy }))
    const { fetch } = result.current
    expect(await outcome(ask(fetch)), 'while it waits').toBe('claims.audience')
    await until(result, 'error')
    expect(await outcome(ask(fetch)), 'afterwards').toBe('claims.audience')
    expect(service.upstream.requests).toEqual([])
  })

  test('sends nothing where the attestation does not end in its time', async () => {
    const { result } = mount(options({ attestTimeoutMs: 100 }))
    // `openai`, also below LangChain, takes every error that says so for its own.
    expect(await outcome(ask(result.current.fetch))).toMatch(/^client\.attest_timeout$|Request timed out/)
    await until(result, 'error')
    expect(result.current).toMatchObject({ error: { code: 'client.attest_timeout' } })
  })

  test('waits while the service is attested after an error, and is answered', async () => {
    // A module that exports nothing. The one that was checked before serves the whole page.
    const emptyModule = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    let broken = true
    const wasm = (): WasmSource => (broken ? emptyModule : origins.wasm())
    useBlindLlama = createUseBlindLlama(new Sessions((given) => openClient(given, { ...origins, wasm })))
    gate.resolve()
    const { result } = mount(options())
    await until(result, 'error')
    expect(result.current.error?.code).toMatch(/^wasm\./)
    broken = false
    gate = new Deferred()
    result.current.retry()
    await until(result, 'attesting')
    const asking = outcome(ask(result.current.fetch))
    await new Promise((resolve) => setTimeout(resolve, 50))
    gate.resolve()
    expect(await asking).toBe(`You said: ${prompt}`)
  })

  test('is left by its caller while it waits', async () => {
    const { result } = mount(options())
    const leave = new AbortController()
    const asking = ask(result.current.fetch, leave.signal)
    leave.abort()
    await expect(asking).rejects.toThrow(/abort/i)
    expect(recorder.requests).toEqual([])
  })

  test('sends nothing without options', async () => {
    expect(await outcome(ask(mount(undefined).result.current.fetch))).toBe('client.idle')
  })

  test('sends nothing once the component is gone', async () => {
    gate.resolve()
    const { result, unmount } = mount(options())
    await until(result, 'ready')
    unmount()
    await new Promise((resolve) => setTimeout(resolve, 10))
    recorder.forget()
    expect(await outcome(ask(result.current.fetch))).toBe('client.closed')
    expect(recorder.requests).toEqual([])
  })

  test('sends nothing on a server', async () => {
    const { document } = globalThis
    let fetch: Fetch | undefined
    function Chat(): null {
      fetch = useBlindLlama(options()).fetch
      return null
    }
    Object.assign(globalThis, { document: undefined })
    try {
      renderToString(createElement(Chat))
    } finally {
      Object.assign(globalThis, { document })
    }
    expect(await outcome(ask(fetch as Fetch))).toBe('client.idle')
  })
})

function useAttestedChat(): { status: BlindLlamaState['status']; chat: ReturnType<typeof useChat> } {
  const { status, fetch } = useBlindLlama(options())
  const transport = useMemo(
    () => new TextStreamChatTransport({ api: `${base()}/chat/completions`, headers: { authorization: apiKey }, fetch }),
    [fetch],
  )
  return { status, chat: useChat({ transport }) }
}

describe('useChat', () => {
  test('waits while the service is attested, and is answered', async () => {
    const { result } = mounted(useAttestedChat)
    expect(result.current.status).toBe('attesting')
    const sending = result.current.chat.sendMessage({ text: prompt })
    await expect.poll(() => result.current.chat.status).toBe('submitted')
    expect(recorder.requests).toEqual([])
    gate.resolve()
    await sending
    await expect.poll(() => result.current.chat.status).toBe('ready')
    expect(JSON.stringify(result.current.chat.messages.at(-1))).toContain('You said')
    expect(service.upstream.requests[0]).toMatchObject({ headers: { authorization: apiKey } })
  })
})

test('a fetch that a page puts in place of the platform’s is called once for each request, also by a retry', async () => {
  const platform = globalThis.fetch
  gate.resolve()
  const { result } = mount(options())
  let calls = 0
  globalThis.fetch = async (input, init) => {
    calls += 1
    if (calls > 50) throw new Error('it calls itself')
    return result.current.fetch(input, init)
  }
  try {
    await until(result, 'ready')
    const models = new URL('v1/models', service.relay.url)
    expect((await globalThis.fetch(models)).status).toBe(200)
    const evidence = (): number => recorder.requests.filter((request) => request.includes('/evidence')).length
    const before = evidence()
    result.current.retry()
    await expect.poll(() => result.current).toMatchObject({ status: 'ready', renewing: false })
    expect(result.current).toMatchObject({ renewalError: undefined })
    expect(evidence()).toBeGreaterThan(before)
    expect((await globalThis.fetch(models)).status).toBe(200)
    expect(calls).toBe(2)
  } finally {
    globalThis.fetch = platform
  }
})
