import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { StaticPartCache } from '../../src/evidence/static-part-cache.js'
import { askEvidence } from '../../src/evidence/ask.js'
import { pattern } from '../support/bytes.js'

const nonce = Uint8Array.from({ length: 32 }, (_, index) => 0xff - index)
let server: Server
let endpoint: URL
let received: IncomingMessage[]
let answer: (response: ServerResponse) => void

beforeEach(async () => {
  received = []
  answer = (response) => response.writeHead(200, { 'content-type': 'application/cbor' }).end(pattern(100))
  server = createServer((request, response) => {
    received.push(request)
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`)
})

afterEach(async () => {
  vi.useRealTimers()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function ask(signal = new AbortController().signal, have?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return askEvidence({ endpoint, nonce, signal, fetch, ...(have && { have }) })
}

test('asks with its nonce, as a plain GET that names nobody', async () => {
  expect(await ask()).toEqual(pattern(100))
  const [request] = received
  expect(request?.method).toBe('GET')
  expect(request?.url).toBe('/base/blindllama/v1/evidence?nonce=__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA&v=1')
  expect(request?.headers['cookie']).toBeUndefined()
  expect(request?.headers['referer']).toBeUndefined()
})

test('names the static part that it holds', async () => {
  const cache = new StaticPartCache()
  expect(cache.hash).toBeUndefined()
  await cache.keep(new TextEncoder().encode('static'))
  await ask(undefined, cache.hash)
  expect(received[0]?.url).toMatch(/&v=1&have=[\w-]{43}$/)
  await cache.keep(undefined)
  expect(cache.bytes).toEqual(new TextEncoder().encode('static'))
})

describe('what is not evidence', () => {
  test.each<[string, number, string, string]>([
    ['an error of the gateway', 503, 'application/problem+json', 'evidence.status'],
    ['a page that is not there', 404, 'text/html', 'evidence.status'],
    ['the page of a captive portal', 200, 'text/html; charset=utf-8', 'evidence.media_type'],
    ['something without a type', 200, '', 'evidence.media_type'],
    ['an answer without content', 204, 'application/cbor', 'evidence.status'],
  ])('%s', async (_, status, type, code) => {
    answer = (response) => response.writeHead(status, type ? { 'content-type': type } : {}).end()
    await expect(ask()).rejects.toMatchObject({ name: 'BlindLlamaError', code })
  })

  test('a redirect, which is not followed', async () => {
    answer = (response) => response.writeHead(302, { location: '/elsewhere' }).end()
    await expect(ask()).rejects.toMatchObject({ code: 'evidence.unreachable' })
    expect(received).toHaveLength(1)
  })

  test('more than the protocol allows, which is not read to its end', async () => {
    let sent = 0
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/cbor' })
      const more = (): void => {
        for (sent += 1; sent < 10_000 && response.write(pattern(65_536));) sent += 1
      }
      response.on('drain', more)
      more()
    }
    await expect(ask()).rejects.toMatchObject({ code: 'evidence.size' })
    expect(sent).toBeLessThan(1_000)
  })

  test('an answer that breaks off', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/cbor', 'content-length': 1000 })
      response.write(pattern(10))
      setTimeout(() => response.destroy(), 50)
    }
    await expect(ask()).rejects.toMatchObject({ code: 'evidence.unreachable' })
  })
})

test('nobody there', async () => {
  await new Promise((resolve) => server.close(resolve))
  await expect(ask()).rejects.toMatchObject({ code: 'evidence.unreachable', cause: expect.anything() })
  await new Promise<void>((resolve) => server.listen(0, resolve))
})

test('the caller aborts: the reason is the caller’s', async () => {
  const stop = new AbortController()
  answer = () => stop.abort(new Error('not now'))
  await expect(ask(stop.signal)).rejects.toThrow('not now')
  await expect(ask(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
})

test.each<[string, (response: ServerResponse) => void]>([
  ['never answers', () => {}],
  ['never ends its answer', (response) => response.writeHead(200, { 'content-type': 'application/cbor' }).write('x')],
])('a service that %s', async (_, begin) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const closed = new Promise<void>((resolve) => {
    answer = (response) => {
      response.once('close', resolve)
      begin(response)
      void vi.advanceTimersByTimeAsync(31_000)
    }
  })
  await expect(ask()).rejects.toMatchObject({ code: 'evidence.timeout' })
  await closed
})
