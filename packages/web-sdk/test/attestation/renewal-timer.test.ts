import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { waitMs } from '../../src/attestation/renewal-timer.js'
import type { Attestation } from '../../src/attestation/attest.js'
import { KeyManager } from '../../src/attestation/key-manager.js'
import { Lifetime } from '../../src/attestation/lifetime.js'
import { instant } from '../../src/instant.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { AttestReason } from '../../src/events.js'
import type { FailedVerdict } from '../../src/verdict.js'
import { Deferred } from '../support/deferred.js'

const hour = 3_600_000
let reasons: AttestReason[]
let outcome: () => Promise<Attestation>
let page: EventTarget
let keyManager: KeyManager

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  show({ visible: true, online: true })
  reasons = []
  outcome = async () => attestation()
  keyManager = new KeyManager(async (reason) => {
    reasons.push(reason)
    return outcome()
  }, 40_000)
})
afterEach(() => {
  keyManager.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function attestation(validForMs = hour): Attestation {
  return { lifetime: new Lifetime(instant(), validForMs), instance: 'a', clockOffsetMs: 0 } as Attestation
}

function show({ visible, online }: { visible: boolean; online: boolean }): void {
  vi.stubGlobal('document', { visibilityState: visible ? 'visible' : 'hidden' })
  vi.stubGlobal('navigator', { onLine: online })
  page.dispatchEvent(new Event('visibilitychange'))
  page.dispatchEvent(new Event('online'))
}

const noNetwork = async (): Promise<Attestation> => {
  throw new BlindLlamaError('evidence.unreachable', 'no network')
}

const refused = async (): Promise<Attestation> => {
  const verdict: FailedVerdict = { version: 1, steps: [], result: 'fail', code: 'pcr.mismatch', detail: 'differs' }
  throw new BlindLlamaError('pcr.mismatch', 'differs', { verdict })
}

describe('the wait', () => {
  test.each([
    [1_000, 1_000 / 3],
    [30_000, 10_000],
    [hour, hour * 0.07],
  ])('for a key of %d ms ends at most %d ms before it, and at least half of that', (leftMs, leadMs) => {
    expect(leftMs - waitMs(leftMs, false, 1)).toBeCloseTo(leadMs)
    expect(leftMs - waitMs(leftMs, false, 0)).toBeCloseTo(leadMs / 2)
  })

  test('after a failure is a part of what is left, never less than a second', () => {
    expect(waitMs(60_000, true, 1)).toBe(30_000)
    expect(waitMs(60_000, true, 0)).toBe(15_000)
    expect(waitMs(1_500, true, 0)).toBe(1_000)
  })
})

describe('a key in use', () => {
  test('is renewed before its time is over, and no request waits for it', async () => {
    const first = await keyManager.renew('connect')
    await vi.advanceTimersByTimeAsync(hour * 0.92)
    expect(await keyManager.current()).toBe(first)
    expect(reasons).toEqual(['connect'])
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    await vi.advanceTimersByTimeAsync(hour * 0.06)
    expect(reasons).toEqual(['connect', 'expiring'])
    expect(await keyManager.current()).toBe(first)
    const second = attestation()
    attesting.resolve(second)
    await vi.advanceTimersByTimeAsync(0)
    expect(await keyManager.current()).toBe(second)
  })

  test('is renewed for as long as requests come, and once after the last', async () => {
    await keyManager.renew('connect')
    for (let hours = 0; hours < 5; hours += 1) {
      await vi.advanceTimersByTimeAsync(hour / 2)
      await keyManager.current()
      await vi.advanceTimersByTimeAsync(hour / 2)
    }
    expect(new Set(reasons.slice(1))).toEqual(new Set(['expiring']))
    const renewals = reasons.length
    await vi.advanceTimersByTimeAsync(20 * hour)
    expect(reasons.length - renewals).toBeLessThanOrEqual(1)
    await keyManager.current()
    expect(reasons.at(-1)).toBe('expired')
  })

  test('that rested is renewed beside the first request that comes just before its end', async () => {
    await keyManager.renew('connect')
    await vi.advanceTimersByTimeAsync(hour * 0.97)
    const rested = keyManager.verdict
    await vi.advanceTimersByTimeAsync(hour * 0.95)
    expect(reasons).toEqual(['connect', 'expiring'])
    const key = await keyManager.current()
    expect(key.verdict).toBe(rested)
    expect(reasons).toEqual(['connect', 'expiring', 'expiring'])
    await vi.advanceTimersByTimeAsync(0)
    expect(await keyManager.current()).not.toBe(key)
  })

  test.each([
    ['hidden', { visible: false, online: true }],
    ['offline', { visible: true, online: false }],
  ])('of a page that is %s is renewed once that is over', async (_, state) => {
    await keyManager.renew('connect')
    show(state)
    await vi.advanceTimersByTimeAsync(hour * 0.98)
    expect(reasons).toEqual(['connect'])
    show({ visible: true, online: true })
    expect(reasons).toEqual(['connect', 'expiring'])
  })

  test('is not renewed when the page is seen again after its end: the next request does that', async () => {
    await keyManager.renew('connect')
    show({ visible: false, online: true })
    await vi.advanceTimersByTimeAsync(2 * hour)
    show({ visible: true, online: true })
    expect(reasons).toEqual(['connect'])
    await keyManager.current()
    expect(reasons).toEqual(['connect', 'expired'])
  })

  test('is not taken for another than one whose gateway is gone, where it began before that', async () => {
    const held = await keyManager.renew('connect')
    const renewal = new Deferred<Attestation>()
    outcome = async () => renewal.promise
    await vi.advanceTimersByTimeAsync(hour * 0.97)
    outcome = async () => attestation()
    const key = await keyManager.replace(held, 'gone')
    renewal.resolve(attestation())
    await vi.advanceTimersByTimeAsync(0)
    expect(key).not.toBe(await renewal.promise)
    expect(await keyManager.current()).toBe(key)
    expect(reasons).toEqual(['connect', 'expiring', 'gone'])
  })

  test('that ended early, or whose client was closed, is not renewed ahead', async () => {
    await keyManager.renew('connect')
    keyManager.expire()
    await vi.advanceTimersByTimeAsync(hour)
    await keyManager.renew('renew')
    keyManager.close()
    await vi.advanceTimersByTimeAsync(hour)
    expect(reasons).toEqual(['connect', 'renew'])
  })
})

describe('a renewal ahead that fails', () => {
  test('of the network is tried again, and the key serves until its end', async () => {
    const first = await keyManager.renew('connect')
    outcome = noNetwork
    await vi.advanceTimersByTimeAsync(hour * 0.99)
    expect(reasons.length).toBeGreaterThan(2)
    expect(reasons.length).toBeLessThan(15)
    expect(await keyManager.current()).toBe(first)
    outcome = async () => attestation()
    await vi.advanceTimersByTimeAsync(hour * 0.0099)
    expect(await keyManager.current()).not.toBe(first)
    expect(reasons).not.toContain('expired')
  })

  test('by verdict is not tried again, and the key serves until its end: then the verdict is the request’s', async () => {
    const first = await keyManager.renew('connect')
    outcome = refused
    await vi.advanceTimersByTimeAsync(hour * 0.999)
    expect(reasons).toEqual(['connect', 'expiring'])
    expect(await keyManager.current()).toBe(first)
    await vi.advanceTimersByTimeAsync(hour * 0.001)
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'pcr.mismatch' })
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'pcr.mismatch' })
    expect(reasons).toEqual(['connect', 'expiring', 'expired'])
  })

  test('fails nobody who waits for it: whoever needs a key asks for one himself', async () => {
    await keyManager.renew('connect')
    const attesting = new Deferred<void>()
    outcome = async () => attesting.promise.then(noNetwork)
    await vi.advanceTimersByTimeAsync(hour * 0.98)
    keyManager.expire()
    const waiting = Promise.all([keyManager.current(), keyManager.current()])
    const third = attestation()
    outcome = async () => third
    attesting.resolve()
    expect(await waiting).toEqual([third, third])
    expect(reasons).toEqual(['connect', 'expiring', 'expired'])
  })

  test('and the attestation after it have one deadline together for each caller who waits', async () => {
    await keyManager.renew('connect')
    const renewal = new Deferred<void>()
    outcome = async () => renewal.promise.then(noNetwork)
    await vi.advanceTimersByTimeAsync(hour * 0.98)
    keyManager.expire()
    const first = keyManager.current()
    const ended = expect(first).rejects.toMatchObject({ code: 'client.attest_timeout' })
    await vi.advanceTimersByTimeAsync(30_000)
    const own = new Deferred<Attestation>()
    outcome = async () => own.promise
    renewal.resolve()
    await vi.advanceTimersByTimeAsync(9_999)
    expect(reasons).toEqual(['connect', 'expiring', 'expired'])
    const second = keyManager.current()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    const key = attestation()
    own.resolve(key)
    expect(await second).toBe(key)
  })
})
