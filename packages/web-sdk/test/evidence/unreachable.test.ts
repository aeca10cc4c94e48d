import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { BlindLlamaError } from '../../src/errors.js'
import { unreachable } from '../../src/evidence/unreachable.js'

const error = new BlindLlamaError('evidence.unreachable', 'x', { cause: new TypeError('fetch failed') })
const { signal } = new AbortController()
let server: Server
let up: URL
const down = new URL('http://127.0.0.1:1/')
const asked: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  up = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`)
})
afterAll(() => server.close())
afterEach(() => {
  vi.unstubAllGlobals()
  asked.length = 0
})

/** Lets the time pass and answers nothing. */
const never: typeof fetch = async () => {
  void vi.advanceTimersByTimeAsync(4000)
  return new Promise(() => {})
}

async function why(endpoint: URL, page?: string, heard: typeof fetch = fetch): Promise<string> {
  if (page !== undefined) vi.stubGlobal('location', { origin: page })
  const explained = await unreachable(error, endpoint, heard, signal)
  expect(explained).toMatchObject({ code: 'evidence.unreachable', cause: { name: 'TypeError' } })
  return explained.message
}

test('a gateway that answers, but not to this page, is told from one that is down', async () => {
  expect(await why(up, 'https://page.example')).toContain(
    'answers, but not to pages of https://page.example. Add https://page.example to `origins` under [cors]',
  )
  expect(asked).toEqual(['GET /base/blindllama/v1/health'])
  expect(await why(down, 'https://page.example')).toContain('cannot be reached from this page. In order of likelihood')
})

test('the service of the page itself, and of a program, is not asked twice', async () => {
  for (const page of [up.origin, undefined]) expect(await why(up, page)).toContain('Check that the gateway runs there')
  expect(asked).toEqual([])
})

test('a policy of the page that forbids it is named', async () => {
  const violations = new EventTarget()
  vi.stubGlobal('addEventListener', violations.addEventListener.bind(violations))
  vi.stubGlobal('removeEventListener', violations.removeEventListener.bind(violations))
  const blockedBy =
    (blockedURI: string): typeof fetch =>
    async () => {
      setTimeout(() => violations.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { blockedURI })), 1)
      throw new TypeError('Failed to fetch')
    }
  expect(await why(down, 'https://page.example', blockedBy(`${down.origin}/x`))).toContain(
    `Add ${down.origin}/blindllama/v1/ to connect-src`,
  )
  expect(await why(down, 'https://page.example', blockedBy('https://other.example'))).not.toContain('connect-src')
})

test('a device that is offline is told so', async () => {
  vi.stubGlobal('navigator', { onLine: false })
  expect(await why(new URL('https://service.example/'), 'https://page.example')).toContain('this device is offline')
})

test('a server that does not answer is given up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  expect(await why(down, 'https://page.example', never)).toContain('cannot be reached from this page')
  vi.useRealTimers()
})
