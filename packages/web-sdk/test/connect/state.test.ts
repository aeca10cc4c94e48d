import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { StateStore } from '../../src/attestation/state-store.js'
import { type BlindLlamaClient, connectWith } from '../../src/connect.js'
import type { ConnectEvent } from '../../src/events.js'
import type { Policy } from '../../src/policy.js'
import { indexedDbState } from '../../src/state/index.js'
import { Deferred } from '../support/deferred.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins } from '../support/wasm.js'

let service: RealService

beforeAll(async () => {
  service = await startRealService()
}, 120_000)
afterAll(async () => service?.stop())

/** A place that several clients share, as tabs share a database. */
class Place implements StateStore {
  kept: Uint8Array | undefined
  readonly history: Uint8Array[] = []
  refused = 0

  load = async (): Promise<Uint8Array | undefined> => this.kept

  store = async (state: Uint8Array, previous: Uint8Array | undefined): Promise<boolean> => {
    if (this.kept !== previous) {
      this.refused += 1
      return false
    }
    this.kept = state
    this.history.push(state)
    return true
  }
}

async function visit(
  state: StateStore,
  change: Partial<Policy> = {},
  onEvent: (event: ConnectEvent) => void = () => {},
): Promise<BlindLlamaClient<true>> {
  const policy = { ...(JSON.parse(service.staging.policy) as Policy), ...change }
  const options = { url: service.relay.url, policy, state, onEvent, dangerouslyAllowSimulated: true } as const
  const client = await connectWith(options, origins)
  client.close()
  return client
}

test('a visit is compared with those before, and tells nothing but the state store what to keep', async () => {
  const place = new Place()
  const told: ConnectEvent[] = []
  const first = await visit(place, { requireMonotonicState: true }, (event) => told.push(event))
  const second = await visit(place, { requireMonotonicState: true })
  expect(place.history).toHaveLength(2)
  expect(place.history[0]?.length).toBeGreaterThan(40)
  expect(place.history[1]).not.toEqual(place.history[0])
  for (const { verdict } of [first, second])
    expect(verdict.steps.find(({ id }) => id === 'state')).toMatchObject({ status: 'pass' })
  expect(JSON.stringify([first.verdict, told])).not.toContain('nextState')
})

test('a machine that went back is refused, and what is kept stays', async () => {
  const place = new Place()
  await visit(place)
  // The CBOR of PROTOCOL.md §20: the count of resets stands behind the name, which is the one string of 34 bytes.
  const kept = place.kept ?? new Uint8Array()
  const nameAt = kept.findIndex((byte, at) => byte === 0x58 && kept[at + 1] === 34)
  const resetsAt = nameAt + 2 + 34 + 1
  const raised = Uint8Array.from([
    ...kept.slice(0, resetsAt),
    0x1a,
    0xff,
    0xff,
    0xff,
    0xff,
    ...kept.slice(resetsAt + 1),
  ])
  place.kept = raised
  await expect(visit(place, { requireMonotonicState: true })).rejects.toMatchObject({
    code: 'state.tpm_cleared',
    verdict: { result: 'fail' },
  })
  expect(place.kept).toBe(raised)
})

test('a verdict that fails is not remembered', async () => {
  const place = new Place()
  await expect(visit(place, { audience: 'https://elsewhere.example' })).rejects.toMatchObject({
    code: 'claims.audience',
  })
  expect(place.kept).toBeUndefined()
})

test('visits at the same time build on each other, and none replaces what it has not seen', async () => {
  const place = new Place()
  let waiting = 0
  const all = new Deferred<void>()
  // The first load of each waits for those of the others: all begin with nothing.
  const meeting = (): StateStore => {
    let met = false
    return {
      ...place,
      async load() {
        const { kept } = place
        if (met) return kept
        met = true
        waiting += 1
        if (waiting === 4) all.resolve()
        await all.promise
        return kept
      },
    }
  }
  await Promise.all([1, 2, 3, 4].map(async () => visit(meeting())))
  expect(place.history).toHaveLength(4)
  expect(place.refused).toBeGreaterThanOrEqual(3)
})

test.each<[string, Partial<StateStore>]>([
  ['cannot be read', { load: async () => Promise.reject(new DOMException('denied', 'SecurityError')) }],
  ['cannot be written', { store: async () => Promise.reject(new DOMException('full', 'QuotaExceededError')) }],
  ['always changes', { store: async () => false }],
])('a place that %s ends in one code, and no key is held', async (_, broken) => {
  await expect(visit({ load: async () => undefined, store: async () => {}, ...broken })).rejects.toMatchObject({
    code: 'client.state',
  })
})

test('without a database, as in Node.js, the place that browsers have ends in that code too', async () => {
  await expect(visit(indexedDbState())).rejects.toMatchObject({ code: 'client.state' })
})

const never = async (): Promise<never> => new Promise(() => {})

test('a tab that holds the lock for ever ends in a code, and so does a place that does not answer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    for (const broken of [{ exclusive: never }, { load: never }, { store: never }]) {
      const waiting = visit({ ...new Place(), ...broken })
      const ended = expect(waiting, Object.keys(broken)[0]).rejects.toMatchObject({ code: 'client.state_timeout' })
      await expect
        .poll(async () => vi.advanceTimersByTimeAsync(1000).then(() => vi.getTimerCount()), { timeout: 20_000 })
        .toBe(0)
      await ended
    }
  } finally {
    vi.useRealTimers()
  }
})

test('a place that several share can have one visit after the other', async () => {
  let running = 0
  let most = 0
  let last: Promise<unknown> = Promise.resolve()
  const place = new Place()
  const exclusive: NonNullable<StateStore['exclusive']> = async (work) => {
    const turn = last.then(async () => {
      running += 1
      most = Math.max(most, running)
      return work().finally(() => (running -= 1))
    })
    last = turn.catch(() => {})
    return turn
  }
  const shared = { load: place.load, store: place.store, exclusive }
  await Promise.all([1, 2, 3, 4].map(async () => visit(shared, { requireMonotonicState: true })))
  expect([most, place.history.length, place.refused]).toEqual([1, 4, 0])
})

test('bytes that are no state are refused by the verifier', async () => {
  const place = new Place()
  place.kept = Uint8Array.of(1, 2, 3)
  await expect(visit(place)).rejects.toMatchObject({ code: 'state.encoding' })
})
