// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react'
import { createElement, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { BlindLlamaError } from '../../src/errors.js'
import type { UseBlindLlamaOptions } from '../../src/react/options.js'
import { receipts } from '../../src/receipts/index.js'
import { indexedDbState, type StateStore } from '../../src/state/index.js'
import { Sessions } from '../../src/react/sessions.js'
import { createUseBlindLlama, type UseBlindLlama } from '../../src/react/use-blindllama.js'
import type { BlindLlamaClient } from '../../src/connect.js'
import type { ConnectEvent } from '../../src/events.js'
import type { Policy } from '../../src/policy.js'
import type { PassedVerdict, SimulatedVerdict } from '../../src/verdict.js'
import { failed, HeldClients, passed } from './held-client.js'

/** Written anew at each call, as a component does that states its options inline. */
function inline(change: Partial<UseBlindLlamaOptions<false>> = {}): UseBlindLlamaOptions<false> {
  const policy: Policy = { version: 1, anchors: [], pcrs: { bank: 'sha256', rules: { '4': 'golden' } } }
  return { url: 'https://llm.example/', policy, ...change }
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
afterEach(cleanup)

describe('the states that a component sees', () => {
  it('is idle on a server, where nothing is attested', () => {
    const statuses: string[] = []
    function Chat(): null {
      statuses.push(useBlindLlama(inline()).status)
      return null
    }
    renderToString(createElement(Chat))
    expect(statuses).toEqual(['idle'])
    expect(held.opened).toHaveLength(0)
  })

  it('is idle without options and attests once they are there', () => {
    const { result, rerender } = renderHook(
      (options: UseBlindLlamaOptions<false> | undefined) => useBlindLlama(options),
      {
        initialProps: undefined as UseBlindLlamaOptions<false> | undefined,
      },
    )
    expect(result.current.status).toBe('idle')
    expect(held.opened).toHaveLength(0)
    rerender(inline())
    expect(result.current.status).toBe('attesting')
    expect(held.opened).toHaveLength(1)
  })

  it('is idle where the options are null, as JavaScript has it', async () => {
    const { result } = renderHook(() => useBlindLlama(null))
    result.current.retry()
    expect(result.current.status).toBe('idle')
    await expect(result.current.fetch('https://llm.example/')).rejects.toMatchObject({ code: 'client.idle' })
    expect(held.opened).toHaveLength(0)
  })

  it('gives the same fetch in every state', async () => {
    const seen = new Map<string, unknown>()
    const { result } = renderHook(() => {
      const state = useBlindLlama(inline())
      seen.set(state.status, state.fetch)
      return state
    })
    await settle(() => held.last.pass())
    expect(result.current.status).toBe('ready')
    await settle(() => held.last.emit({ type: 'attesting', reason: 'expired' }))
    await settle(() => held.last.refuse())
    expect([...seen.keys()]).toEqual(['idle', 'attesting', 'ready', 'error'])
    expect(new Set(seen.values())).toEqual(new Set([result.current.fetch]))
    expect(result.current.fetch).toBeTypeOf('function')
  })

  it('shows the verdict of the key in use and when it expires', async () => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass(passed('2026.11')))
    vi.useRealTimers()
    expect(result.current).toMatchObject({ verification: { result: 'pass', release: '2026.11' }, expiresAt: 1_060_000 })
  })

  it('shows the steps of a verdict that failed', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.refuse())
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'ak.untrusted' }, verification: failed() })
  })

  it('has an error without a verdict where the verifier was never reached', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.fail(new BlindLlamaError('evidence.unreachable', 'No answer')))
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'evidence.unreachable' } })
    expect(result.current.verification).toBeUndefined()
  })

  it('gives every error a code, also one that nobody foresaw', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.break(new TypeError('surprise')))
    expect(result.current).toMatchObject({
      status: 'error',
      error: { code: 'client.environment', cause: { name: 'TypeError' } },
    })
  })

  it('has the error of options that no client takes, and its fetch rejects with that', async () => {
    const refusal = new BlindLlamaError('client.options', '`url` is not an absolute URL')
    const open = (): never => {
      throw refusal
    }
    useBlindLlama = createUseBlindLlama(new Sessions(open))
    const { result } = renderHook(() => useBlindLlama(inline()))
    expect(result.current).toMatchObject({ status: 'error', error: refusal })
    await expect(result.current.fetch('https://llm.example/v1/models')).rejects.toBe(refusal)
    await settle(() => result.current.retry())
    expect(result.current.status).toBe('error')
  })
})

describe('what the types let through', () => {
  it('is a simulated verdict only where the component opted in, and a fetch in every state', () => {
    const strict = renderHook(() => useBlindLlama(inline())).result.current
    const lax = renderHook(() => useBlindLlama({ ...inline(), dangerouslyAllowSimulated: true })).result.current
    expectTypeOf<Extract<typeof strict, { status: 'ready' }>['verification']>().toEqualTypeOf<PassedVerdict>()
    expectTypeOf<Extract<typeof lax, { status: 'ready' }>['verification']>().toEqualTypeOf<
      PassedVerdict | SimulatedVerdict
    >()
    expectTypeOf<(typeof strict)['fetch']>().toExtend<typeof globalThis.fetch>()
    expect(held.opened.map(({ options }) => options.dangerouslyAllowSimulated)).toEqual([undefined, true])
  })
})

describe('a client whose option is decided at run time', () => {
  it('is no client of proven services alone', () => {
    type Strict = BlindLlamaClient
    type Lax = BlindLlamaClient<true>
    type Undecided = BlindLlamaClient<boolean>
    expectTypeOf<Undecided['verdict']>().toEqualTypeOf<PassedVerdict | SimulatedVerdict>()
    expectTypeOf<Undecided>().not.toExtend<Strict>()
    expectTypeOf<Lax>().not.toExtend<Strict>()
    expectTypeOf<Strict>().toExtend<Undecided>()
  })
})

describe('how many attestations there are', () => {
  it('is one under StrictMode, which mounts twice', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()), { wrapper: StrictMode })
    await nextTask()
    expect(held.opened).toHaveLength(1)
    await settle(() => held.last.pass())
    expect(result.current.status).toBe('ready')
    expect(held.last.closed).toBe(false)
  })

  it('is one for two components that state the same, each in its own words', async () => {
    const first = renderHook(() => useBlindLlama(inline()))
    const second = renderHook(() => useBlindLlama(inline({ url: new URL('https://llm.example') })))
    await settle(() => held.last.pass())
    expect(held.opened).toHaveLength(1)
    for (const { current } of [first.result, second.result])
      expect(await (await current.fetch('https://llm.example/v1/models')).text()).toBe('through the client')
  })

  it('stays one while a component renders again with options of the same value', () => {
    const { rerender } = renderHook(() => useBlindLlama(inline()))
    rerender()
    rerender()
    expect(held.opened).toHaveLength(1)
  })

  it('is another for each other url, policy, relay, opt-in or verifier', () => {
    const others: UseBlindLlamaOptions<boolean>[] = [
      inline(),
      inline({ url: 'https://other.example/' }),
      inline({ policy: '{"version":1}' }),
      inline({ policy: new TextEncoder().encode('{"version": 1}') }),
      inline({ relay: 'https://relay.example/' }),
      inline({ attestTimeoutMs: 1000 }),
      { ...inline(), dangerouslyAllowSimulated: true },
      { ...inline(), resend: 'never' },
      inline({ wasm: 'https://llm.example/other.wasm' }),
      inline({ wasm: new Uint8Array(1) }),
      inline({ receipts: receipts() }),
      inline({ receipts: receipts() }),
    ]
    for (const options of others) renderHook(() => useBlindLlama(options))
    expect(held.opened).toHaveLength(others.length)
  })

  it('is one for a policy as text and as bytes, also of another realm', () => {
    for (const policy of ['{"version":1}', new TextEncoder().encode('{"version":1}')])
      renderHook(() => useBlindLlama(inline({ policy })))
    expect(held.opened).toHaveLength(1)
  })

  it('stays one while a component makes its state store anew, of which the first serves', () => {
    const states = [indexedDbState(), indexedDbState()]
    const { rerender } = renderHook(({ state }) => useBlindLlama(inline({ state })), {
      initialProps: { state: states[0] as StateStore },
    })
    rerender({ state: states[1] as StateStore })
    expect(held.opened).toHaveLength(1)
    expect(held.last.options.state).toBe(states[0])
  })

  it('hands the receipt store to the client', () => {
    const kept = receipts()
    const { rerender } = renderHook(() => useBlindLlama(inline({ receipts: kept })))
    rerender()
    expect(held.opened.map(({ options }) => options.receipts)).toEqual([kept])
  })

  it('is another, and the first ends, when the policy changes', async () => {
    const { result, rerender } = renderHook((policy: string) => useBlindLlama(inline({ policy })), {
      initialProps: '{"version":1}',
    })
    const [first] = held.opened
    await settle(() => first?.pass())
    rerender('{"version":1,"maxAgeMs":1000}')
    expect(result.current).toMatchObject({ status: 'attesting', verification: undefined })
    await nextTask()
    expect(held.opened).toHaveLength(2)
    expect(first?.closed).toBe(true)
  })
})

describe('letting go', () => {
  it('closes the client after the last component and not before', async () => {
    const first = renderHook(() => useBlindLlama(inline()))
    const second = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    first.unmount()
    await nextTask()
    expect(held.last.closed).toBe(false)
    second.unmount()
    await nextTask()
    expect(held.last.closed).toBe(true)
  })

  it('ends an attestation that nobody waits for', async () => {
    const { unmount } = renderHook(() => useBlindLlama(inline()))
    unmount()
    await nextTask()
    expect(held.last.closed).toBe(true)
    // What the client tells meanwhile is no state of anything.
    await settle(() => held.last.pass())
    expect(held.opened).toHaveLength(1)
  })

  it('hands the session to a component that replaces another', async () => {
    const first = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    first.unmount()
    const second = renderHook(() => useBlindLlama(inline()))
    await nextTask()
    expect(second.result.current.status).toBe('ready')
    expect(held.opened).toHaveLength(1)
    expect(held.last.closed).toBe(false)
  })

  it('attests anew for a component that comes later', async () => {
    const first = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    first.unmount()
    await nextTask()
    const second = renderHook(() => useBlindLlama(inline()))
    expect(second.result.current.status).toBe('attesting')
    expect(held.opened).toHaveLength(2)
  })
})

describe('attesting again', () => {
  it('connects anew after a start that failed', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.refuse())
    await settle(() => result.current.retry())
    expect(result.current).toMatchObject({ status: 'attesting', verification: failed() })
    await settle(() => held.last.pass())
    expect(held.last.attestations).toEqual(['connect', 'connect'])
    expect(result.current.status).toBe('ready')
  })

  it('renews the client that is there, and shows the new verdict', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass(passed('old')))
    await settle(() => result.current.retry())
    // The key is valid until its end: nobody else on the page notices.
    expect(result.current).toMatchObject({ status: 'ready', renewing: true, verification: { release: 'old' } })
    await settle(() => held.last.pass(passed('new')))
    expect(held.opened).toHaveLength(1)
    expect(held.last.attestations).toEqual(['connect', 'renew'])
    expect(result.current).toMatchObject({ status: 'ready', renewing: false, verification: { release: 'new' } })
  })

  it('leaves the key in use where the renewal fails without a word about the service', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass(passed('old')))
    await settle(() => result.current.retry())
    await settle(() => held.last.fail(new BlindLlamaError('evidence.unreachable', 'No answer')))
    expect(result.current).toMatchObject({
      status: 'ready',
      renewing: false,
      renewalError: { code: 'evidence.unreachable' },
      verification: { release: 'old' },
    })
    await settle(() => result.current.retry())
    expect(result.current).toMatchObject({ status: 'ready', renewing: true, renewalError: undefined })
    await settle(() => held.last.refuse())
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'ak.untrusted' } })
  })

  it('has no key to leave in use where its time is over', async () => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    vi.setSystemTime(1_060_000)
    await settle(() => result.current.retry())
    vi.useRealTimers()
    expect(result.current.status).toBe('attesting')
  })

  it('may be asked for by whoever hears of a failure, while it is told', async () => {
    const { result } = renderHook(() =>
      useBlindLlama(inline({ onEvent: ({ type }) => void (type === 'failed' && result.current.retry()) })),
    )
    await settle(() => held.last.fail(new BlindLlamaError('evidence.unreachable', 'No answer')))
    expect(result.current.status).toBe('attesting')
    await settle(() => held.last.pass())
    expect(result.current.status).toBe('ready')
  })

  it('asks once however often it is pressed', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    await settle(() => {
      result.current.retry()
      result.current.retry()
    })
    expect(held.last.attestations).toEqual(['connect', 'renew'])
  })

  it('follows a renewal that the client makes by itself, and one that fails', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass(passed('old')))
    await settle(() => held.last.emit({ type: 'attesting', reason: 'expired' }))
    expect(result.current.status).toBe('attesting')
    await settle(() => held.last.pass(passed('new')))
    expect(result.current).toMatchObject({ status: 'ready', verification: { release: 'new' } })
    await settle(() => held.last.emit({ type: 'attesting', reason: 'key-unknown' }))
    await settle(() => held.last.refuse())
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'ak.untrusted' } })
  })

  it.each([
    ['renews its key ahead of its end', 'expiring'],
    ['attests a service that is silent', 'silent'],
  ] as const)('stays ready while the client %s, and where that fails', async (_, reason) => {
    const seen: string[] = []
    const { result } = renderHook(() => {
      const state = useBlindLlama(inline())
      seen.push(state.status)
      return state
    })
    await settle(() => held.last.pass(passed('old')))
    seen.length = 0
    await settle(() => held.last.emit({ type: 'attesting', reason }))
    await settle(() => held.last.refuse())
    expect(result.current).toMatchObject({ status: 'ready', verification: { release: 'old' } })
    await settle(() => held.last.emit({ type: 'attesting', reason }))
    await settle(() => held.last.pass(passed('new')))
    expect(result.current).toMatchObject({ status: 'ready', verification: { release: 'new' } })
    expect(new Set(seen)).toEqual(new Set(['ready']))
  })

  it('of a page stays under way while a renewal in the background fails, also by verdict', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass(passed('old')))
    await settle(() => held.last.emit({ type: 'attesting', reason: 'expiring' }))
    await settle(() => result.current.retry())
    const refused = new BlindLlamaError('ak.untrusted', 'No anchor', { verdict: failed() })
    for (const error of [refused, new BlindLlamaError('evidence.unreachable', 'No answer')]) {
      await settle(() => held.last.emit({ type: 'failed', reason: 'expiring', error }))
      expect(result.current).toMatchObject({ status: 'ready', renewing: true, renewalError: undefined })
    }
    await settle(() => held.last.pass(passed('new')))
    expect(result.current).toMatchObject({ status: 'ready', renewing: false, verification: { release: 'new' } })
  })

  it('that is refused ends ready, though a renewal in the background was told last', async () => {
    const { result } = renderHook(() => useBlindLlama(inline()))
    await settle(() => held.last.pass())
    await settle(() => held.last.emit({ type: 'attesting', reason: 'expiring' }))
    const error = new BlindLlamaError('ak.untrusted', 'No anchor', { verdict: failed() })
    await settle(() => held.last.emit({ type: 'failed', reason: 'renew', error }))
    expect(result.current).toMatchObject({ status: 'error', error })
  })

  it('does nothing where there is nothing to attest', () => {
    const { result } = renderHook(() => useBlindLlama(undefined))
    result.current.retry()
    expect(held.opened).toHaveLength(0)
  })

  it('is the same function as long as the options are equal', async () => {
    const { result, rerender } = renderHook(() => useBlindLlama(inline()))
    const { retry } = result.current
    await settle(() => held.last.pass())
    rerender()
    expect(result.current.retry).toBe(retry)
  })
})

describe('events', () => {
  it('reach the callback of the latest render, in every component, without attesting again', async () => {
    const heard: string[] = []
    const listen = (name: string) => (event: ConnectEvent) => heard.push(`${name} ${event.type}`)
    const { rerender } = renderHook((name: string) => useBlindLlama(inline({ onEvent: listen(name) })), {
      initialProps: 'first',
    })
    renderHook(() => useBlindLlama(inline({ onEvent: listen('other') })))
    rerender('second')
    heard.length = 0
    await settle(() => held.last.pass())
    expect(heard).toEqual(['second verdict', 'other verdict', 'second ready', 'other ready'])
    expect(held.opened).toHaveLength(1)
  })
})
