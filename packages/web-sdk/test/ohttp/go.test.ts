import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ResponsePart, ResponseDecoder } from '../../src/bhttp/decode-response.js'
import { encodeHead, encodeTail } from '../../src/bhttp/encode-request.js'
import { type Bytes, concat } from '../../src/bytes.js'
import { ResponseOpener } from '../../src/ohttp/open-response.js'
import type { RequestKey } from '../../src/ohttp/request-key.js'
import { sealRequest } from '../../src/ohttp/seal-request.js'
import { anyBytes, anySplits, bytesOf, cut, readerOf } from '../support/bytes.js'
import { aes128, requestKeyOf } from '../support/channel-keys.js'
import { GoGateway } from '../support/go-peer.js'

let gateway: GoGateway
let key: RequestKey
beforeAll(async () => {
  gateway = await GoGateway.start(aes128.aeadId)
  key = await requestKeyOf(gateway.config)
})
afterAll(() => gateway?.close())

/** Posts `body` in pieces, each written by itself. */
async function post(body: Bytes, pieces: readonly number[]): Promise<Bytes> {
  const outer = httpRequest(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'message/ohttp-chunked-req', incremental: '?1' },
  })
  const answered = once(outer, 'response') as Promise<[IncomingMessage]>
  for (const piece of cut(body, pieces)) outer.write(piece)
  outer.end()
  const [response] = await answered
  const parts: Bytes[] = []
  for await (const part of response) parts.push(new Uint8Array(part as Buffer))
  expect(response.statusCode, Buffer.concat(parts).toString()).toBe(200)
  expect(response.headers['content-type']).toBe('message/ohttp-chunked-res')
  return concat(...parts)
}

async function decode(
  opener: ResponseOpener,
): Promise<{ status: number; fields: Map<string, string>; content: Bytes }> {
  const decoder = new ResponseDecoder()
  const parts: ResponsePart[] = []
  for (;;) {
    const plaintext = await opener.next()
    if (plaintext) decoder.push(plaintext)
    else decoder.end()
    for (let part = decoder.next(); part; part = decoder.next()) parts.push(part)
    if (!plaintext) break
  }
  expect(decoder.done).toBe(true)
  const [head] = parts
  if (head?.kind !== 'head') throw new Error('an answer without a head')
  const content = parts.flatMap((part) => (part.kind === 'content' ? [part.bytes] : []))
  return { status: head.status, fields: new Map(head.fields), content: concat(...content) }
}

test('the Go gateway opens what we seal and we open what it seals, however both are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyBytes(120_000),
      fc.nat(600),
      anySplits,
      anySplits,
      anySplits,
      async (content, padding, ours, theirs, network) => {
        const head = encodeHead(
          {
            method: 'POST',
            scheme: 'https',
            authority: 'ohttp.invalid',
            path: '/v1/chat/completions',
            fields: [
              ['content-type', 'application/x-pattern'],
              ['x-splits', theirs.join(',')],
            ],
          },
          content.length,
        )
        const message = concat(head, content, encodeTail(padding))
        const { body, response } = await sealRequest(key, cut(message, ours))
        const sealed = await post(await bytesOf(body), network)
        const answer = await decode(new ResponseOpener(response, readerOf(cut(sealed, network))))
        expect(answer.status).toBe(202)
        expect(answer.fields.get('content-type')).toBe('application/x-pattern')
        expect(answer.fields.get('x-got')).toBe('POST ohttp.invalid /v1/chat/completions')
        expect(Buffer.compare(answer.content, content)).toBe(0)
      },
    ),
    { numRuns: 40 },
  )
})
