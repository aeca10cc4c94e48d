import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Bytes, hex, utf8 } from '../../src/bytes.js'
import { channelFetch } from '../../src/channel/fetch.js'
import type { Proof } from '../../src/channel/observed.js'
import { type ReceiptStore, receipts } from '../../src/receipts/index.js'
import { pattern } from '../support/bytes.js'
import { ChannelService, type Exchange, refuseKey } from '../support/channel-service.js'
import { ReceiptSigner } from '../support/receipt-signer.js'

let service: ChannelService
let signer: ReceiptSigner
let store: ReceiptStore
let fetch: typeof globalThis.fetch

beforeAll(async () => {
  service = await ChannelService.start()
})
afterAll(() => service.close())
beforeEach(async () => {
  signer = new ReceiptSigner()
  store = receipts()
  fetch = await client(signer.receiptKey)
  service.intercept = () => false
  service.exchanges.length = 0
  service.handler = async (exchange) => {
    await exchange.head(200, [['content-type', 'text/plain']])
    await exchange.content('the ')
    await exchange.content('answer')
    await signer.finish(exchange)
  }
})

/** What a verdict says of the key, and what it was made from. */
function proof(receiptKey: string | undefined): Proof {
  const epochId = hex(new Uint8Array(signer.epochId))
  return {
    verdict: { result: 'pass', steps: [], claims: receiptKey === undefined ? {} : { receiptKey }, key: { epochId } },
    input: {
      evidence: pattern(300),
      policy: utf8('{"version":1, "audience":"größe"}'),
      audience: 'https://service.example',
      nonce: pattern(32),
      nowMs: 1_790_000_000_000,
    },
    staticPart: undefined,
  } as unknown as Proof
}

async function client(receiptKey: string | undefined): Promise<typeof globalThis.fetch> {
  const keys = async (): Promise<Awaited<ReturnType<ChannelService['rotate']>>> => ({
    ...(await service.rotate()),
    observe: () => store.begin(proof(receiptKey)),
  })
  const first = await keys()
  return channelFetch({ base: service.base, endpoint: service.base }, { current: async () => first, replace: keys })
}

function ask(body: BodyInit = 'a private question', signal?: AbortSignal): Promise<Response> {
  const url = new URL('v1/chat/completions', service.base)
  return fetch(url, { method: 'POST', body, ...(signal && { signal }) })
}

interface ReceiptFile {
  policy: string
  exchange?: Record<'salt' | 'request' | 'response' | 'requestDigest' | 'responseDigest' | 'modelDigest', string>
}

function bytesOf(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64url')
}

describe('a receipt', () => {
  test('holds request and answer as they were sent, what was verified, and the signature', async () => {
    const response = await ask()
    expect(await response.text()).toBe('the answer')
    const receipt = await store.of(response)
    expect(receipt.signed).toBe(true)
    const file = JSON.parse(receipt.text()) as ReceiptFile
    expect(file).toMatchObject({
      type: 'blindllama/receipt',
      version: 1,
      audience: 'https://service.example',
      policy: '{"version":1, "audience":"größe"}',
      verifiedAtMs: 1_790_000_000_000,
    })
    expect(bytesOf(file.exchange?.salt)).toHaveLength(32)
    expect(bytesOf(file.exchange?.request).toString('latin1')).toContain('a private question')
    expect(bytesOf(file.exchange?.request).at(-1)).not.toBe(0)
    expect(bytesOf(file.exchange?.response).toString('latin1')).toMatch(/the .answer\0$/)
    expect(file.exchange).not.toHaveProperty('modelDigest')
    const blob = receipt.blob()
    expect(blob.type).toBe('application/vnd.blindllama.receipt+json')
    expect(await blob.text()).toBe(receipt.text())
  })

  test('names the model where the gateway does', async () => {
    signer.modelDigest = Buffer.alloc(32, 7)
    const response = await ask()
    await response.text()
    const file = JSON.parse((await store.of(response)).text()) as ReceiptFile
    expect(bytesOf(file.exchange?.modelDigest)).toEqual(signer.modelDigest)
  })

  test('can show neither text nor salt', async () => {
    const response = await ask()
    await response.text()
    const receipt = await store.of(response)
    const full = JSON.parse(receipt.text()) as ReceiptFile
    const digests = JSON.parse(receipt.text({ digestsOnly: true })) as ReceiptFile
    expect(Object.keys(digests.exchange ?? {})).toEqual(['requestDigest', 'responseDigest', 'signature'])
    const salted = async (message: string | undefined): Promise<Buffer> =>
      Buffer.from(
        await crypto.subtle.digest('SHA-256', Buffer.concat([bytesOf(full.exchange?.salt), bytesOf(message)])),
      )
    expect(bytesOf(digests.exchange?.requestDigest)).toEqual(await salted(full.exchange?.request))
    expect(bytesOf(digests.exchange?.responseDigest)).toEqual(await salted(full.exchange?.response))
  })

  test('shows no API key unless it is told to', async () => {
    const url = new URL('v1/chat/completions', service.base)
    const headers = { authorization: 'Bearer sk-secret', 'x-api-key': 'secret too', 'idempotency-key': 'k'.repeat(22) }
    const response = await fetch(url, { method: 'POST', body: 'hello', headers })
    await response.text()
    const receipt = await store.of(response)
    expect(receipt.credentials).toEqual(['authorization', 'x-api-key'])
    for (const show of [() => receipt.text(), () => receipt.blob(), () => receipt.text({ digestsOnly: false })])
      expect(show).toThrow(expect.objectContaining({ code: 'receipt.credentials' }))
    expect(receipt.text({ digestsOnly: true })).toContain('requestDigest')
    expect(() => receipt.text({ digestOnly: true } as object), 'a misspelt option').toThrow(
      expect.objectContaining({ code: 'client.options' }),
    )
    for (const withCredentials of [['authorization'], [], true as unknown as string[]])
      expect(() => receipt.text({ withCredentials })).toThrow(expect.objectContaining({ code: 'receipt.credentials' }))
    const file = JSON.parse(receipt.text({ withCredentials: ['x-api-key', 'authorization'] })) as ReceiptFile
    expect(bytesOf(file.exchange?.request).toString('latin1')).toContain('Bearer sk-secret')
  })

  test('shows no field that is not known to be harmless, and no parameter of the query, unless it is told to', async () => {
    const url = new URL('v1/chat/completions?key=secret&api-version=1&a=?&b', service.base)
    const secrets = [
      'ocp-apim-subscription-key',
      'x-functions-key',
      'x-auth',
      'x-session-id',
      'x-litellm-key',
      'nobody-knows',
    ]
    const harmless = { accept: '*/*', 'content-type': 'text/plain', 'user-agent': 'x', 'x-stainless-lang': 'js' }
    const headers = { ...harmless, ...Object.fromEntries(secrets.map((name) => [name, 'secret'])) }
    const response = await fetch(url, { method: 'POST', body: 'hello', headers })
    await response.text()
    const receipt = await store.of(response)
    expect(receipt.credentials.toSorted()).toEqual([...secrets, '?key', '?api-version', '?a', '?b'].toSorted())
    expect(() => receipt.text()).toThrow(expect.objectContaining({ code: 'receipt.credentials' }))
    expect(receipt.text({ withCredentials: receipt.credentials })).toContain('"request"')
  })

  test('tells the count of what is not allowed and no name, which may itself be the secret', async () => {
    const url = new URL('v1/chat/completions?sk-SECRET&key=1', service.base)
    const response = await fetch(url, { method: 'POST', body: 'hello', headers: { 'x-sk-SECRET': 'x' } })
    await response.text()
    const receipt = await store.of(response)
    expect(receipt.credentials).toContain('?sk-SECRET')
    const show = vi.fn(() => receipt.text({ withCredentials: ['?key'] }))
    expect(show).toThrow(/ shows 2 of /)
    expect(show).not.toThrow(/secret/i)
  })

  test('is not waited for longer than its caller wants', async () => {
    const response = await ask()
    const leave = new AbortController()
    const waiting = store.of(response, leave.signal)
    leave.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    await response.text()
    expect((await store.of(response)).signed).toBe(true)
  })

  test('waits for the end of the answer, and is the same whoever asks', async () => {
    const response = await ask()
    const [early] = [store.of(response)]
    await response.text()
    expect((await early).text()).toBe((await store.of(response)).text())
  })

  test('has the bytes that were sent, whatever the page does with its own afterwards', async () => {
    const body = pattern(100_000)
    const response = await ask(body)
    body.fill(0)
    const reader = response.body?.getReader()
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) part.value.fill(0)
    const file = JSON.parse((await store.of(response)).text()) as ReceiptFile
    expect(bytesOf(file.exchange?.request).includes(Buffer.from(pattern(100_000)))).toBe(true)
    expect(bytesOf(file.exchange?.response).toString('latin1')).toContain('answer')
  })

  test.each<[string, BodyInit]>([
    ['a Blob', new Blob([pattern(1_200_000)])],
    ['bytes that end with zeros', Uint8Array.of(1, 2, 0, 0, 0)],
    ['nothing', ''],
  ])('is right for a body of %s', async (_, body) => {
    const response = await ask(body)
    await response.text()
    expect((await store.of(response)).signed).toBe(true)
  })

  test('is right for an answer that is long, in many pieces and behind informational ones', async () => {
    service.handler = async (exchange) => {
      exchange.outer.response.writeHead(200, { 'content-type': 'message/ohttp-chunked-res' })
      await exchange.chunk(Uint8Array.of(3, 0x40, 103, 0))
      await exchange.chunk(Uint8Array.of(0x40, 200, 0))
      for (let piece = 0; piece < 200; piece += 1) await exchange.content(pattern(10_000))
      await signer.finish(exchange)
    }
    const response = await ask()
    expect((await response.arrayBuffer()).byteLength).toBe(2_000_000)
    const file = JSON.parse((await store.of(response)).text()) as ReceiptFile
    expect(bytesOf(file.exchange?.response).length).toBeGreaterThan(2_000_000)
  })

  test('belongs to the attempt that was answered', async () => {
    let refusals = 0
    service.intercept = (_, response) => {
      if (refusals > 0) return false
      refusals += 1
      refuseKey(response)
      return true
    }
    const response = await ask()
    await response.text()
    expect(refusals).toBe(1)
    expect((await store.of(response)).signed).toBe(true)
  })
})

/** The code with which the receipt is refused for an answer that ends so. */
async function refused(finish: (exchange: Exchange) => Promise<void>): Promise<unknown> {
  service.handler = async (exchange) => {
    await exchange.head(200)
    await exchange.content('the answer')
    await finish(exchange)
  }
  const response = await ask()
  await response.text().catch(() => {})
  return store.of(response).catch((error: { code?: string }) => error.code)
}

describe('no receipt', () => {
  test('comes of an answer without one', async () => {
    expect(await refused((exchange) => exchange.end())).toBe('receipt.missing')
  })

  test.each<[string, (exchange: Exchange) => string]>([
    ['of another length', () => Buffer.alloc(63).toString('base64url')],
    ['that is not base64url', (exchange) => `${signer.value(exchange).slice(0, -1)}=`],
    ['that is empty', () => ''],
  ])('comes of a receipt %s', async (_, value) => {
    expect(await refused((exchange) => signer.finish(exchange, value))).toBe('receipt.missing')
  })

  test.each<[string, (exchange: Exchange) => string]>([
    ['by another key', (exchange) => new ReceiptSigner().value(exchange)],
    [
      'for another answer',
      ({ plaintext }) => signer.sign(new Uint8Array(32), plaintext, utf8('other')).toString('base64url'),
    ],
    [
      'for another model',
      (exchange) =>
        Buffer.concat([Buffer.from(signer.value(exchange), 'base64url'), Buffer.alloc(32)]).toString('base64url'),
    ],
    [
      'for another epoch',
      (exchange) => {
        signer.epochId.fill(0)
        return signer.value(exchange)
      },
    ],
  ])('comes of a signature %s', async (_, value) => {
    const genuine: Bytes = new Uint8Array(signer.epochId)
    expect(await refused((exchange) => signer.finish(exchange, value))).toBe('receipt.signature')
    signer.epochId.set(genuine)
  })

  test('comes of an answer that breaks off', async () => {
    expect(
      await refused(async (exchange) => {
        exchange.outer.response.end()
      }),
    ).toBe('receipt.incomplete')
  })

  test('comes of an answer that nobody read to its end', async () => {
    const response = await ask()
    await response.body?.cancel()
    await expect(store.of(response)).rejects.toMatchObject({ code: 'receipt.incomplete' })
  })

  test('comes of a page whose clock is not that of the gateway: every verifier would refuse it', async () => {
    const off = proof(signer.receiptKey)
    Object.assign(off.verdict, { steps: [{ id: 'freshness', status: 'warn', code: 'claims.server_time', detail: '' }] })
    const followed = store.begin(off)
    expect(followed.fields).toEqual([])
    const response = new Response('the answer')
    followed.answered(response)
    await expect(store.of(response)).rejects.toMatchObject({ code: 'claims.server_time' })
  })

  test('comes of a response of somebody else', async () => {
    await expect(store.of(new Response('hi'))).rejects.toMatchObject({ code: 'receipt.unknown' })
  })

  test('is promised by a gateway without a receipt key: nothing is asked for, and what comes is a record', async () => {
    fetch = await client(undefined)
    service.handler = async (exchange) => exchange.reply(200, 'the answer')
    const response = await ask()
    const receipt = await store.of(response)
    expect(receipt.signed).toBe(false)
    expect(JSON.parse(receipt.text())).not.toHaveProperty('exchange')
    expect(service.exchanges[0]?.field('blindllama-receipt')).toBeUndefined()
    expect(receipt.text()).not.toContain('answer')
  })
})
