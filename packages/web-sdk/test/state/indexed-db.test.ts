import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type IndexedDbState, indexedDbState } from '../../src/state/index.js'

/*
 * What browsers do when their storage is broken cannot be had from one that works: this database does as each test says. That
 * the state survives in real ones, across tabs, is told by `e2e/specs/visits.spec.ts`.
 */
type Answer = 'answers' | 'hangs' | 'refuses'

class Database {
  opening: Answer = 'answers'
  asking: Answer = 'answers'
  writing: Answer = 'answers'
  closed = 0
  aborted = 0
  kept: unknown
  openLate: (() => void) | undefined

  open(): EventTarget {
    const database = {
      close: () => (this.closed += 1),
      transaction: () => this.transaction(),
    }
    if (this.opening !== 'hangs') return this.request(this.opening, database)
    const request = Object.assign(new EventTarget(), { result: database })
    this.openLate = () => request.dispatchEvent(new Event('success'))
    return request
  }

  transaction(): EventTarget {
    const end = new EventTarget()
    setTimeout(() => this.writing === 'answers' && end.dispatchEvent(new Event('complete')), 5)
    if (this.writing === 'refuses') setTimeout(() => end.dispatchEvent(new Event('abort')), 5)
    return Object.assign(end, {
      error: new DOMException('full', 'QuotaExceededError'),
      abort: () => void (this.aborted += 1),
      objectStore: () => ({
        get: () => this.request(this.asking, this.kept),
        put: (value: unknown) => this.request('answers', (this.kept = value)),
        delete: () => this.request('answers', (this.kept = undefined)),
      }),
    })
  }

  request(answer: Answer, result: unknown): EventTarget {
    const request = Object.assign(new EventTarget(), { result, error: new DOMException('denied', 'SecurityError') })
    if (answer !== 'hangs')
      setTimeout(() => request.dispatchEvent(new Event(answer === 'answers' ? 'success' : 'error')))
    return request
  }
}

let database: Database
let state: IndexedDbState

beforeEach(() => {
  vi.useFakeTimers()
  database = new Database()
  vi.stubGlobal('indexedDB', database)
  state = indexedDbState()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('refuses an option that it does not know', () => {
  expect(() => indexedDbState({ nam: 'x' } as object)).toThrow(expect.objectContaining({ code: 'client.options' }))
})

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const code = work.then(
    () => 'resolved',
    (error: unknown) => (error as { code?: unknown }).code,
  )
  await vi.advanceTimersByTimeAsync(10_000)
  return Promise.race([code, 'still waiting'])
}

test('what is stored is there, and nothing replaces what somebody else stored', async () => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(await codeOf(state.store(bytes, undefined))).toBe('resolved')
  const [loaded, late] = [state.load(), state.store(Uint8Array.of(9), undefined)]
  await vi.runAllTimersAsync()
  expect([await loaded, await late]).toEqual([bytes, false])
  expect(await codeOf(state.clear())).toBe('resolved')
  expect(database.kept).toBeUndefined()
})

describe.each<[string, (state: IndexedDbState) => Promise<unknown>]>([
  ['load', (of) => of.load()],
  ['store', (of) => of.store(Uint8Array.of(1), undefined)],
  ['clear', (of) => of.clear()],
])('%s', (name, work) => {
  test.each<[string, Partial<Database>, string]>([
    ['does not open', { opening: 'hangs' }, 'client.state_timeout'],
    ['opens and never writes', { writing: 'hangs' }, 'client.state_timeout'],
    ['is refused', { opening: 'refuses' }, 'client.state'],
    ['refuses to write', { writing: 'refuses' }, 'client.state'],
  ])('of a database that %s ends in a code', async (_, broken, code) => {
    Object.assign(database, broken)
    expect(await codeOf(work(state)), name).toBe(code)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a transaction that is late is given up, and its database closed', async () => {
  database.asking = 'hangs'
  expect(await codeOf(state.load())).toBe('client.state_timeout')
  expect(database.aborted).toBe(1)
})

test('a database that opens too late is closed', async () => {
  database.opening = 'hangs'
  expect(await codeOf(state.load())).toBe('client.state_timeout')
  expect(database.closed).toBe(0)
  database.openLate?.()
  await vi.runAllTimersAsync()
  expect(database.closed).toBe(1)
})

describe('the lock', () => {
  test('is held during the visit, and given up with the signal', async () => {
    const request = vi.fn(async (_name: string, _options: object, work: () => Promise<unknown>) => work())
    vi.stubGlobal('navigator', { locks: { request } })
    const { signal } = new AbortController()
    expect(await state.exclusive?.(async () => 'visited', signal)).toBe('visited')
    expect(request.mock.calls[0]?.slice(0, 2)).toEqual(['blindllama/state', { signal }])
  })

  test('that a browser refuses is done without', async () => {
    vi.stubGlobal('navigator', {
      locks: { request: async () => Promise.reject(new DOMException('', 'SecurityError')) },
    })
    const visit = vi.fn(async () => 'visited')
    expect(await state.exclusive?.(visit, new AbortController().signal)).toBe('visited')
    expect(visit).toHaveBeenCalledOnce()
  })

  test('does not run a visit twice that failed', async () => {
    vi.stubGlobal('navigator', {
      locks: { request: async (_: string, __: object, work: () => Promise<unknown>) => work() },
    })
    const visit = vi.fn(async () => Promise.reject(new Error('refused')))
    await expect(state.exclusive?.(visit, new AbortController().signal)).rejects.toThrow('refused')
    expect(visit).toHaveBeenCalledOnce()
  })
})
