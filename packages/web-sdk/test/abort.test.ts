import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { within } from '../src/abort.js'
import { BlindLlamaError } from '../src/errors.js'

const late = (): BlindLlamaError => new BlindLlamaError('client.attest_timeout', 'late')
const never = (): Promise<never> => new Promise(() => {})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('work that is bounded', () => {
  test('gives what it gives, and leaves no timer behind', async () => {
    expect(await within(1000, late, undefined, async () => 'done')).toBe('done')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends when the time is over, also where it does not listen', async () => {
    let signal: AbortSignal | undefined
    const waiting = within(1000, late, undefined, async (own) => {
      signal = own
      return never()
    })
    const ended = expect(waiting).rejects.toMatchObject({ code: 'client.attest_timeout' })
    await vi.advanceTimersByTimeAsync(999)
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(signal?.reason).toMatchObject({ code: 'client.attest_timeout' })
  })

  test('ends with the reason of the caller, and hands it on', async () => {
    const caller = new AbortController()
    let signal: AbortSignal | undefined
    const waiting = within(1000, late, caller.signal, async (own) => {
      signal = own
      return never()
    })
    const reason = new Error('left')
    caller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(signal?.reason).toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not begin where the caller has left', async () => {
    const work = vi.fn(never)
    await expect(within(1000, late, AbortSignal.abort(), work)).rejects.toMatchObject({ name: 'AbortError' })
    expect(work).not.toHaveBeenCalled()
  })

  test('lets go of all its parts where one of them fails', async () => {
    let signal: AbortSignal | undefined
    const failure = new Error('one part')
    const waiting = within(1000, late, undefined, async (own) => {
      signal = own
      return Promise.all([never(), Promise.reject(failure)])
    })
    await expect(waiting).rejects.toBe(failure)
    expect(signal?.aborted).toBe(true)
  })
})
