import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Attestation } from '../../src/attestation/attest.js'
import { KeyKeeper } from '../../src/attestation/key-manager.js'
import { Lifetime, instant } from '../../src/attestation/lifetime.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { AttestReason } from '../../src/events.js'
import type { FailedVerdict } from '../../src/verdict.js'
import { Deferred } from '../support/deferred.js'

let attestations: { reason: AttestReason; signal: AbortSignal }[]
let outcome: () => Promise<Attestation>
let keeper: KeyKeeper

beforeEach(() => {
  attestations = []
  outcome = async () => attestation()
  keeper = new KeyKeeper(async (reason, signal) => {
    attestations.push({ reason, signal })
    return outcome()
  }, 40_000)
})

afterEach(() => keeper.close())

/** What the keeper looks at of an attestation is its lifetime and its identity. */
function attestation(validForMs = 60_000): Attestation {
  return { lifetime: new Lifetime(instant(), validForMs), instance: 'a', clockOffsetMs: 0 } as Attestation
}

function refusal(): BlindLlamaError {
  const verdict: FailedVerdict = { version: 1, steps: [], result: 'fail', code: 'pcr.mismatch', detail: 'differs' }
  return new BlindLlamaError('pcr.mismatch', 'differs', { verdict })
}

describe('the key in use', () => {
  test('is attested once and used until its time is over', async () => {
    const first = await keeper.renew('connect')
    expect(await keeper.current()).toBe(first)
    first.lifetime.end()
    const second = await keeper.current()
    expect(second).not.toBe(first)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'expired'])
  })

  test('is renewed once for all who wait', async () => {
    await keeper.renew('connect')
    keeper.expire()
    const keys = await Promise.all([keeper.current(), keeper.current(), keeper.renew('renew'), keeper.current()])
    expect(new Set(keys).size).toBe(1)
    expect(attestations).toHaveLength(2)
  })

  test('is replaced once, however many requests learn that it is unknown', async () => {
    const stale = await keeper.renew('connect')
    const fresh = await Promise.all([keeper.replace(stale, 'key-unknown'), keeper.replace(stale, 'key-unknown')])
    expect(await keeper.replace(stale, 'key-unknown')).toBe(fresh[0])
    expect(new Set(fresh).size).toBe(1)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'key-unknown'])
  })
})

describe('a key whose gateway is said to be gone', () => {
  test('is used by nobody while another one is attested: all wait for that', async () => {
    const stale = await keeper.renew('connect')
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const replacing = keeper.replace(stale, 'gone')
    const waiting = keeper.current()
    const key = attestation()
    attesting.resolve(key)
    expect(await Promise.all([replacing, waiting])).toEqual([key, key])
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'gone'])
  })

  test('is not replaced by one whose attestation began before that', async () => {
    const stale = await keeper.renew('connect')
    const begun = new Deferred<Attestation>()
    outcome = async () => begun.promise
    const renewing = keeper.renew('renew')
    const replacing = [keeper.replace(stale, 'gone'), keeper.replace(stale, 'gone')]
    outcome = async () => attestation()
    begun.resolve(attestation())
    const [key, same] = await Promise.all(replacing)
    expect(key).toBe(same)
    expect(key).not.toBe(await renewing)
    expect(await keeper.current()).toBe(key)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'renew', 'gone'])
  })

  test('that is silent is attested anew in the background, once, and stays in use until that is done', async () => {
    const held = await keeper.renew('connect')
    const fresh = new Deferred<Attestation>()
    outcome = async () => fresh.promise
    keeper.suspect(held)
    keeper.suspect(held)
    expect(await keeper.current()).toBe(held)
    fresh.resolve(attestation())
    await new Promise(setImmediate)
    expect(await keeper.current()).not.toBe(held)
    keeper.suspect(held)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'silent'])
  })

  test('is not used either where the service cannot be reached: the next request attests first', async () => {
    const stale = await keeper.renew('connect')
    outcome = async () => Promise.reject(new BlindLlamaError('evidence.unreachable', 'no network'))
    await expect(keeper.replace(stale, 'gone')).rejects.toMatchObject({ code: 'evidence.unreachable' })
    await expect(keeper.current()).rejects.toMatchObject({ code: 'evidence.unreachable' })
    outcome = async () => attestation()
    expect(await keeper.current()).not.toBe(stale)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'gone', 'expired', 'expired'])
  })
})

describe('a waiter who leaves', () => {
  test('does not stop the attestation for the others', async () => {
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const leave = new AbortController()
    const left = keeper.renew('connect', leave.signal)
    const stays = keeper.current()
    leave.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(attestations[0]?.signal.aborted).toBe(false)
    const key = attestation()
    attesting.resolve(key)
    expect(await stays).toBe(key)
  })

  test('who left before starts nothing', async () => {
    await expect(keeper.renew('connect', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
    expect(attestations).toHaveLength(0)
  })
})

describe('a failure', () => {
  test('of the verifier is final: retries send nothing, until the caller renews', async () => {
    await keeper.renew('connect')
    keeper.expire()
    const error = refusal()
    outcome = async () => Promise.reject(error)
    for (let retry = 0; retry < 3; retry += 1) await expect(keeper.current()).rejects.toBe(error)
    expect(attestations).toHaveLength(2)

    outcome = async () => attestation()
    await keeper.renew('renew')
    await keeper.current()
    expect(attestations).toHaveLength(3)
  })

  test('of the verifier is not the answer while the caller’s renewal is under way: requests wait for that', async () => {
    outcome = async () => Promise.reject(refusal())
    await expect(keeper.renew('connect')).rejects.toMatchObject({ code: 'pcr.mismatch' })
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const renewal = keeper.renew('renew')
    const waiting = keeper.current()
    const key = attestation()
    attesting.resolve(key)
    expect(await Promise.all([renewal, waiting])).toEqual([key, key])
    expect(attestations).toHaveLength(2)
  })

  test('of the verifier forgets the key that was held, though its time was not over', async () => {
    await keeper.renew('connect')
    outcome = async () => Promise.reject(refusal())
    await expect(keeper.renew('renew')).rejects.toMatchObject({ code: 'pcr.mismatch' })
    await expect(keeper.current()).rejects.toMatchObject({ code: 'pcr.mismatch' })
  })

  test('of the network is not: the next request asks again, and a valid key stays in use', async () => {
    const first = await keeper.renew('connect')
    outcome = async () => Promise.reject(new BlindLlamaError('evidence.unreachable', 'no network'))
    await expect(keeper.renew('renew')).rejects.toMatchObject({ code: 'evidence.unreachable' })
    expect(await keeper.current()).toBe(first)
    keeper.expire()
    await expect(keeper.current()).rejects.toMatchObject({ code: 'evidence.unreachable' })
    outcome = async () => attestation()
    await expect(keeper.current()).resolves.toBeDefined()
    expect(attestations).toHaveLength(4)
  })
})

describe('closing', () => {
  test('forgets the key and refuses everything', async () => {
    const key = await keeper.renew('connect')
    keeper.close()
    await expect(keeper.current()).rejects.toMatchObject({ code: 'client.closed' })
    await expect(keeper.renew('renew')).rejects.toMatchObject({ code: 'client.closed' })
    await expect(keeper.replace(key, 'gone')).rejects.toMatchObject({ code: 'client.closed' })
    expect(keeper.verdict).toBeUndefined()
  })

  test('stops an attestation under way, whose key is not taken even if it arrives', async () => {
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const waiting = keeper.renew('connect')
    keeper.close()
    expect(attestations[0]?.signal.aborted).toBe(true)
    attesting.resolve(attestation())
    await expect(waiting).rejects.toMatchObject({ code: 'client.closed' })
  })
})
