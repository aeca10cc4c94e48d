import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectWith } from '../../src/connect.js'
import type { ConnectEvent } from '../../src/events.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins } from '../support/wasm.js'

let service: RealService

beforeAll(async () => {
  service = await startRealService({ epochMs: 4_000, graceMs: 6_000 })
}, 120_000)
afterAll(async () => service?.stop())

test('requests go on over many key epochs, and none fails', async () => {
  const events: ConnectEvent[] = []
  const client = await connectWith(
    {
      url: service.relay.url,
      policy: service.staging.policy,
      dangerouslyAllowSimulated: true,
      onEvent: (event) => events.push(event),
    },
    origins,
  )
  const epochs = new Set<string>()
  const reasons = (): string[] => events.flatMap((event) => (event.type === 'attesting' ? [event.reason] : []))
  const renewedAhead = (): number => reasons().filter((reason) => reason === 'expiring').length
  // A key that the machine stalls over expires before its renewal: most others must not.
  const isEnough = (): boolean => requests > 50 && epochs.size >= 3 && renewedAhead() > reasons().length / 2
  const end = performance.now() + 60_000
  let requests = 0
  while (!isEnough() && performance.now() < end) {
    const response = await client.fetch(new URL('v1/models', service.relay.url))
    expect(response.status).toBe(200)
    await response.text()
    epochs.add(client.verdict.key.epochId)
    requests += 1
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  client.close()
  expect(requests).toBeGreaterThan(50)
  expect(epochs.size).toBeGreaterThanOrEqual(3)
  expect(events.filter(({ type }) => type === 'failed')).toEqual([])
  expect(renewedAhead(), 'most keys were renewed ahead').toBeGreaterThan(reasons().length / 2)
}, 120_000)

test('a service that is gone for a while fails no request as long as the key is valid', async () => {
  const heard: string[] = []
  const client = await connectWith(
    {
      url: service.relay.url,
      policy: service.staging.policy,
      dangerouslyAllowSimulated: true,
      onEvent: (event) => {
        if (event.type === 'attesting') heard.push(event.reason)
        if (event.type === 'failed') heard.push(event.error.code)
      },
    },
    origins,
  )
  const models = new URL('v1/models', service.relay.url)
  service.relay.intercept = (request, response) => {
    if (request.url?.includes('evidence') !== true) return false
    response.destroy()
    return true
  }
  while (!heard.includes('evidence.unreachable')) {
    expect((await client.fetch(models)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  expect(heard.slice(0, 3)).toEqual(['connect', 'expiring', 'evidence.unreachable'])
  service.relay.intercept = () => false
  expect((await client.fetch(models)).status).toBe(200)
  client.close()
}, 60_000)
