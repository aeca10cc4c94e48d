import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runExclusive, verifyWithState } from '../../src/attestation/remember.js'
import type { StateStore } from '../../src/attestation/state-store.js'
import type { PassedVerdict, Verdict } from '../../src/verdict.js'

const { signal } = new AbortController()
const never = (): Promise<never> => new Promise(() => {})
const passed = { result: 'pass', nextState: 'aa' } as unknown as PassedVerdict
const working: StateStore = { load: async () => undefined, store: async () => true }

const throws = (): never => {
  throw new TypeError('not even a promise')
}
const atOnce: StateStore['exclusive'] = async (begin) => begin()
const refused: StateStore['exclusive'] = async () => Promise.reject(new DOMException('', 'SecurityError'))
const slow = async (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('slow'), 25_000))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The code that `work` ends in within `ms`. */
async function codeOf(work: Promise<unknown>, ms = 15_000): Promise<unknown> {
  const code = work.then(
    () => 'resolved',
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  )
  await vi.advanceTimersByTimeAsync(ms)
  return Promise.race([code, 'still waiting'])
}

describe('a store that does not answer', () => {
  test.each<[string, Partial<StateStore>]>([
    ['load', { load: never }],
    ['store', { store: never }],
  ])('at `%s` ends in a code of its own', async (_, broken) => {
    const verified = verifyWithState({ ...working, ...broken }, () => passed, signal)
    expect(await codeOf(verified)).toBe('client.state_timeout')
  })

  test('is left when the attestation is', async () => {
    const closing = new AbortController()
    const verified = verifyWithState({ ...working, load: never }, () => passed, closing.signal)
    const reason = new Error('closed')
    closing.abort(reason)
    await expect(verified).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that throws in place of rejecting fails like one that rejects', async () => {
    expect(await codeOf(verifyWithState({ ...working, load: throws }, () => passed, signal))).toBe('client.state')
  })

  test('whose answer always came too late for another tab ends in its code', async () => {
    expect(await codeOf(verifyWithState({ ...working, store: async () => false }, () => passed, signal))).toBe(
      'client.state',
    )
  })
})

describe('a verdict that failed', () => {
  const failed = { result: 'fail' } as unknown as Verdict

  test('and learned nothing is told, and nothing is stored', async () => {
    const store = vi.fn(working.store)
    expect(await verifyWithState({ ...working, store }, () => failed, signal)).toEqual(failed)
    expect(store).not.toHaveBeenCalled()
  })

  test('has its withdrawals stored before it is told', async () => {
    const store = vi.fn(working.store)
    const withdrawn = { ...failed, nextState: 'ab' } as Verdict
    expect(await verifyWithState({ ...working, store }, () => withdrawn, signal)).toEqual(failed)
    expect(store).toHaveBeenCalledExactlyOnceWith(Uint8Array.of(0xab), undefined)
  })

  test('is told also where its withdrawals cannot be stored', async () => {
    const withdrawn = { ...failed, nextState: 'ab' } as Verdict
    expect(await verifyWithState({ ...working, store: throws }, () => withdrawn, signal)).toEqual(failed)
  })
})

describe('a turn', () => {
  const visit = vi.fn(async () => 'visited')
  beforeEach(() => void visit.mockClear())

  test('is nothing to wait for where the store has none', async () => {
    expect(await runExclusive(working, visit, signal)).toBe('visited')
  })

  test('that never comes ends in its code, and the store is told to stop waiting', async () => {
    let waiting: AbortSignal | undefined
    const exclusive: StateStore['exclusive'] = async (_, own) => {
      waiting = own
      return never()
    }
    expect(await codeOf(runExclusive({ ...working, exclusive }, visit, signal))).toBe('client.state_timeout')
    expect(waiting?.aborted).toBe(true)
    expect(visit).not.toHaveBeenCalled()
  })

  test('that comes after that is not used', async () => {
    let late: (() => Promise<unknown>) | undefined
    const exclusive: StateStore['exclusive'] = async (begin) => {
      late = begin
      return never()
    }
    expect(await codeOf(runExclusive({ ...working, exclusive }, visit, signal))).toBe('client.state_timeout')
    await expect(late?.()).rejects.toMatchObject({ code: 'client.state_timeout' })
    expect(visit).not.toHaveBeenCalled()
  })

  test('has its own time: the bound is on the waiting', async () => {
    expect(await codeOf(runExclusive({ ...working, exclusive: atOnce }, slow, signal), 25_000)).toBe('resolved')
  })

  test('fails with the code of the place where the store fails before', async () => {
    expect(await codeOf(runExclusive({ ...working, exclusive: refused }, visit, signal))).toBe('client.state')
  })

  test('gives what the visit gave, whatever the store makes of it', async () => {
    const exclusive = (async (begin: () => Promise<unknown>) => {
      await begin()
      throw new Error('after the visit')
    }) as NonNullable<StateStore['exclusive']>
    expect(await runExclusive({ ...working, exclusive }, visit, signal)).toBe('visited')
    expect(visit).toHaveBeenCalledOnce()
  })

  test('fails with what the visit failed with', async () => {
    const failure = new Error('refused')
    expect(
      await codeOf(runExclusive({ ...working, exclusive: atOnce }, async () => Promise.reject(failure), signal)),
    ).toBe(failure)
  })
})
