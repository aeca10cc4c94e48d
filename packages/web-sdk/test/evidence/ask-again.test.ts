import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FreshEvidence, askAgain } from '../../src/evidence/ask-again.js'
import { pattern } from '../support/bytes.js'

let server: Server
let endpoint: URL
let nonces: string[]
/** Answers in turn, the last one from then on. */
let answers: ((response: ServerResponse) => void)[]

const evidence = (response: ServerResponse): void =>
  void response.writeHead(200, { 'content-type': 'application/cbor' }).end(pattern(100))
const refusing =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, headers).end()
const failing: typeof fetch = async () => Promise.reject(new TypeError('no network'))
const hangingUp = (response: ServerResponse): void => void response.destroy()

beforeEach(async () => {
  nonces = []
  server = createServer((request, response) => {
    nonces.push(new URL(request.url ?? '', endpoint).searchParams.get('nonce') ?? '')
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    answer?.(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})

afterEach(async () => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function ask(patient: boolean, signal = new AbortController().signal): Promise<FreshEvidence> {
  return askAgain({ endpoint, signal, fetch }, patient)
}

test.each([false, true])('is asked once where it answers, patient or not (%s)', async (patient) => {
  answers = [evidence]
  const asked = await ask(patient)
  expect(asked.evidence).toEqual(pattern(100))
  expect(nonces).toEqual([Buffer.from(asked.nonce).toString('base64url')])
})

test('is asked again after the time that it names, with a fresh nonce', async () => {
  answers = [refusing(503, { 'retry-after': '1' }), evidence]
  const before = performance.now()
  const { nonce, start } = await ask(false)
  expect(performance.now() - before).toBeGreaterThanOrEqual(950)
  expect(new Set(nonces).size).toBe(2)
  expect(nonces[1]).toBe(Buffer.from(nonce).toString('base64url'))
  expect(start.monotonic - before, 'the time of the key begins with the question that was answered').toBeGreaterThan(
    900,
  )
})

test.each<[string, number, Record<string, string>]>([
  ['without a time', 503, {}],
  ['after a date', 503, { 'retry-after': 'Fri, 31 Dec 2999 23:59:59 GMT' }],
  ['after a time in the past', 503, { 'retry-after': '-5' }],
  ['later than anybody waits', 503, { 'retry-after': '11' }],
  ['by another status', 429, { 'retry-after': '1' }],
  ['in front of it', 502, { 'retry-after': '1' }],
  ['for good', 404, {}],
])('refused %s, it is not asked again', async (_, status, headers) => {
  answers = [refusing(status, headers)]
  await expect(ask(false)).rejects.toMatchObject({ code: 'evidence.status' })
  expect(nonces).toHaveLength(1)
})

describe('after the loss of a gateway', () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ['refused with 502', refusing(502)],
    ['refused with 503', refusing(503)],
    ['refused with 504', refusing(504)],
    ['where connections fail', hangingUp],
  ])('%s, it is asked again soon', async (_, away) => {
    answers = [away, away, evidence]
    await ask(true)
    expect(new Set(nonces).size).toBe(3)
  })

  test.each([401, 404, 500])('the status %i is believed at once', async (status) => {
    answers = [refusing(status)]
    await expect(ask(true)).rejects.toMatchObject({ code: 'evidence.status' })
    expect(nonces).toHaveLength(1)
  })

  test('patience ends, with the last error', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    answers = [refusing(502)]
    let underWay = 0
    const counted: typeof globalThis.fetch = async (...question) => {
      underWay += 1
      return fetch(...question).finally(() => (underWay -= 1))
    }
    const { signal } = new AbortController()
    const asking = askAgain({ endpoint, signal, fetch: counted }, true)
    asking.catch(() => {})
    // Its time stands while a question is under way: a busy machine would answer few of them within it.
    const advancing = setInterval(() => void (underWay === 0 && vi.advanceTimersByTimeAsync(50)), 5)
    await expect(asking).rejects.toMatchObject({ code: 'evidence.status' })
    clearInterval(advancing)
    // Pauses of 0.125 to 0.375 s, then of 0.5 to 1.5 s, within 10 s.
    expect(nonces.length).toBeGreaterThan(6)
    expect(nonces.length).toBeLessThan(23)
  })

  test('the caller leaves a pause with its own reason', async () => {
    const stop = new AbortController()
    answers = [
      (response) => {
        refusing(502)(response)
        setTimeout(() => stop.abort(new Error('not now')), 50)
      },
    ]
    await expect(ask(true, stop.signal)).rejects.toThrow('not now')
  })

  test('a device without a network is not asked to try again', async () => {
    vi.stubGlobal('navigator', { onLine: false })
    const question = { endpoint: new URL('https://service.example/'), signal: new AbortController().signal }
    await expect(askAgain({ ...question, fetch: failing }, true)).rejects.toMatchObject({
      code: 'evidence.unreachable',
    })
  })
})

test('refused by somebody who never answers, it is asked once: that took the time already', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  answers = [() => void vi.advanceTimersByTimeAsync(31_000)]
  await expect(ask(true)).rejects.toMatchObject({ code: 'evidence.timeout' })
  expect(nonces).toHaveLength(1)
})
