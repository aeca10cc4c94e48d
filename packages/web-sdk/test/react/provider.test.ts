// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react'
import { createElement, type ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConnectEvent } from '../../src/events.js'
import { BlindLlamaError } from '../../src/errors.js'
import { createProvider, useBlindLlamaFetch, useProvidedBlindLlama } from '../../src/react/provider.js'
import type { UseBlindLlamaOptions } from '../../src/react/options.js'
import { Sessions } from '../../src/react/sessions.js'
import { createUseBlindLlama } from '../../src/react/use-blindllama.js'
import { HeldClients } from './held-client.js'

const options = (change: Partial<UseBlindLlamaOptions> = {}): UseBlindLlamaOptions => ({
  url: 'https://llm.example/',
  policy: '{"version":1}',
  ...change,
})
const models = 'https://llm.example/v1/models'

let held: HeldClients
let made: ReturnType<typeof createProvider>
beforeEach(() => {
  held = new HeldClients()
  made = createProvider(createUseBlindLlama(new Sessions(held.open)))
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

type Given = UseBlindLlamaOptions | null | undefined

/** Renders a hook below a provider whose options can change. */
function below<Result>(
  hook: () => Result,
  first: Given,
): { result: { current: Result }; give: (given: Given) => void } {
  let given: Given = first
  const wrapper = ({ children }: { children: ReactNode }): ReactNode =>
    createElement(made.BlindLlamaProvider, { options: given }, children)
  const { result, rerender } = renderHook(hook, { wrapper })
  return {
    result,
    give(next) {
      given = next
      rerender()
    },
  }
}

async function passes(expiresInMs = 60_000): Promise<void> {
  await act(async () => {
    const verdict = { result: 'pass', steps: [], key: { publicKey: '00' } } as unknown as Extract<
      ConnectEvent,
      { type: 'verdict' }
    >['verdict']
    held.last.emit({ type: 'verdict', verdict })
    held.last.emit({ type: 'ready', expiresInMs })
  })
}

describe('a provider', () => {
  it('attests once for all components below it', async () => {
    const { result } = below(
      () => [made.useBlindLlama(), made.useBlindLlama(), useBlindLlamaFetch()] as const,
      options(),
    )
    await passes()
    const [one, other, fetch] = result.current
    expect(held.opened).toHaveLength(1)
    expect([one.status, other.status]).toEqual(['ready', 'ready'])
    expect(fetch).toBe(one.fetch)
    expect(await (await fetch(models)).text()).toBe('through the client')
  })

  it('is idle without options, and sends nothing', async () => {
    const { result, give } = below(() => made.useBlindLlama(), undefined)
    expect(result.current.status).toBe('idle')
    await expect(result.current.fetch(models)).rejects.toMatchObject({ code: 'client.idle' })
    expect(held.opened).toHaveLength(0)
    await act(async () => give(options()))
    expect(result.current.status).toBe('attesting')
  })

  it('keeps `fetch` in every state of one service, and through a renewal', async () => {
    const { result, give } = below(() => made.useBlindLlama(), options())
    const { fetch } = result.current
    await passes()
    await act(async () => result.current.retry())
    expect(result.current).toMatchObject({ status: 'ready', renewing: true })
    expect(result.current.fetch).toBe(fetch)
    // Equal options, written inline anew.
    give(options())
    expect(result.current.fetch).toBe(fetch)
    await act(async () => give(options({ url: 'https://other.example/' })))
    expect(result.current.fetch).not.toBe(fetch)
  })

  it('gives the options that panels verify with', () => {
    const given = options()
    const { result } = below(useProvidedBlindLlama, given)
    expect(result.current.options).toBe(given)
  })

  it.each([
    ['useBlindLlama()', (): unknown => made.useBlindLlama()],
    ['useBlindLlamaFetch()', (): unknown => useBlindLlamaFetch()],
    ['useProvidedBlindLlama()', (): unknown => useProvidedBlindLlama()],
  ] as const)('%s throws where there is none', (_name, hook) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => renderHook(hook)).toThrow(BlindLlamaError)
    expect(() => renderHook(hook)).toThrow('needs a <BlindLlamaProvider>')
  })

  it('leaves the hook with options its own service, and idle where those are unknown', async () => {
    const { result } = below(
      () => [made.useBlindLlama(undefined), made.useBlindLlama(options({ url: 'https://own.example/' }))],
      options(),
    )
    await act(async () => {})
    expect(result.current.map(({ status }) => status)).toEqual(['idle', 'attesting'])
    expect(held.opened.map(({ options: { url } }) => String(url)).toSorted()).toEqual([
      'https://llm.example/',
      'https://own.example/',
    ])
  })
})

describe('follow', () => {
  it('tells the events of the last attestation to whoever comes later, and those that follow', async () => {
    const { result } = below(() => made.useBlindLlama(), options())
    await passes()
    const seen: string[] = []
    const stop = result.current.follow((event) => seen.push(event.type))
    expect(seen).toEqual(['attesting', 'verdict', 'ready'])
    await act(async () => held.last.emit({ type: 'attesting', reason: 'expiring' }))
    expect(seen.at(-1)).toBe('attesting')
    stop()
    await passes()
    expect(seen).toHaveLength(4)
  })

  it('tells how long the key is valid from now on', async () => {
    const { result } = below(() => made.useBlindLlama(), options())
    await passes(60_000)
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 45_000)
    const seen: ConnectEvent[] = []
    result.current.follow((event) => seen.push(event))
    const { expiresInMs } = seen.find((event) => event.type === 'ready') ?? { expiresInMs: Number.NaN }
    expect(expiresInMs).toBeGreaterThan(14_000)
    expect(expiresInMs).toBeLessThanOrEqual(15_000)
  })

  it('is heard by a listener that comes before the session', async () => {
    const seen: string[] = []
    let stop: (() => void) | undefined
    below(() => {
      const { follow } = made.useBlindLlama()
      stop ??= follow((event) => seen.push(event.type))
    }, options())
    await act(async () => {})
    expect(seen).toEqual(['attesting'])
    stop?.()
  })
})
