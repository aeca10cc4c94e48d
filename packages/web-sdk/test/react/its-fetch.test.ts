// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { platformFetch } from '../../src/outer-fetch.js'
import type { UseBlindLlamaOptions } from '../../src/react/options.js'
import { Sessions } from '../../src/react/sessions.js'
import { createUseBlindLlama, type UseBlindLlama } from '../../src/react/use-blindllama.js'
import { HeldClients } from './held-client.js'

function inline(change: Partial<UseBlindLlamaOptions<false>> = {}): UseBlindLlamaOptions<false> {
  return { url: 'https://llm.example/', policy: '{"version":1}', ...change }
}

const settle = async (work: () => void = () => {}): Promise<void> => act(async () => work())
/** Letting go waits for the running task to end. */
const nextTask = async (): Promise<void> => act(async () => new Promise((done) => setTimeout(done, 0)))

let held: HeldClients
let useBlindLlama: UseBlindLlama

beforeEach(() => {
  held = new HeldClients()
  useBlindLlama = createUseBlindLlama(new Sessions(held.open))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  cleanup()
})

describe('its fetch', () => {
  const models = 'https://llm.example/v1/models'

  it('rejects on a server, where it is a function too', async () => {
    let send: typeof fetch | undefined
    vi.stubGlobal('document', undefined)
    function Chat(): null {
      send = useBlindLlama(inline()).fetch
      return null
    }
    renderToString(createElement(Chat))
    vi.unstubAllGlobals()
    await expect(send?.(models)).rejects.toMatchObject({ code: 'client.idle' })
  })

  it('rejects without options', async () => {
    const { result } = renderHook(() => useBlindLlama(undefined))
    await expect(result.current.fetch(models)).rejects.toMatchObject({ code: 'client.idle' })
  })

  it('has the platform’s below it, where an idle one was put in its place', async () => {
    vi.stubGlobal('fetch', async () => new Response('platform'))
    const { result } = renderHook(() => useBlindLlama(undefined))
    vi.stubGlobal('fetch', result.current.fetch)
    expect(await (await platformFetch()(models)).text()).toBe('platform')
  })

  it('is there without options in a runtime that has none of its own', async () => {
    vi.stubGlobal('fetch', undefined)
    const { result } = renderHook(() => useBlindLlama(undefined))
    await expect(result.current.fetch(models)).rejects.toMatchObject({ code: 'client.idle' })
  })

  it('waits before the first effect, and goes on with the session of the component', async () => {
    const early: Promise<Response>[] = []
    renderHook(() => {
      const { status, fetch: send } = useBlindLlama(inline())
      if (status === 'idle') early.push(send(models))
    })
    expect(await (await early[0])?.text()).toBe('through the client')
  })

  it('does not wait for ever in a component that never mounts, nor for a caller who left', async () => {
    vi.useFakeTimers()
    let send: typeof fetch | undefined
    function Chat(): null {
      send = useBlindLlama(inline()).fetch
      return null
    }
    renderToString(createElement(Chat))
    const leave = new AbortController()
    const left = send?.(models, { signal: leave.signal })
    const asRequest = send?.(new Request(models, { signal: AbortSignal.abort(new Error('before')) }))
    await expect(asRequest).rejects.toThrow('before')
    const waiting = expect(send?.(models)).rejects.toMatchObject({ code: 'client.idle' })
    leave.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    await vi.advanceTimersByTimeAsync(10_000)
    await waiting
    vi.useRealTimers()
  })

  it('rejects once its component is gone', async () => {
    const { result, unmount } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    unmount()
    await nextTask()
    await expect(result.current.fetch(models)).rejects.toMatchObject({ code: 'client.closed' })
  })

  it('is another one for other options, and the first is closed', async () => {
    const { result, rerender } = renderHook((url: string) => useBlindLlama(inline({ url })), {
      initialProps: 'https://llm.example/',
    })
    const { fetch: first } = result.current
    await settle(() => held.last.pass())
    rerender('https://other.example/')
    await nextTask()
    expect(result.current.fetch).not.toBe(first)
    await expect(first(models)).rejects.toMatchObject({ code: 'client.closed' })
  })
})
