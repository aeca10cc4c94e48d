import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Attestation } from '../../src/attestation/attest.js'
import { KeyManager } from '../../src/attestation/key-manager.js'
import { Lifetime } from '../../src/attestation/lifetime.js'
import { instant } from '../../src/instant.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { AttestReason } from '../../src/events.js'
import type { FailedVerdict } from '../../src/verdict.js'
import { Deferred } from '../support/deferred.js'

let attestations: { reason: AttestReason; signal: AbortSignal }[]
let outcome: () => Promise<Attestation>
let keyManager: KeyManager

beforeEach(() => {
  attestations = []
  outcome = async () => attestation()
  keyManager = new KeyManager(async (reason, signal) => {
    attestations.push({ reason, signal })
    return outcome()
  }, 40_000)
})

afterEach(() => keyManager.close())

/** What the key manager reads of an attestation is its lifetime and its identity. */
function attestation(validForMs = 60_000): Attestation {
  return { lifetime: new Lifetime(instant(), validForMs), instance: 'a', clockOffsetMs: 0 } as Attestation
}

function refusal(): BlindLlamaError {
  const verdict: FailedVerdict = { version: 1, steps: [], result: 'fail', code: 'pcr.mismatch', detail: 'differs' }
  return new BlindLlamaError('pcr.mismatch', 'differs', { verdict })
}

describe('the key in use', () => {
  test('is attested once and used until its time is over', async () => {
    const first = await keyManager.renew('connect')
    expect(await keyManager.current()).toBe(first)
    first.lifetime.end()
    const second = await keyManager.current()
    expect(second).not.toBe(first)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'expired'])
  })

  test('is renewed once for all who wait', async () => {
    await keyManager.renew('connect')
    keyManager.expire()
    const keys = await Promise.all([
      keyManager.current(),
      keyManager.current(),
      keyManager.renew('renew'),
      keyManager.current(),
    ])
    expect(new Set(keys).size).toBe(1)
    expect(attestations).toHaveLength(2)
  })

  test('is replaced once, however many requests learn that it is unknown', async () => {
    const stale = await keyManager.renew('connect')
    const fresh = await Promise.all([
      keyManager.replace(stale, 'key-unknown'),
      keyManager.replace(stale, 'key-unknown'),
    ])
    expect(await keyManager.replace(stale, 'key-unknown')).toBe(fresh[0])
    expect(new Set(fresh).size).toBe(1)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'key-unknown'])
  })
})

describe('a key whose gateway is said to be gone', () => {
  test('is used by nobody while another one is attested: all wait for that', async () => {
    const stale = await keyManager.renew('connect')
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const replacing = keyManager.replace(stale, 'gone')
    const waiting = keyManager.current()
    const key = attestation()
    attesting.resolve(key)
    expect(await Promise.all([replacing, waiting])).toEqual([key, key])
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'gone'])
  })

  test('is not replaced by one whose attestation began before that', async () => {
    const stale = await keyManager.renew('connect')
    const begun = new Deferred<Attestation>()
    outcome = async () => begun.promise
    const renewing = keyManager.renew('renew')
    const replacing = [keyManager.replace(stale, 'gone'), keyManager.replace(stale, 'gone')]
    outcome = async () => attestation()
    begun.resolve(attestation())
    const [key, same] = await Promise.all(replacing)
    expect(key).toBe(same)
    expect(key).not.toBe(await renewing)
    expect(await keyManager.current()).toBe(key)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'renew', 'gone'])
  })

  test('that is silent is attested anew in the background, once, and stays in use until that is done', async () => {
    const held = await keyManager.renew('connect')
    const fresh = new Deferred<Attestation>()
    outcome = async () => fresh.promise
    keyManager.suspect(held)
    keyManager.suspect(held)
    expect(await keyManager.current()).toBe(held)
    fresh.resolve(attestation())
    await new Promise(setImmediate)
    expect(await keyManager.current()).not.toBe(held)
    keyManager.suspect(held)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'silent'])
  })

  test('is not used either where the service cannot be reached: the next request attests first', async () => {
    const stale = await keyManager.renew('connect')
    outcome = async () => Promise.reject(new BlindLlamaError('evidence.unreachable', 'no network'))
    await expect(keyManager.replace(stale, 'gone')).rejects.toMatchObject({ code: 'evidence.unreachable' })
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'evidence.unreachable' })
    outcome = async () => attestation()
    expect(await keyManager.current()).not.toBe(stale)
    expect(attestations.map(({ reason }) => reason)).toEqual(['connect', 'gone', 'expired', 'expired'])
  })
})

describe('a waiter who leaves', () => {
  test('does not stop the attestation for the others', async () => {
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const leave = new AbortController()
    const left = keyManager.renew('connect', leave.signal)
    const stays = keyManager.current()
    leave.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(attestations[0]?.signal.aborted).toBe(false)
    const key = attestation()
    attesting.resolve(key)
    expect(await stays).toBe(key)
  })

  test('who left before starts nothing', async () => {
    await expect(keyManager.renew('connect', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
    expect(attestations).toHaveLength(0)
  })
})

describe('a failure', () => {
  test('of the verifier is final: retries send nothing, until the caller renews', async () => {
    await keyManager.renew('connect')
    keyManager.expire()
    const error = refusal()
    outcome = async () => Promise.reject(error)
    for (let retry = 0; retry < 3; retry += 1) await expect(keyManager.current()).rejects.toBe(error)
    expect(attestations).toHaveLength(2)

    outcome = async () => attestation()
    await keyManager.renew('renew')
    await keyManager.current()
    expect(attestations).toHaveLength(3)
  })

  test('of the verifier is not the answer while the caller’s renewal is under way: requests wait for that', async () => {
    outcome = async () => Promise.reject(refusal())
    await expect(keyManager.renew('connect')).rejects.toMatchObject({ code: 'pcr.mismatch' })
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const renewal = keyManager.renew('renew')
    const waiting = keyManager.current()
    const key = attestation()
    attesting.resolve(key)
    expect(await Promise.all([renewal, waiting])).toEqual([key, key])
    expect(attestations).toHaveLength(2)
  })

  test('of the verifier forgets the key that was held, though its time was not over', async () => {
    await keyManager.renew('connect')
    outcome = async () => Promise.reject(refusal())
    await expect(keyManager.renew('renew')).rejects.toMatchObject({ code: 'pcr.mismatch' })
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'pcr.mismatch' })
  })

  test('of the network is not: the next request asks again, and a valid key stays in use', async () => {
    const first = await keyManager.renew('connect')
    outcome = async () => Promise.reject(new BlindLlamaError('evidence.unreachable', 'no network'))
    await expect(keyManager.renew('renew')).rejects.toMatchObject({ code: 'evidence.unreachable' })
    expect(await keyManager.current()).toBe(first)
    keyManager.expire()
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'evidence.unreachable' })
    outcome = async () => attestation()
    await expect(keyManager.current()).resolves.toBeDefined()
    expect(attestations).toHaveLength(4)
  })
})

describe('closing', () => {
  test('forgets the key and refuses everything', async () => {
    const key = await keyManager.renew('connect')
    keyManager.close()
    await expect(keyManager.current()).rejects.toMatchObject({ code: 'client.closed' })
    await expect(keyManager.renew('renew')).rejects.toMatchObject({ code: 'client.closed' })
    await expect(keyManager.replace(key, 'gone')).rejects.toMatchObject({ code: 'client.closed' })
    expect(keyManager.verdict).toBeUndefined()
  })

  test('stops an attestation under way, whose key is not taken even if it arrives', async () => {
    const attesting = new Deferred<Attestation>()
    outcome = async () => attesting.promise
    const waiting = keyManager.renew('connect')
    keyManager.close()
    expect(attestations[0]?.signal.aborted).toBe(true)
    attesting.resolve(attestation())
    await expect(waiting).rejects.toMatchObject({ code: 'client.closed' })
  })
})
